// The real world: one OsEnv plays both nodes, over loopback and a temporary folder.
#include "system/os/os_env.h"
#include "tests/conformance/suites.h"
#include "tests/conformance/temporary_folder.h"

namespace quern::conformance {

namespace {

class OsWorld final : public World {
public:
    OsWorld() {
        os::OsOptions options;
        options.data_directory = folder_.path();
        options.log_level = LogLevel::error;
        auto opened = os::OsEnv::open(options);
        QUERN_ASSERT(opened.has_value());
        env_ = std::move(*opened);
    }
    Env server() override { return env_->env(); }
    Env client() override { return env_->env(); }
    std::string server_host() override { return "127.0.0.1"; }
    bool run_until(const std::function<bool()>& done, Duration limit) override {
        return env_->run_until([&done] { return done(); }, env_->env().clock.now() + limit);
    }

private:
    TemporaryFolder folder_;
    std::unique_ptr<os::OsEnv> env_;
};

std::unique_ptr<World> make_os_world() { return std::make_unique<OsWorld>(); }

}  // namespace

QUERN_CONFORMANCE(os, make_os_world);

}  // namespace quern::conformance
