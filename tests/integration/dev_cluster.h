// A cluster of `quern dev` for the length of a test, and commands that ask it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/process.h"

namespace quern::tests {

class DevCluster {
public:
    // Not started yet.
    DevCluster(std::string directory, int nodes)
        : directory_(std::move(directory)), nodes_(nodes), port_(free_ports(3 * nodes)) {}

    void start();
    // Ctrl-C; expects an orderly end.
    void stop();
    int port() const { return port_; }
    const std::string& directory() const { return directory_; }
    std::vector<std::string> dev_arguments() const;

    // A command that asks this cluster as its administrator.
    Output run(std::vector<std::string> arguments, const std::string& input = "") const;
    // The same as another user.
    Output run_as(const std::string& key, const std::string& secret_file,
                  std::vector<std::string> arguments) const;
    // Standard output of a command that must succeed.
    std::string ok(std::vector<std::string> arguments, const std::string& input = "") const;

private:
    std::string directory_;
    int nodes_;
    int port_;
    std::unique_ptr<Program> program_;
};

}  // namespace quern::tests
