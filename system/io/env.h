// Everything a node may touch of the world, handed down by reference from the composition root. No
// globals. In the simulator each node has its own.
#pragma once

#include <memory>

#include "system/base/fault_point.h"
#include "system/base/log.h"
#include "system/base/metrics.h"
#include "system/io/clock.h"
#include "system/io/disk.h"
#include "system/io/entropy.h"
#include "system/io/loop.h"
#include "system/io/network.h"
#include "system/io/timers.h"

namespace quern {

struct Env {
    Clock& clock;
    Timers& timers;
    Network& network;
    Disk& disk;
    Entropy& entropy;
    Loop& loop;
    Log& log;
    Metrics& metrics;
    FaultPoints& faults;
};

// For operations that cannot be cancelled (connect, post, disk calls on a Disk): the owner holds a
// LifeGuard member and wraps each callback in it; after the owner is gone the callback does nothing.
class LifeGuard {
public:
    LifeGuard() : alive_(std::make_shared<bool>(true)) {}
    ~LifeGuard() { *alive_ = false; }
    LifeGuard(const LifeGuard&) = delete;
    LifeGuard& operator=(const LifeGuard&) = delete;

    template <typename F>
    auto wrap(F f) const {
        return [alive = alive_, run = std::move(f)](auto&&... args) mutable {
            if (*alive) run(std::forward<decltype(args)>(args)...);
        };
    }

private:
    std::shared_ptr<bool> alive_;
};

}  // namespace quern
