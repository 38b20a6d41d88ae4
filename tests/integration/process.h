// Real programs, started by tests: their output, exit status, and an end for them in any case.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace quern::tests {

struct Output {
    int status = -1;  // exit status; 128 + signal if a signal ended it, -1 if time was up
    std::string out;
    std::string err;
};

// Runs `quern ARGUMENTS` to its end, at most `seconds`.
Output run_quern(const std::vector<std::string>& arguments, const std::string& input = "",
                 int seconds = 60);

// A program in the background. Destruction kills it.
class Program {
public:
    // stdout and stderr go to `output_file`.
    Program(const std::vector<std::string>& arguments, std::string output_file);
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    // Waits until `text` is in its output; false when the program ends or time is up.
    bool wait_for(const std::string& text, int seconds);
    void signal(int number) const;
    // As Output::status.
    int wait(int seconds);
    std::string output() const;

private:
    pid_t pid_ = -1;
    std::string output_file_;
    int status_ = -1;
    bool ended_ = false;
};

// A directory that is removed with all in it.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

// The first of `count` ports in a row that nobody listens on; others for each process.
int free_ports(int count);
void write_file(const std::string& path, const std::string& text);

// Listens on a port of 127.0.0.1 for as long as it lives.
class PortHolder {
public:
    explicit PortHolder(int port);
    ~PortHolder();
    PortHolder(const PortHolder&) = delete;
    PortHolder& operator=(const PortHolder&) = delete;

private:
    int socket_;
};

// Connects, writes `bytes`, reads until the other side closes; what was read. Gives up, with what
// there is and " (still open)", after `seconds`.
std::string talk_to(int port, const std::string& bytes, int seconds);

}  // namespace quern::tests
