// A program started by this one: for `quern dev`, which runs a cluster of quernd on one machine,
// and for tests that kill real nodes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "system/os/os_env.h"

namespace quern::os {

struct ChildOptions {
    std::string program;  // a path, or a name to be found in PATH
    std::vector<std::string> arguments;
    // stdout and stderr are appended to this file; empty: as those of this process. stdin is empty.
    std::string output_file;
    // Kills the child when the thread that started it ends, however it ends.
    bool dies_with_parent = true;
    // Out of reach of the terminal's Ctrl-C, so that the parent decides how it stops.
    bool own_group = true;
};

// How a process ended: the exit status, or the signal that ended it.
struct ChildExit {
    int status = 0;
    int signal = 0;  // 0: none
    bool ok() const { return status == 0 && signal == 0; }
    std::string to_string() const;
};

class ChildProcess {
public:
    // `exited` runs from the loop once the process has ended. Errors: not_found, permission_denied
    // (the program cannot be run), io_failed.
    static Result<std::unique_ptr<ChildProcess>> start(OsEnv& env, const ChildOptions& options,
                                                       Callback<void(ChildExit)> exited);
    // Kills the process if it still runs, and waits for its end; `exited` does not run.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    int pid() const;
    bool running() const;
    // Sends a signal (SIGTERM, SIGKILL, SIGSTOP, ...); nothing if the process has ended.
    void signal(int number);

private:
    struct State;
    explicit ChildProcess(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

}  // namespace quern::os
