// The two clocks of a node.
#pragma once

#include "system/base/time.h"

namespace quern {

// The time of day is somewhere between the two; `latest - earliest` is twice the node's stated
// uncertainty. A broken clock breaks this promise: cluster time takes a majority's intersection.
struct WallReading {
    WallTime earliest;
    WallTime latest;
};

class Clock {
public:
    virtual ~Clock() = default;
    // Never goes back within one process; starts anywhere; may drift.
    virtual Instant now() const = 0;
    virtual WallReading wall() const = 0;
};

}  // namespace quern
