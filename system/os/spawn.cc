#include "system/os/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "system/os/posix_error.h"

namespace quern::os {

namespace {

// The child's side between fork and exec: only calls that are safe after a fork of a process with
// threads. Ends in exec, or tells errno through the pipe.
struct ChildSide {
    pid_t parent;
    int input;
    int output;  // -1: the parent's
    int report;
    char* const* arguments;
    bool dies_with_parent;
    bool own_group;

    [[noreturn]] void run() const {
        prepare();
        ::execvp(arguments[0], arguments);
        const int number = errno;
        const ssize_t ignored = ::write(report, &number, sizeof(number));
        static_cast<void>(ignored);
        ::_exit(127);
    }

    void prepare() const {
        if (own_group) ::setpgid(0, 0);
        if (dies_with_parent) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) ::_exit(127);  // it died meanwhile
        }
        ::dup2(input, STDIN_FILENO);
        if (output >= 0) {
            ::dup2(output, STDOUT_FILENO);
            ::dup2(output, STDERR_FILENO);
        }
        for (const int number : {SIGPIPE, SIGINT, SIGTERM})
            ::signal(number, SIG_DFL);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
    }
};

struct Descriptor {
    int number = -1;
    Descriptor() = default;
    explicit Descriptor(int n) : number(n) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }
    void close() {
        if (number >= 0) ::close(std::exchange(number, -1));
    }
};

// Waits for exec: the pipe closes then, or brings errno.
Result<pid_t> await_exec(pid_t child, int report, const std::string& program) {
    int number = 0;
    ssize_t got = 0;
    do {
        got = ::read(report, &number, sizeof(number));
    } while (got < 0 && errno == EINTR);
    if (got == 0) return child;
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return posix_failure(number, "run " + program);
}

}  // namespace

Result<pid_t> spawn(const ChildOptions& options) {
    std::vector<char*> arguments;
    arguments.push_back(const_cast<char*>(options.program.c_str()));
    for (const std::string& a : options.arguments)
        arguments.push_back(const_cast<char*>(a.c_str()));
    arguments.push_back(nullptr);

    const Descriptor input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (input.number < 0) return posix_failure(errno, "open /dev/null");
    Descriptor output;
    if (!options.output_file.empty()) {
        output.number =
            ::open(options.output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (output.number < 0) return posix_failure(errno, "open " + options.output_file);
    }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return posix_failure(errno, "make a pipe");
    const Descriptor report(ends[0]);
    Descriptor report_write(ends[1]);

    const ChildSide side{::getpid(),          input.number,     output.number,
                         report_write.number, arguments.data(), options.dies_with_parent,
                         options.own_group};
    const pid_t child = ::fork();
    if (child < 0) return posix_failure(errno, "start a process");
    if (child == 0) side.run();
    report_write.close();
    return await_exec(child, report.number, options.program);
}

}  // namespace quern::os
