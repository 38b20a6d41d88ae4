// The heart of a simulated world: one heap of events ordered by (time, sequence). It jumps from
// event to event and never ticks. One thread; the world owns it; events carry an owner (a machine)
// so that a machine's death takes its events with it and a pause puts them off.
//
// Every executed event enters a rolling hash (time, kind, owner, identity): two runs of one seed
// have equal hashes, or determinism is broken.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/world/sim_time.h"
#include "system/base/callback.h"
#include "system/base/checksum.h"

namespace quern::sim {

enum class EventKind : uint8_t {
    timer,
    post,
    connect,
    accept,
    deliver,   // bytes, an end or a reset reach a machine
    transfer,  // a read or write of a stream completes
    disk,
    fault,
    user,  // the harness's own
};
const char* event_kind_name(EventKind kind);

// 0 is the world itself; a machine is its index + 1.
using Owner = uint32_t;
constexpr Owner world_owner = 0;

struct EventId {
    uint32_t slot = 0;
    uint32_t generation = 0;  // 0: none
    explicit operator bool() const { return generation != 0; }
};

struct EventRecord {
    SimTime time;
    EventKind kind;
    Owner owner;
    uint64_t identity;
    auto operator<=>(const EventRecord&) const = default;
};

class Scheduler {
public:
    Scheduler() = default;
    ~Scheduler();
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    SimTime now() const { return now_; }

    // Runs `run` at `when` (at once after the current event if that has passed), after every event
    // scheduled before it for the same time. `identity` is what the hash knows the event by.
    EventId at(SimTime when, Owner owner, EventKind kind, uint64_t identity, Callback<void()> run);
    EventId after(Duration delay, Owner owner, EventKind kind, uint64_t identity,
                  Callback<void()> run) {
        return at(now_ + delay, owner, kind, identity, std::move(run));
    }
    // Destroys the callback now. False if the event ran or was cancelled.
    bool cancel(EventId id);
    bool pending(EventId id) const;

    // Runs the next event, moving time to it. False if there is none that could run.
    bool step() { return step_until(SimTime::never()); }
    // As step(), but only an event at or before `limit`; does not move time without one.
    bool step_until(SimTime limit);
    // Runs every event at or before `limit`, then sets the time to it.
    void run_until(SimTime limit);
    void run_for(Duration d) { run_until(now_ + d); }
    // Runs events until `done()` holds (asked before the first and after every event): true; or
    // until no event is left at or before `deadline`: false, and the time is `deadline`.
    template <typename Predicate>
    bool run_until(Predicate done, SimTime deadline) {
        while (!done()) {
            if (!step_until(deadline)) {
                if (deadline < SimTime::never() && deadline > now_) now_ = deadline;
                return done();
            }
        }
        return true;
    }

    // Destroys all pending events of `owner`.
    void cancel_owner(Owner owner);
    // Destroys all pending events.
    void clear();
    // Events of a paused owner that fall due wait, in order, until resume().
    void pause(Owner owner);
    void resume(Owner owner);
    bool paused(Owner owner) const { return owner < paused_.size() && paused_[owner] != 0; }
    // Moves every pending event of that owner and kind to when(identity), keeping their order where
    // equal. For a clock whose rate changed: a timer's identity is its deadline.
    void retime(Owner owner, EventKind kind, Callback<SimTime(uint64_t identity)> when);

    uint64_t hash() const { return hash_.value(); }
    // Adds a word of the caller's to the hash: a state hash, an outcome.
    void note(uint64_t word) { hash_.add(word); }
    uint64_t executed() const { return executed_; }
    size_t pending_count() const { return live_; }

    // Called before each event; nullptr for none. Must not change the world.
    void set_observer(Callback<void(const EventRecord&)> observer) {
        observer_ = std::move(observer);
    }
    // Called after each event: the place of invariant checks.
    void set_after_event(Callback<void()> check) { after_event_ = std::move(check); }

private:
    struct Slot {
        Callback<void()> run;
        uint64_t identity = 0;
        uint32_t generation = 1;
        uint32_t next_free = 0;
        Owner owner = 0;
        EventKind kind = EventKind::user;
        bool live = false;
    };
    struct Entry {
        int64_t time;
        uint64_t sequence;
        uint32_t slot;
        uint32_t generation;
    };

    static bool later(const Entry& a, const Entry& b) {
        return a.time != b.time ? a.time > b.time : a.sequence > b.sequence;
    }
    void heap_push(const Entry& entry);
    void heap_pop();
    void heap_rebuild();
    Entry ready_take();
    bool take_next(SimTime limit, Entry& next);
    void execute(const Entry& entry);
    uint32_t slot_take();
    Callback<void()> slot_release(uint32_t index);
    bool alive(const Entry& e) const { return slots_[e.slot].generation == e.generation; }

    SimTime now_;
    uint64_t sequence_ = 0;
    uint64_t executed_ = 0;
    uint64_t instant_events_ = 0;  // executed since time last moved
    size_t live_ = 0;
    size_t dead_ = 0;           // cancelled entries still in the heap, at most
    std::vector<Entry> heap_;   // 4-ary
    std::vector<Entry> ready_;  // due at now_, after those in the heap; consumed from ready_head_
    size_t ready_head_ = 0;
    std::vector<Slot> slots_;
    uint32_t free_ = no_slot;
    std::vector<uint8_t> paused_;
    std::vector<std::vector<Entry>> deferred_;
    RollingHash hash_;
    Callback<void(const EventRecord&)> observer_;
    Callback<void()> after_event_;

    static constexpr uint32_t no_slot = UINT32_MAX;
};

}  // namespace quern::sim
