// The heart of a simulated world: one heap of events ordered by (time, sequence). It jumps from
// event to event and never ticks. One thread; the world owns it; events carry an owner (a machine)
// so that a machine's death takes its events with it and a pause puts them off.
//
// Every executed event enters a rolling hash (time, kind, owner, identity): two runs of one seed
// have equal hashes, or determinism is broken.
#pragma once

#include <cstdint>
#include <memory>
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
    EventId at(SimTime when, Owner owner, EventKind kind, uint64_t identity, Callback<void()>&& run);
    EventId after(Duration delay, Owner owner, EventKind kind, uint64_t identity,
                  Callback<void()>&& run) {
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
    // Stays where it is, so that an event runs in its slot.
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

    static unsigned __int128 key(const Entry& e) {
        return static_cast<unsigned __int128>(static_cast<uint64_t>(e.time)) << 64 | e.sequence;
    }
    static bool later(const Entry& a, const Entry& b) { return key(a) > key(b); }
    void heap_push(const Entry& entry);
    void heap_pop();
    // Puts `entry`, which may be later than those below it, at `hole` or below.
    void heap_sink(size_t hole, const Entry& entry);
    void heap_rebuild();
    void ready_push(const Entry& entry) {
        if (ready_end_ == ready_.size()) ready_grow();
        ready_[ready_end_++] = entry;
    }
    void ready_grow();
    bool take_next(SimTime limit, Entry& next);
    void execute(const Entry& entry);
    Slot& slot_at(uint32_t index) { return blocks_[index / block_slots][index % block_slots]; }
    const Slot& slot_at(uint32_t index) const { return blocks_[index / block_slots][index % block_slots]; }
    uint32_t slot_take();
    void slot_grow();
    // From now on the event is neither pending nor alive. Its slot is not free yet.
    void slot_end(Slot& slot) {
        slot.live = false;
        if (++slot.generation == 0) slot.generation = 1;
        --live_;
    }
    void slot_free(uint32_t index) {
        slot_at(index).next_free = free_;
        free_ = index;
    }
    // Ends the event and destroys its callback.
    void slot_drop(uint32_t index);
    bool alive(const Entry& e) const { return slot_at(e.slot).generation == e.generation; }

    SimTime now_;
    uint64_t sequence_ = 0;
    uint64_t executed_ = 0;
    uint64_t instant_events_ = 0;  // executed since time last moved
    size_t live_ = 0;
    size_t dead_ = 0;           // cancelled entries still in the heap, at most
    std::vector<Entry> heap_;   // 4-ary
    std::vector<Entry> ready_;  // due at now_, after those in the heap: from ready_head_ to ready_end_
    size_t ready_head_ = 0;
    size_t ready_end_ = 0;
    std::vector<std::unique_ptr<Slot[]>> blocks_;
    uint32_t slot_count_ = 0;
    uint32_t free_ = no_slot;
    std::vector<uint8_t> paused_;
    std::vector<std::vector<Entry>> deferred_;
    RollingHash hash_;
    Callback<void(const EventRecord&)> observer_;
    Callback<void()> after_event_;

    static constexpr uint32_t no_slot = UINT32_MAX;
    static constexpr uint32_t block_slots = 128;
};

}  // namespace quern::sim
