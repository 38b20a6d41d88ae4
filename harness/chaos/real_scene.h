// The scene of a run against real processes: the clients share one event loop and one clock of this
// process, which no node knows. The story goes to a file.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "harness/scene.h"
#include "system/os/os_env.h"

namespace quern::harness::chaos {

class RealScene final : public Scene {
public:
    // `os` must outlive this object. `story_file` is made anew; empty: no story.
    RealScene(os::OsEnv& os, const std::string& story_file);

    int64_t now_ns() const override { return (env_.clock.now() - began_).ns; }
    Env& client_env(uint32_t) override { return env_; }
    uint64_t at(int64_t at_ns, uint32_t client, uint64_t identity, Callback<void()> what) override;
    void cancel(uint64_t id) override { env_.timers.cancel(TimerId(id)); }
    bool telling() const override { return story_ != nullptr; }
    void tell(std::string_view who, std::string_view what, std::string_view text) override;

    // Runs the loop until done() holds; false if that took too long or the program is to stop.
    bool run_until(Callback<bool()> done, Duration within);
    void run_for(Duration time) {
        run_until([] { return false; }, time);
    }
    // Ends this and all later runs of the loop.
    void interrupt();
    bool interrupted() const { return interrupted_; }

    os::OsEnv& os() { return os_; }
    // Time of day when the run began, by the machine's clock.
    int64_t started_wall_ms() const { return started_wall_ms_; }

private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    os::OsEnv& os_;
    Env env_;
    Instant began_;
    int64_t started_wall_ms_;
    std::unique_ptr<std::FILE, Close> story_;
    bool interrupted_ = false;
};

}  // namespace quern::harness::chaos
