#include "system/os/os_env.h"

#include <csignal>

#include "system/os/os_env_parts.h"

namespace quern::os {

Result<std::unique_ptr<OsEnv>> OsEnv::open(const OsOptions& options) {
    if (options.wall_uncertainty < Duration::zero() || options.connect_limit <= Duration::zero() ||
        options.connect_limit > Duration::seconds(10)) {
        return fail(ErrorCode::invalid_argument, "a time limit of the environment is out of range");
    }
    Result<std::unique_ptr<Log>> log = make_log(options.log_level, options.log_file);
    if (!log) return fail(std::move(log.error()));
    DataDirectory directory;
    if (!options.data_directory.empty()) {
        Result<DataDirectory> opened = DataDirectory::open(options.data_directory);
        if (!opened) return fail(std::move(opened.error()));
        directory = std::move(*opened);
    }
    // A peer that went away is an error of the write, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    return std::unique_ptr<OsEnv>(
        new OsEnv(std::make_unique<Parts>(options, std::move(directory), std::move(*log))));
}

OsEnv::OsEnv(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

OsEnv::~OsEnv() { parts_->loop.discard(); }

Env OsEnv::env() {
    Parts& p = *parts_;
    return Env{p.clock, p.timers, p.network, p.disk,  p.entropy,
               p.loop,  *p.log,   p.metrics, p.faults};
}

void OsEnv::run() { parts_->loop.run(); }

bool OsEnv::run_until(Callback<bool()> done, Instant deadline) {
    return parts_->loop.run_until(std::move(done), deadline);
}

void OsEnv::stop() { parts_->loop.stop(); }

void OsEnv::post(Callback<void()> task) { parts_->loop.post_from_any_thread(std::move(task)); }

}  // namespace quern::os
