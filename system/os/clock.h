// CLOCK_MONOTONIC, and CLOCK_REALTIME with the uncertainty the operator vouches for.
#pragma once

#include "system/io/clock.h"

namespace quern::os {

class SystemClock final : public Clock {
public:
    explicit SystemClock(Duration wall_uncertainty) : wall_uncertainty_(wall_uncertainty) {}
    Instant now() const override;
    WallReading wall() const override;

private:
    Duration wall_uncertainty_;
};

}  // namespace quern::os
