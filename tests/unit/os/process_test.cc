#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "system/os/child_process.h"
#include "system/os/signals.h"
#include "tests/conformance/temporary_folder.h"

#include <gtest/gtest.h>

namespace quern::os {
namespace {

class Processes : public testing::Test {
protected:
    Processes() : env_(std::move(*OsEnv::open({}))) {}

    bool run_until(Callback<bool()> done) {
        return env_->run_until(std::move(done), env_->env().clock.now() + Duration::seconds(5));
    }
    Result<std::unique_ptr<ChildProcess>> shell(const std::string& script,
                                                const std::string& output = "") {
        ChildOptions options;
        options.program = "sh";
        options.arguments = {"-c", script};
        options.output_file = output;
        return ChildProcess::start(*env_, options, [this](ChildExit how) { exit_ = how; });
    }

    std::unique_ptr<OsEnv> env_;
    std::optional<ChildExit> exit_;
};

TEST_F(Processes, the_exit_status_is_told) {
    const auto child = shell("exit 3");
    ASSERT_TRUE(child.has_value());
    EXPECT_FALSE(exit_.has_value());
    ASSERT_TRUE(run_until([this] { return exit_.has_value(); }));
    EXPECT_EQ(exit_->status, 3);
    EXPECT_EQ(exit_->to_string(), "exited with status 3");
    EXPECT_FALSE((*child)->running());
}

TEST_F(Processes, output_is_appended_to_a_file) {
    const conformance::TemporaryFolder folder;
    const std::string file = folder.path() + "/out";
    for (const char* script : {"echo one", "echo two >&2"}) {
        exit_.reset();
        const auto child = shell(script, file);
        ASSERT_TRUE(run_until([this] { return exit_.has_value(); }));
    }
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    EXPECT_EQ(text.str(), "one\ntwo\n");
}

TEST_F(Processes, a_signal_ends_a_child) {
    const auto child = shell("exec sleep 100");
    ASSERT_TRUE(child.has_value());
    (*child)->signal(SIGTERM);
    ASSERT_TRUE(run_until([this] { return exit_.has_value(); }));
    EXPECT_EQ(exit_->signal, SIGTERM);
    EXPECT_FALSE(exit_->ok());
}

TEST_F(Processes, destroying_a_child_kills_it) {
    auto child = shell("exec sleep 100");
    ASSERT_TRUE(child.has_value());
    const int pid = (*child)->pid();
    child->reset();
    EXPECT_EQ(::kill(pid, 0), -1);
    bool later = false;
    env_->env().loop.post([&] { later = true; });
    ASSERT_TRUE(run_until([&] { return later; }));
    EXPECT_FALSE(exit_.has_value());
}

TEST_F(Processes, a_missing_program_is_an_error) {
    ChildOptions options;
    options.program = "/nowhere/quernd";
    const auto child = ChildProcess::start(*env_, options, [](ChildExit) {});
    ASSERT_FALSE(child.has_value());
    EXPECT_EQ(child.error().code, ErrorCode::not_found);
}

TEST_F(Processes, stop_signals_reach_the_loop) {
    std::vector<int> numbers;
    const StopSignals signals(*env_, [&](int number) { numbers.push_back(number); });
    std::raise(SIGTERM);
    ASSERT_TRUE(run_until([&] { return numbers.size() == 1; }));
    std::raise(SIGINT);
    ASSERT_TRUE(run_until([&] { return numbers.size() == 2; }));
    EXPECT_EQ(numbers, (std::vector<int>{SIGTERM, SIGINT}));
}

TEST_F(Processes, tasks_may_be_posted_from_another_thread) {
    std::vector<int> order;
    std::thread other([&] {
        for (int i = 0; i < 100; ++i)
            env_->post([&order, i] { order.push_back(i); });
        env_->post([&] { env_->stop(); });
    });
    env_->run();
    other.join();
    ASSERT_EQ(order.size(), 100u);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

}  // namespace
}  // namespace quern::os
