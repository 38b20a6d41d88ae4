// A machine's two clocks over the world's time. Integer arithmetic only, so that every compiler
// sees the same time. The monotonic clock starts anywhere at each boot, drifts, never goes back.
// The wall clock is true time plus an offset, may jump both ways or stand still, and states an
// uncertainty that a broken clock does not keep.
#pragma once

#include "sim/world/scheduler.h"
#include "system/io/clock.h"

namespace quern::sim {

struct ClockOptions {
    int64_t drift_ppb = 0;  // of the monotonic clock: this many ns fast each second
    Duration wall_offset;   // wall clock minus truth
    Duration uncertainty = Duration::milliseconds(5);  // what wall() states on each side
};

// The wall time at the world's start: 2026-01-01 00:00:00 UTC.
constexpr WallTime world_epoch{1'767'225'600'000'000'000};

class SimClock final : public Clock {
public:
    SimClock(Scheduler& scheduler, Owner owner, ClockOptions options)
        : scheduler_(scheduler), owner_(owner), options_(options) {}

    Instant now() const override { return at(scheduler_.now()); }
    WallReading wall() const override;

    // A new life: the monotonic clock starts again, at `start`.
    void boot(Instant start);
    // The first moment at which now() has reached `deadline`.
    SimTime when(Instant deadline) const;
    // The monotonic clock's reading at a moment since the last boot or change of drift.
    Instant at(SimTime time) const;

    // Timers that are running move with the clock.
    void set_drift(int64_t ppb);
    void jump_wall(Duration by) { options_.wall_offset = options_.wall_offset + by; }
    void set_wall_offset(Duration offset) { options_.wall_offset = offset; }
    // The wall clock stands still until thaw, then goes on with its old offset.
    void freeze_wall();
    void thaw_wall() { frozen_ = false; }
    void set_uncertainty(Duration uncertainty) { options_.uncertainty = uncertainty; }
    const ClockOptions& options() const { return options_; }
    bool wall_frozen() const { return frozen_; }

private:
    WallTime wall_now() const {
        return world_epoch + Duration{scheduler_.now().ns} + options_.wall_offset;
    }

    Scheduler& scheduler_;
    Owner owner_;
    ClockOptions options_;
    SimTime base_time_;  // at this moment the monotonic clock read base_
    Instant base_{1};
    bool frozen_ = false;
    WallTime frozen_at_;
};

}  // namespace quern::sim
