#include "sim/world/scheduler.h"

#include <algorithm>

#include "system/base/assert.h"

namespace quern::sim {

namespace {
// So many events without time moving is a loop that would never end.
constexpr uint64_t instant_events_max = 50'000'000;
constexpr size_t dead_kept_max = 64;
constexpr size_t ready_first = 64;
}  // namespace

const char* event_kind_name(EventKind kind) {
    switch (kind) {
        case EventKind::timer:
            return "timer";
        case EventKind::post:
            return "post";
        case EventKind::connect:
            return "connect";
        case EventKind::accept:
            return "accept";
        case EventKind::deliver:
            return "deliver";
        case EventKind::transfer:
            return "transfer";
        case EventKind::disk:
            return "disk";
        case EventKind::fault:
            return "fault";
        case EventKind::user:
            return "user";
    }
    QUERN_UNREACHABLE();
}

Scheduler::~Scheduler() { clear(); }

// Captures may schedule and cancel while they are destroyed, so nothing is walked by iterator.
void Scheduler::clear() {
    while (live_ > 0) {
        for (uint32_t i = 0; i < slot_count_; ++i) {
            if (slot_at(i).live) slot_drop(i);
        }
    }
    for (auto& waiting : deferred_)
        waiting.clear();
    heap_rebuild();
}

void Scheduler::slot_grow() {
    QUERN_ASSERT(slot_count_ < no_slot - block_slots);
    blocks_.push_back(std::make_unique<Slot[]>(block_slots));
}

uint32_t Scheduler::slot_take() {
    if (free_ == no_slot) {
        if (slot_count_ % block_slots == 0) slot_grow();
        return slot_count_++;
    }
    const uint32_t index = free_;
    free_ = slot_at(index).next_free;
    return index;
}

void Scheduler::slot_drop(uint32_t index) {
    Slot& slot = slot_at(index);
    slot_end(slot);
    // What is destroyed with it may schedule, and may take the slot.
    Callback<void()> dropped = std::move(slot.run);
    slot_free(index);
}

EventId Scheduler::at(SimTime when, Owner owner, EventKind kind, uint64_t identity,
                      Callback<void()>&& run) {
    const uint32_t index = slot_take();
    Slot& slot = slot_at(index);
    slot.run = std::move(run);
    slot.identity = identity;
    slot.owner = owner;
    slot.kind = kind;
    slot.live = true;
    ++live_;
    const Entry entry{std::max(when.ns, now_.ns), ++sequence_, index, slot.generation};
    if (entry.time == now_.ns) {
        ready_push(entry);
    } else {
        heap_push(entry);
    }
    return {index, entry.generation};
}

bool Scheduler::pending(EventId id) const {
    if (id.generation == 0 || id.slot >= slot_count_) return false;
    const Slot& slot = slot_at(id.slot);
    return slot.live && slot.generation == id.generation;
}

bool Scheduler::cancel(EventId id) {
    if (!pending(id)) return false;
    slot_drop(id.slot);
    if (++dead_ > dead_kept_max && dead_ > heap_.size() / 2) heap_rebuild();
    return true;
}

void Scheduler::cancel_owner(Owner owner) {
    for (uint32_t i = 0; i < slot_count_; ++i) {
        if (slot_at(i).live && slot_at(i).owner == owner) {
            slot_drop(i);
            ++dead_;
        }
    }
    if (owner < deferred_.size()) deferred_[owner].clear();
    heap_rebuild();
}

void Scheduler::pause(Owner owner) {
    if (owner >= paused_.size()) {
        paused_.resize(owner + 1);
        deferred_.resize(owner + 1);
    }
    paused_[owner] = 1;
}

void Scheduler::resume(Owner owner) {
    if (!paused(owner)) return;
    paused_[owner] = 0;
    for (Entry entry : deferred_[owner]) {
        entry.time = now_.ns;
        ready_push(entry);
    }
    deferred_[owner].clear();
}

void Scheduler::retime(Owner owner, EventKind kind, Callback<SimTime(uint64_t)> when) {
    for (Entry& entry : heap_) {
        const Slot& slot = slot_at(entry.slot);
        if (!alive(entry) || slot.owner != owner || slot.kind != kind) continue;
        entry.time = std::max(when(slot.identity).ns, now_.ns);
    }
    heap_rebuild();
}

void Scheduler::heap_push(const Entry& entry) {
    size_t hole = heap_.size();
    heap_.push_back(entry);
    while (hole > 0) {
        const size_t parent = (hole - 1) / 4;
        if (!later(heap_[parent], entry)) break;
        heap_[hole] = heap_[parent];
        hole = parent;
    }
    heap_[hole] = entry;
}

void Scheduler::heap_sink(size_t hole, const Entry& entry) {
    const size_t size = heap_.size();
    for (;;) {
        const size_t first = hole * 4 + 1;
        if (first >= size) break;
        size_t least = first;
        const size_t end = std::min(first + 4, size);
        for (size_t child = first + 1; child < end; ++child) {
            if (later(heap_[least], heap_[child])) least = child;
        }
        if (!later(entry, heap_[least])) break;
        heap_[hole] = heap_[least];
        hole = least;
    }
    heap_[hole] = entry;
}

void Scheduler::heap_pop() {
    const Entry last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) heap_sink(0, last);
}

