// The real world as an Env: one event loop run by the calling thread, TCP, files below one data
// directory, the system's clocks and random bits. Whatever uses env() is destroyed before this.
//
// Threads: the loop's, which all callbacks run in, and disk threads and a name resolver that never
// run callbacks. Several OsEnv in one process share nothing.
#pragma once

#include <memory>
#include <string>

#include "system/io/env.h"

namespace quern::os {

struct OsOptions {
    // Made if missing and locked for this process. Empty: no disk; every disk operation fails with
    // not_supported (for clients).
    std::string data_directory;
    LogLevel log_level = LogLevel::info;
    std::string log_file;  // empty: stderr
    // Half the width of wall-clock readings: how far the operator lets clocks be off.
    Duration wall_uncertainty = Duration::milliseconds(50);
    // At most 10 s; covers name look-up and all addresses of a host.
    Duration connect_limit = Duration::seconds(10);
};

class OsEnv {
public:
    // Ignores SIGPIPE for the process. Errors: already_exists, "data directory X is in use by
    // another process"; permission_denied, no_space, io_failed, invalid_argument.
    static Result<std::unique_ptr<OsEnv>> open(const OsOptions& options);
    ~OsEnv();
    OsEnv(const OsEnv&) = delete;
    OsEnv& operator=(const OsEnv&) = delete;

    Env env();

    // Runs callbacks until stop(); may be called again afterwards.
    void run();
    // Runs callbacks until `done()` holds (asked between callbacks), `deadline` or stop(); returns
    // done().
    bool run_until(Callback<bool()> done, Instant deadline);
    // From any thread: run() or run_until() returns soon; if none runs, the next one does.
    void stop();
    // From any thread: runs `task` in the loop, after what this thread posted before.
    void post(Callback<void()> task);

private:
    friend class OsAccess;
    struct Parts;
    explicit OsEnv(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace quern::os
