#include "system/os/clock.h"

#include <ctime>

#include "system/base/assert.h"
#include "system/os/clock_offset.h"

namespace quern::os {

namespace {

int64_t read_clock(clockid_t id) {
    timespec reading{};
    const int result = ::clock_gettime(id, &reading);
    QUERN_ASSERT(result == 0);
    return int64_t{reading.tv_sec} * 1'000'000'000 + reading.tv_nsec;
}

}  // namespace

Instant SystemClock::now() const { return Instant{read_clock(CLOCK_MONOTONIC)}; }

WallReading SystemClock::wall() const {
    const WallTime middle = WallTime{read_clock(CLOCK_REALTIME)} + clock_offset();
    return {middle - wall_uncertainty_, middle + wall_uncertainty_};
}

}  // namespace quern::os
