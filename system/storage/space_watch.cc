#include "system/storage/space_watch.h"

#include "system/base/planted_bug.h"

namespace quern::storage {

namespace {
constexpr Duration interval_ok = Duration::seconds(5);
constexpr Duration interval_low = Duration::milliseconds(500);
}  // namespace

SpaceWatch::SpaceWatch(Env& env, uint64_t soft_free_bytes, uint64_t hard_free_bytes)
    : env_(env),
      soft_(soft_free_bytes),
      hard_(hard_free_bytes),
      free_gauge_(env.metrics.gauge("disk_free_bytes")),
      timer_(env.timers) {}

void SpaceWatch::look() {
    env_.disk.space(guard_.wrap([this](const Result<DiskSpace>& space) { on_space(space); }));
}

SpaceState SpaceWatch::judge(uint64_t free_bytes) const {
    if (PLANTED(full_disk_remembered) && state_ == SpaceState::hard) return state_;
    const uint64_t hard = state_ == SpaceState::hard ? hard_ + hard_ / 4 : hard_;
    const uint64_t soft = state_ != SpaceState::ok ? soft_ + soft_ / 4 : soft_;
    if (free_bytes < hard) return SpaceState::hard;
    return free_bytes < soft ? SpaceState::soft : SpaceState::ok;
}

// An error tells nothing about space: the last answer stands.
void SpaceWatch::on_space(const Result<DiskSpace>& space) {
    if (space) {
        free_gauge_.set(static_cast<int64_t>(space->free_bytes));
        const SpaceState now = judge(space->free_bytes);
        if (now != state_) {
            env_.log.write(LogLevel::warning, "space",
                           "free bytes: " + std::to_string(space->free_bytes));
        }
        state_ = now;
    }
    const Duration interval = state_ == SpaceState::ok ? interval_ok : interval_low;
    timer_.start(env_.clock.now() + interval, [this] { look(); });
}

}  // namespace quern::storage
