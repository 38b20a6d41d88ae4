#include "harness/chaos/shell.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include <fmt/format.h>

namespace quern::harness::chaos {

namespace {

constexpr int no_such_program = 127;

// A file without a name.
struct Scratch {
    Scratch() : descriptor(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) {}
    ~Scratch() {
        if (descriptor >= 0) ::close(descriptor);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    bool fill(const std::string& text) const {
        return ::pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
    }
    std::string text() const {
        std::string all;
        char bytes[4096];
        for (;;) {
            const ssize_t got = ::pread(descriptor, bytes, sizeof(bytes), static_cast<off_t>(all.size()));
            if (got <= 0) return all;
            all.append(bytes, static_cast<size_t>(got));
        }
    }

    int descriptor;
};

[[noreturn]] void become(char* const* arguments, int input, int output, int errors) {
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    ::setpgid(0, 0);  // the terminal's Ctrl-C is for the program that asked
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvp(arguments[0], arguments);
    ::_exit(no_such_program);
}

}  // namespace

std::string command_text(const std::vector<std::string>& arguments) {
    std::string text;
    for (const std::string& argument : arguments) text += (text.empty() ? "" : " ") + argument;
    return text;
}

Result<std::string> run_program(const std::vector<std::string>& arguments, const std::string& input) {
    const Scratch in;
    const Scratch out;
    const Scratch errors;
    if (in.descriptor < 0 || out.descriptor < 0 || errors.descriptor < 0 || !in.fill(input)) {
        return fail(ErrorCode::io_failed, "no scratch files in /tmp");
    }
    std::vector<char*> pointers;
    for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    const pid_t child = ::fork();
    if (child < 0) return fail(ErrorCode::io_failed, "no process for " + arguments[0]);
    if (child == 0) become(pointers.data(), in.descriptor, out.descriptor, errors.descriptor);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return out.text();
    if (WIFEXITED(status) && WEXITSTATUS(status) == no_such_program) {
        return fail(ErrorCode::not_found, "there is no program " + arguments[0]);
    }
    const std::string complaint = errors.text();
    return fail(ErrorCode::io_failed, fmt::format("{}: {}", command_text(arguments),
                                                  complaint.substr(0, complaint.find('\n'))));
}

}  // namespace quern::harness::chaos
