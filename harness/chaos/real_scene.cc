#include "harness/chaos/real_scene.h"

#include <fmt/format.h>

namespace quern::harness::chaos {

namespace {

int64_t middle_ms(const WallReading& wall) {
    return (wall.earliest.ns + (wall.latest - wall.earliest).ns / 2) / 1'000'000;
}

}  // namespace

RealScene::RealScene(os::OsEnv& os, const std::string& story_file)
    : os_(os), env_(os.env()), began_(env_.clock.now()), started_wall_ms_(middle_ms(env_.clock.wall())) {
    if (!story_file.empty()) story_.reset(std::fopen(story_file.c_str(), "w"));
}

uint64_t RealScene::at(int64_t at_ns, uint32_t, uint64_t, Callback<void()> what) {
    return env_.timers.start(began_ + Duration{at_ns}, std::move(what)).value;
}

void RealScene::tell(std::string_view who, std::string_view what, std::string_view text) {
    if (story_ == nullptr) return;
    const int64_t now = now_ns();
    fmt::print(story_.get(), "t={}.{:06} {} {} {}\n", now / 1'000'000'000, now / 1'000 % 1'000'000, who,
               what, text);
    std::fflush(story_.get());
}

bool RealScene::run_until(Callback<bool()> done, Duration within) {
    if (interrupted_) return false;
    return os_.run_until(std::move(done), env_.clock.now() + within) && !interrupted_;
}

void RealScene::interrupt() {
    interrupted_ = true;
    os_.stop();
}

}  // namespace quern::harness::chaos
