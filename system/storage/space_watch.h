// Looks at the disk's free space now and then and says what may still be written.
#pragma once

#include "system/io/env.h"
#include "system/storage/types.h"

namespace quern::storage {

class SpaceWatch {
public:
    SpaceWatch(Env& env, uint64_t soft_free_bytes, uint64_t hard_free_bytes);
    void start() { look(); }
    // What the last look saw; hard at once while `short_of_reserve` (no spare segment can be made).
    // Hysteresis: a mark is left a quarter above where it was entered.
    SpaceState state(bool short_of_reserve) const {
        return short_of_reserve ? SpaceState::hard : state_;
    }

private:
    void look();
    void on_space(const Result<DiskSpace>& space);
    SpaceState judge(uint64_t free_bytes) const;

    Env& env_;
    uint64_t soft_;
    uint64_t hard_;
    SpaceState state_ = SpaceState::ok;
    Gauge& free_gauge_;
    OwnedTimer timer_;
    LifeGuard guard_;
};

}  // namespace quern::storage
