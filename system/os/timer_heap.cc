#include "system/os/timer_heap.h"

namespace quern::os {

TimerId TimerHeap::start(Instant deadline, Callback<void()> expired) {
    uint32_t number = 0;
    if (free_slots_.empty()) {
        QUERN_ASSERT(slots_.size() < UINT32_MAX);
        number = static_cast<uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        number = free_slots_.back();
        free_slots_.pop_back();
    }
    Slot& slot = slots_[number];
    slot.expired = std::move(expired);
    slot.used = true;
    heap_.emplace_back();
    sift_up(heap_.size() - 1, Entry{deadline, started_++, number});
    return TimerId{uint64_t{slot.generation} << 32 | number};
}

Callback<void()> TimerHeap::cancel(TimerId id) {
    const auto number = static_cast<uint32_t>(id.value);
    if (number >= slots_.size()) return {};
    const Slot& slot = slots_[number];
    if (!slot.used || slot.generation != id.value >> 32) return {};
    return remove_at(slot.position);
}

Callback<void()> TimerHeap::pop() {
    QUERN_ASSERT(!heap_.empty());
    return remove_at(0);
}

Callback<void()> TimerHeap::remove_at(size_t position) {
    const uint32_t number = heap_[position].slot;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (position < heap_.size()) {
        if (position > 0 && last.before(heap_[(position - 1) / 2])) {
            sift_up(position, last);
        } else {
            sift_down(position, last);
        }
    }
    Slot& slot = slots_[number];
    slot.used = false;
    if (++slot.generation == 0) slot.generation = 1;
    free_slots_.push_back(number);
    return std::move(slot.expired);
}

void TimerHeap::place(size_t position, const Entry& entry) {
    heap_[position] = entry;
    slots_[entry.slot].position = static_cast<uint32_t>(position);
}

void TimerHeap::sift_up(size_t position, Entry entry) {
    while (position > 0) {
        const size_t parent = (position - 1) / 2;
        if (!entry.before(heap_[parent])) break;
        place(position, heap_[parent]);
        position = parent;
    }
    place(position, entry);
}

void TimerHeap::sift_down(size_t position, Entry entry) {
    for (;;) {
        size_t child = 2 * position + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) ++child;
        if (!heap_[child].before(entry)) break;
        place(position, heap_[child]);
        position = child;
    }
    place(position, entry);
}

}  // namespace quern::os
