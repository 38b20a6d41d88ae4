#include "system/queue/due_index.h"

#include <algorithm>
#include <functional>

#include "system/base/planted_bug.h"

namespace quern::queue {

namespace {

constexpr size_t stale_allowance = 64;

template <typename Visit>
void for_each_waiting(const MessageTable& table, Visit visit) {
    uint64_t number = 0;
    for (const MessagePage* page = table.next_page(0, number); page != nullptr;
         page = table.next_page(number + 1, number)) {
        for (uint64_t left = page->live & ~page->marks[0]; left != 0; left &= left - 1) {
            const auto bit = static_cast<unsigned>(std::countr_zero(left));
            visit(DueMessage{page->record(bit).due_ms, MessageSeq{number * page_messages + bit}});
        }
    }
}

}  // namespace

bool DueIndex::valid(const MessageTable& table, const DueMessage& item) {
    const MessageRecord* record = table.find(item.seq);
    // A ready message's due time is 0, so this also tells the state.
    return record != nullptr && record->due_ms == item.due_ms && item.due_ms != 0;
}

void DueIndex::add(int64_t due_ms, MessageSeq seq) {
    heap_.push_back({due_ms, seq});
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

const DueMessage* DueIndex::first(const MessageTable& table) const {
    while (!heap_.empty() && !valid(table, heap_.front())) {
        std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
        heap_.pop_back();
    }
    return heap_.empty() ? nullptr : &heap_.front();
}

void DueIndex::limit_stale(const MessageTable& table, uint64_t valid_count) {
    if (heap_.size() <= 2 * valid_count + stale_allowance || PLANTED(stale_due_times_stay)) return;
    std::erase_if(heap_, [&](const DueMessage& item) { return !valid(table, item); });
    // A message that got the same time twice is there twice. Sorted order is heap order.
    std::sort(heap_.begin(), heap_.end());
    heap_.erase(std::unique(heap_.begin(), heap_.end()), heap_.end());
    if (heap_.capacity() > 4 * heap_.size() + stale_allowance) heap_.shrink_to_fit();
}

void DueIndex::rebuild(const MessageTable& table) {
    heap_.clear();
    for_each_waiting(table, [&](const DueMessage& item) { heap_.push_back(item); });
    std::sort(heap_.begin(), heap_.end());
}

bool DueIndex::covers(const MessageTable& table) const {
    std::vector<DueMessage> sorted = heap_;
    std::sort(sorted.begin(), sorted.end());
    bool all = std::is_heap(heap_.begin(), heap_.end(), std::greater<>());
    for_each_waiting(table, [&](const DueMessage& item) {
        all = all && std::binary_search(sorted.begin(), sorted.end(), item);
    });
    return all;
}

}  // namespace quern::queue
