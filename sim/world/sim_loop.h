// A machine's loop, timers and entropy. After the process has died they do nothing until it boots
// again: what node objects start while they are destroyed is dropped.
#pragma once

#include "sim/world/draws.h"
#include "sim/world/scheduler.h"
#include "sim/world/sim_clock.h"
#include "system/io/entropy.h"
#include "system/io/loop.h"
#include "system/io/timers.h"

namespace quern::sim {

class SimLoop final : public Loop {
public:
    SimLoop(Scheduler& scheduler, Owner owner, const bool& running)
        : scheduler_(scheduler), owner_(owner), running_(running) {}
    void post(Callback<void()> task) override {
        if (!running_) return;
        scheduler_.at(scheduler_.now(), owner_, EventKind::post, 0, std::move(task));
    }

private:
    Scheduler& scheduler_;
    Owner owner_;
    const bool& running_;
};

// A TimerId is the scheduler's event id; the event's identity is the deadline (see SimClock).
class SimTimers final : public Timers {
public:
    SimTimers(Scheduler& scheduler, Owner owner, const SimClock& clock, const bool& running)
        : scheduler_(scheduler), owner_(owner), clock_(clock), running_(running) {}

    TimerId start(Instant deadline, Callback<void()> expired) override {
        if (!running_) return TimerId{};
        const EventId id = scheduler_.at(clock_.when(deadline), owner_, EventKind::timer,
                                         static_cast<uint64_t>(deadline.ns), std::move(expired));
        return TimerId{static_cast<uint64_t>(id.generation) << 32 | id.slot};
    }
    void cancel(TimerId id) override {
        scheduler_.cancel({static_cast<uint32_t>(id.value), static_cast<uint32_t>(id.value >> 32)});
    }

private:
    Scheduler& scheduler_;
    Owner owner_;
    const SimClock& clock_;
    const bool& running_;
};

class SimEntropy final : public Entropy {
public:
    SimEntropy(uint64_t seed, uint64_t machine) : seed_(seed), machine_(machine) {}
    // The ordinal goes on over lives: no life repeats the draws of another.
    uint64_t next() override { return draw(seed_, Concern::entropy, machine_, ordinal_++); }

private:
    uint64_t seed_;
    uint64_t machine_;
    uint64_t ordinal_ = 0;
};

}  // namespace quern::sim
