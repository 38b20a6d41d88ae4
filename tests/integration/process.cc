#include "tests/integration/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace quern::tests {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto poll_interval = std::chrono::milliseconds(20);

std::string read_file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

// Input, output and errors are files, so that no pipe can fill up.
pid_t spawn(const std::vector<std::string>& arguments, const std::string& in, const std::string& out,
            const std::string& err) {
    std::vector<char*> argv;
    static const std::string program = QUERN_PROGRAM;
    argv.push_back(const_cast<char*>(program.c_str()));
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    const int input = ::open(in.c_str(), O_RDONLY);
    const int output = ::open(out.c_str(), flags, 0600);
    const int errors = err == out ? output : ::open(err.c_str(), flags, 0600);
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    // A command finds its cluster by the tests' options alone.
    for (const char* name : {"QUERN_ENDPOINTS", "QUERN_KEY", "QUERN_SECRET_FILE"}) ::unsetenv(name);
    ::execv(argv[0], argv.data());
    ::_exit(127);
}

// The exit status, or -1 when time was up.
int wait_for_end(pid_t pid, int seconds) {
    const auto deadline = Clock::now() + std::chrono::seconds(seconds);
    for (;;) {
        int status = 0;
        if (::waitpid(pid, &status, WNOHANG) == pid)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        if (Clock::now() > deadline) return -1;
        std::this_thread::sleep_for(poll_interval);
    }
}

}  // namespace

Output run_quern(const std::vector<std::string>& arguments, const std::string& input, int seconds) {
    const TemporaryFolder folder;
    write_file(folder / "in", input);
    const pid_t pid = spawn(arguments, folder / "in", folder / "out", folder / "err");
    Output output;
    output.status = wait_for_end(pid, seconds);
    if (output.status == -1) {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }
    output.out = read_file(folder / "out");
    output.err = read_file(folder / "err");
    return output;
}

Program::Program(const std::vector<std::string>& arguments, std::string output_file)
    : output_file_(std::move(output_file)) {
    write_file(output_file_, "");  // what an earlier program said is not read as this one's
    pid_ = spawn(arguments, "/dev/null", output_file_, output_file_);
}

Program::~Program() {
    if (ended_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

bool Program::wait_for(const std::string& text, int seconds) {
    const auto deadline = Clock::now() + std::chrono::seconds(seconds);
    while (Clock::now() < deadline) {
        if (output().find(text) != std::string::npos) return true;
        if (wait(0) != -1) return output().find(text) != std::string::npos;
        std::this_thread::sleep_for(poll_interval);
    }
    return false;
}

void Program::signal(int number) const {
    if (!ended_) ::kill(pid_, number);
}

int Program::wait(int seconds) {
    if (!ended_) {
        status_ = wait_for_end(pid_, seconds);
        ended_ = status_ != -1;
    }
    return status_;
}

std::string Program::output() const { return read_file(output_file_); }

TemporaryFolder::TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "quern-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    path_ = path;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    EXPECT_TRUE(file.flush()) << path;
}

}  // namespace quern::tests
