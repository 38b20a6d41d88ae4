#include "tests/integration/dev_cluster.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace quern::tests {

namespace {

constexpr int start_seconds = 90;
constexpr int stop_seconds = 40;

}  // namespace

std::vector<std::string> DevCluster::dev_arguments() const {
    return {"dev",     "--data", directory_,          "--nodes", std::to_string(nodes_),
            "--port", std::to_string(port_)};
}

void DevCluster::start() {
    program_ = std::make_unique<Program>(dev_arguments(), directory_ + ".output");
    ASSERT_TRUE(program_->wait_for("Ctrl-C stops it", start_seconds)) << program_->output();
}

void DevCluster::stop() {
    program_->signal(SIGINT);
    EXPECT_EQ(program_->wait(stop_seconds), 0) << program_->output();
    EXPECT_NE(program_->output().find("stopped"), std::string::npos) << program_->output();
    EXPECT_EQ(program_->output().find("killed"), std::string::npos) << program_->output();
    program_.reset();
}

Output DevCluster::run(std::vector<std::string> arguments, const std::string& input) const {
    for (int node = 0; node < nodes_; ++node) {
        arguments.emplace_back("--endpoint");
        arguments.push_back("127.0.0.1:" + std::to_string(port_ + node));
    }
    arguments.insert(arguments.end(), {"--secret-file", directory_ + "/admin.secret"});
    return run_quern(arguments, input);
}

Output DevCluster::run_as(const std::string& key, const std::string& secret_file,
                          std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--endpoint", "127.0.0.1:" + std::to_string(port_), "--key", key,
                                       "--secret-file", secret_file});
    return run_quern(arguments);
}

std::string DevCluster::ok(std::vector<std::string> arguments, const std::string& input) const {
    std::string command;
    for (const std::string& argument : arguments) command += argument + " ";
    const Output output = run(std::move(arguments), input);
    EXPECT_EQ(output.status, 0) << command << "\n" << output.out << output.err;
    return output.out;
}

}  // namespace quern::tests
