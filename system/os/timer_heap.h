// Pending timers by (deadline, start order): an indexed binary heap over reused slots, so that
// starting and cancelling cost no allocation and a cancelled callback is destroyed at once.
// Passive: whoever owns it asks for the earliest deadline and pops what is due.
#pragma once

#include <cstddef>
#include <vector>

#include "system/base/time.h"
#include "system/io/timers.h"

namespace quern::os {

class TimerHeap {
public:
    TimerId start(Instant deadline, Callback<void()> expired);
    // Gives back the callback of a pending timer (so that its captures die after the heap is in
    // order again); empty for an unknown, expired or zero id.
    Callback<void()> cancel(TimerId id);

    bool empty() const { return heap_.empty(); }
    size_t size() const { return heap_.size(); }
    // Of the first timer; Instant::never() if there is none.
    Instant earliest() const { return heap_.empty() ? Instant::never() : heap_.front().deadline; }
    // Counts the timers started so far: the first timer is older than a mark taken before it
    // started.
    uint64_t mark() const { return started_; }
    bool first_is_older_than(uint64_t mark) const { return heap_.front().order < mark; }
    // Removes the first timer.
    Callback<void()> pop();

private:
    struct Entry {
        Instant deadline;
        uint64_t order = 0;
        uint32_t slot = 0;
        bool before(const Entry& o) const {
            return deadline != o.deadline ? deadline < o.deadline : order < o.order;
        }
    };
    struct Slot {
        Callback<void()> expired;
        uint32_t generation = 1;  // with the slot number, it makes ids unique
        uint32_t position = 0;    // in heap_
        bool used = false;
    };

    void place(size_t position, const Entry& entry);
    void sift_up(size_t position, Entry entry);
    void sift_down(size_t position, Entry entry);
    Callback<void()> remove_at(size_t position);

    std::vector<Entry> heap_;
    std::vector<Slot> slots_;
    std::vector<uint32_t> free_slots_;
    uint64_t started_ = 0;
};

}  // namespace quern::os
