#include "sim/world/sim_clock.h"

#include "system/base/assert.h"

namespace quern::sim {

namespace {
constexpr int64_t billion = 1'000'000'000;
constexpr int64_t drift_ppb_max = 500'000'000;
using Wide = __int128;
}  // namespace

WallReading SimClock::wall() const {
    const WallTime reading = frozen_ ? frozen_at_ : wall_now();
    return {reading - options_.uncertainty, reading + options_.uncertainty};
}

void SimClock::boot(Instant start) {
    base_time_ = scheduler_.now();
    base_ = start;
}

Instant SimClock::at(SimTime time) const {
    const int64_t passed = time.ns - base_time_.ns;
    if (options_.drift_ppb == 0) return {base_.ns + passed};
    return {base_.ns +
            static_cast<int64_t>(Wide{passed} * (billion + options_.drift_ppb) / billion)};
}

SimTime SimClock::when(Instant deadline) const {
    if (deadline == Instant::never()) return SimTime::never();
    const int64_t wait = deadline.ns - base_.ns;
    if (wait <= 0) return base_time_;
    const int64_t rate = billion + options_.drift_ppb;
    const Wide needed =
        options_.drift_ppb == 0 ? Wide{wait} : (Wide{wait} * billion + rate - 1) / rate;
    if (needed > Wide{INT64_MAX - base_time_.ns}) return SimTime::never();
    return {base_time_.ns + static_cast<int64_t>(needed)};
}

void SimClock::set_drift(int64_t ppb) {
    QUERN_ASSERT(ppb > -drift_ppb_max && ppb < drift_ppb_max);
    base_ = now();
    base_time_ = scheduler_.now();
    options_.drift_ppb = ppb;
    scheduler_.retime(owner_, EventKind::timer, [this](uint64_t deadline) {
        return when(Instant{static_cast<int64_t>(deadline)});
    });
}

void SimClock::freeze_wall() {
    if (frozen_) return;
    frozen_at_ = wall_now();
    frozen_ = true;
}

}  // namespace quern::sim
