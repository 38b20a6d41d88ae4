// quernd: one node of a Quern cluster on the real world. Exit status: 0 after an orderly stop, 2 for a
// wrong command line or configuration, 1 for everything else.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "system/daemon/config_file.h"
#include "system/os/os_env.h"
#include "system/os/process_limits.h"
#include "system/os/sd_notify.h"
#include "system/os/signals.h"

namespace quern::daemon {

namespace {

constexpr int usage_error = 2;

int complain(const Error& error, int status) {
    fmt::print(stderr, "quernd: {}\n", error.to_string());
    return status;
}

// A limit that is too low shows only under load, so it is told at the start.
void raise_limits(Log& log) {
    constexpr uint64_t enough = 4096;  // connections of a busy balancer, and files
    const Result<uint64_t> descriptors = os::raise_descriptor_limit();
    if (!descriptors) {
        log.write(LogLevel::warning, "quernd",
                  "the limit of open descriptors stays as it is: " + descriptors.error().to_string());
    } else {
        log.write(*descriptors < enough ? LogLevel::warning : LogLevel::info, "quernd",
                  fmt::format("up to {} open descriptors (LimitNOFILE, ulimit -n)", *descriptors));
    }
}

// Runs the node until a signal or a fatal error; the exit status.
int serve(const DaemonConfig& config) {
    os::OsOptions options;
    options.data_directory = config.data_directory;
    options.log_level = config.log_level;
    options.log_file = config.log_file;
    options.wall_uncertainty = config.wall_uncertainty;
    Result<std::unique_ptr<os::OsEnv>> opened = os::OsEnv::open(options);
    if (!opened) return complain(opened.error(), 1);
    os::OsEnv& os_env = **opened;
    Env env = os_env.env();
    raise_limits(env.log);
    // Being started by hand is as good as by a service manager: what it answers does not matter.
    const os::ServiceNotifier notifier = os::ServiceNotifier::from_environment();
    int status = 0;
    bool draining = false;
    node::Node node(env, config.node, [&](const Error& error) {
        status = complain(error, 1);
        os_env.stop();
    });
    os::StopSignals signals(os_env, [&](int) {
        if (std::exchange(draining, true)) return os_env.stop();
        env.log.write(LogLevel::info, "quernd", "draining");
        (void)notifier.stopping();
        node.drain(config.drain_limit, [&] { os_env.stop(); });
    });
    node.start([&](Result<void> started) {
        if (!started) {
            status = complain(started.error(), 1);
            return os_env.stop();
        }
        (void)notifier.ready();
        env.log.write(LogLevel::info, "quernd",
                      fmt::format("node {} is up", config.node.self.value));
        if (node.admin() != nullptr) {
            env.log.write(LogLevel::info, "quernd",
                          fmt::format("health and metrics at http://{}/",
                                      node.admin()->local().to_string()));
        }
    });
    os_env.run();
    return status;
}

}  // namespace

int run(int argc, char** argv) {
    CLI::App app{"quernd: one node of a Quern cluster"};
    std::string path;
    app.add_option("--config", path, "TOML configuration file (docs/CONFIGURATION.md)")->required();
    bool check = false;
    app.add_flag("--check", check, "read the configuration, say whether it is right, and stop");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : usage_error;
    }
    Result<DaemonConfig> config = load_config(path);
    if (!config) return complain(config.error(), usage_error);
    if (check) {
        fmt::print("{} is right\n", path);
        return 0;
    }
    return serve(*config);
}

}  // namespace quern::daemon

int main(int argc, char** argv) { return quern::daemon::run(argc, argv); }
