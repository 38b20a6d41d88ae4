// What a load was promised: every acked message is received, and none twice (leases outlast the load).
// A few bits a message, by its number in the queue.
#pragma once

#include <cstdint>
#include <vector>

#include "system/base/ids.h"

namespace quern::cli {

class LoadCheck {
public:
    void acked(MessageSeq seq) {
        uint8_t& flags = at(seq);
        if ((flags & acked_flag) != 0) ++duplicated_;  // two sends cannot be one message
        flags |= acked_flag;
        ++acked_;
        if ((flags & received_flag) != 0) ++acked_received_;
    }
    void received(MessageSeq seq) {
        uint8_t& flags = at(seq);
        if ((flags & received_flag) != 0) {
            ++duplicated_;
            return;
        }
        flags |= received_flag;
        ++received_;
        if ((flags & acked_flag) != 0) ++acked_received_;
    }
    uint64_t received() const { return received_; }
    uint64_t missing() const { return acked_ - acked_received_; }
    uint64_t duplicated() const { return duplicated_; }

private:
    static constexpr uint8_t acked_flag = 1;
    static constexpr uint8_t received_flag = 2;
    uint8_t& at(MessageSeq seq) {
        if (seq.value >= flags_.size()) flags_.resize(seq.value + seq.value / 2 + 1024);
        return flags_[seq.value];
    }

    std::vector<uint8_t> flags_;
    uint64_t acked_ = 0;
    uint64_t received_ = 0;
    uint64_t acked_received_ = 0;
    uint64_t duplicated_ = 0;
};

}  // namespace quern::cli
