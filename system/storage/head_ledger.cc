#include "system/storage/head_ledger.h"

#include <iterator>

namespace quern::storage {

void HeadLedger::restore(std::vector<Buffer> heads) {
    for (Buffer& head : heads)
        add(std::move(head), 0);
}

std::vector<Buffer> HeadLedger::take(bool segment_start) {
    std::vector<Buffer> copies;
    if (segment_start) {
        copies = std::move(waiting_);
        copies.insert(copies.end(), current_.begin(), current_.end());
        waiting_.clear();
        current_.clear();
        current_bytes_ = 0;
        held_bytes_ = 0;
        return copies;
    }
    if (current_.empty()) return copies;
    Buffer previous = current_.back();
    if (current_bytes_ >= ledger_window_bytes) {
        copies = std::exchange(waiting_, std::exchange(current_, {}));
        current_bytes_ = 0;
        for (const Buffer& copy : copies)
            held_bytes_ -= copy.size();
    }
    copies.push_back(std::move(previous));
    return copies;
}

void HeadLedger::add(Buffer head, uint64_t batch_bytes) {
    held_bytes_ += head.size();
    current_.push_back(std::move(head));
    current_bytes_ += batch_bytes;
}

}  // namespace quern::storage
