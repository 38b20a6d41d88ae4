#include "system/os/child_process.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/os/asio.h"

#include <asio/posix/stream_descriptor.hpp>
#include <cerrno>

#include "system/os/os_env_parts.h"
#include "system/os/posix_error.h"
#include "system/os/spawn.h"

namespace quern::os {

std::string ChildExit::to_string() const {
    if (signal != 0) return "ended by signal " + std::to_string(signal);
    return "exited with status " + std::to_string(status);
}

struct ChildProcess::State : std::enable_shared_from_this<State> {
    State(EventLoop& loop, pid_t child, int watch, Callback<void(ChildExit)> callback)
        : pid(child), ended(loop.context(), watch), exited(std::move(callback)) {}

    // A pidfd becomes readable when its process ends.
    void wait() {
        ended.async_wait(asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](const asio::error_code& error) {
                             if (!error && self->running) self->on_ended();
                         });
    }
    void on_ended() {
        int status = 0;
        const pid_t reaped = ::waitpid(pid, &status, WNOHANG);
        // Woken for nothing, it must not wait here: who cares for one child may have others to see to.
        if (reaped == 0) return wait();
        running = false;
        const ChildExit how = reaped < 0 ? ChildExit{} : exit_of(status);
        asio::error_code ignored;
        ended.close(ignored);
        Callback<void(ChildExit)> once = std::move(exited);
        if (once) once(how);
    }
    // Only of a child that was killed: waits until it has ended.
    void reap() {
        running = false;
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    static ChildExit exit_of(int status) {
        if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
        return {WEXITSTATUS(status), 0};
    }

    const pid_t pid;
    asio::posix::stream_descriptor ended;
    Callback<void(ChildExit)> exited;
    bool running = true;
};

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(OsEnv& env, const ChildOptions& options,
                                                          Callback<void(ChildExit)> exited) {
    Result<pid_t> child = spawn(options);
    if (!child) return fail(std::move(child.error()));
    const auto watch = static_cast<int>(::syscall(SYS_pidfd_open, *child, 0));
    if (watch < 0) {
        const int number = errno;
        ::kill(*child, SIGKILL);
        ::waitpid(*child, nullptr, 0);
        return posix_failure(number, "watch a process");
    }
    auto state = std::make_shared<State>(OsAccess::loop(env), *child, watch, std::move(exited));
    state->wait();
    return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(state)));
}

ChildProcess::ChildProcess(std::shared_ptr<State> state) : state_(std::move(state)) {}

ChildProcess::~ChildProcess() {
    state_->exited.reset();
    if (!state_->running) return;
    signal(SIGKILL);
    state_->reap();
    asio::error_code ignored;
    state_->ended.close(ignored);
}

int ChildProcess::pid() const { return state_->pid; }

bool ChildProcess::running() const { return state_->running; }

void ChildProcess::signal(int number) {
    if (state_->running) ::kill(state_->pid, number);
}

}  // namespace quern::os