void Scheduler::heap_rebuild() {
    std::erase_if(heap_, [this](const Entry& e) { return !alive(e); });
    for (size_t i = (heap_.size() + 2) / 4; i-- > 0;) {
        const Entry entry = heap_[i];
        heap_sink(i, entry);
    }
    dead_ = 0;
}

void Scheduler::ready_grow() {
    if (ready_head_ > ready_.size() / 2) {
        std::copy(ready_.begin() + static_cast<std::ptrdiff_t>(ready_head_), ready_.end(),
                  ready_.begin());
        ready_end_ -= ready_head_;
        ready_head_ = 0;
    } else {
        ready_.resize(std::max(ready_first, 2 * ready_.size()));
    }
}

bool Scheduler::take_next(SimTime limit, Entry& next) {
    for (;;) {
        const bool heap_due = !heap_.empty() && heap_.front().time <= now_.ns;
        if (!heap_due && ready_head_ < ready_end_) {
            if (limit < now_) return false;
            next = ready_[ready_head_++];
            if (ready_head_ == ready_end_) ready_head_ = ready_end_ = 0;
        } else if (!heap_.empty() && heap_.front().time <= limit.ns) {
            next = heap_.front();
            heap_pop();
            if (!alive(next) && dead_ > 0) --dead_;
        } else {
            return false;
        }
        if (!alive(next)) continue;
        const Owner owner = slot_at(next.slot).owner;
        if (!paused(owner)) return true;
        deferred_[owner].push_back(next);
    }
}

void Scheduler::execute(const Entry& entry) {
    if (entry.time > now_.ns) {
        now_.ns = entry.time;
        instant_events_ = 0;
    }
    QUERN_ASSERT_MSG(++instant_events_ < instant_events_max, "events without end at one instant");
    ++executed_;
    Slot& slot = slot_at(entry.slot);
    hash_.add(static_cast<uint64_t>(now_.ns));
    hash_.add(slot.identity ^ (static_cast<uint64_t>(slot.owner) << 32) ^
              (static_cast<uint64_t>(slot.kind) << 56));
    if (observer_) observer_({now_, slot.kind, slot.owner, slot.identity});
    slot_end(slot);
    slot.run();
    slot.run.reset();
    slot_free(entry.slot);
    if (after_event_) after_event_();
}

bool Scheduler::step_until(SimTime limit) {
    Entry next;
    if (!take_next(limit, next)) return false;
    execute(next);
    return true;
}

void Scheduler::run_until(SimTime limit) {
    while (step_until(limit)) {
    }
    if (limit > now_ && limit < SimTime::never()) now_ = limit;
}

}  // namespace quern::sim
