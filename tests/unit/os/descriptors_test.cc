// Nothing keeps a descriptor after its owner is gone.
#include <gtest/gtest.h>

#include <filesystem>

#include "system/os/os_env.h"
#include "system/os/process_limits.h"
#include "tests/conformance/temporary_folder.h"

namespace quern::os {
namespace {

size_t open_descriptors() {
    const std::filesystem::directory_iterator folder("/proc/self/fd");
    return static_cast<size_t>(std::distance(begin(folder), end(folder)));
}

class Descriptors : public testing::Test {
protected:
    Descriptors() {
        OsOptions options;
        options.data_directory = folder_.path();
        env_ = std::move(*OsEnv::open(options));
    }
    bool run_until(Callback<bool()> done) {
        return env_->run_until(std::move(done), env_->env().clock.now() + Duration::seconds(5));
    }

    conformance::TemporaryFolder folder_;
    std::unique_ptr<OsEnv> env_;
};

TEST_F(Descriptors, of_connections_are_closed) {
    Env env = env_->env();
    std::vector<std::unique_ptr<Connection>> ends;
    auto listener = env.network.listen(
        {"127.0.0.1", 0}, [&](std::unique_ptr<Connection> c) { ends.push_back(std::move(c)); });
    ASSERT_TRUE(listener.has_value());
    const size_t before = open_descriptors();
    for (int i = 0; i < 10; ++i) {
        env.network.connect((*listener)->local(), [&](Result<std::unique_ptr<Connection>> c) {
            ASSERT_TRUE(c.has_value());
            ends.push_back(std::move(*c));
        });
    }
    ASSERT_TRUE(run_until([&] { return ends.size() == 20; }));
    EXPECT_EQ(open_descriptors(), before + 20);
    ends.resize(10);  // some pairs whole, some halves, which a lingering close must give up
    ASSERT_TRUE(run_until([&] { return open_descriptors() == before + 10; }));
    ends.clear();
    EXPECT_TRUE(run_until([&] { return open_descriptors() == before; }));
}

TEST_F(Descriptors, of_files_are_closed) {
    Env env = env_->env();
    const size_t before = open_descriptors();
    std::vector<std::unique_ptr<File>> files;
    for (int i = 0; i < 10; ++i) {
        env.disk.open("f" + std::to_string(i), OpenMode::create_new,
                      [&](Result<std::unique_ptr<File>> f) {
                          ASSERT_TRUE(f.has_value());
                          files.push_back(std::move(*f));
                      });
    }
    ASSERT_TRUE(run_until([&] { return files.size() == 10; }));
    EXPECT_EQ(open_descriptors(), before + 10);
    for (const auto& file : files) {
        file->write_at_durable(0, Buffer::copy_of("x"), [](Result<void>) {});
    }
    files.clear();
    bool seen = false;
    // Closed on a disk thread: asked again and again by the timer that keeps the loop awake.
    std::function<void()> look = [&] {
        seen = open_descriptors() == before;
        if (!seen) env.timers.start(env.clock.now() + Duration::milliseconds(1), [&] { look(); });
    };
    look();
    EXPECT_TRUE(run_until([&] { return seen; }));
}

TEST_F(Descriptors, limit_is_raised_to_the_hard_one) {
    const auto first = raise_descriptor_limit();
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(raise_descriptor_limit().value_or(0), *first);
}

TEST_F(Descriptors, a_stop_before_the_run_is_not_lost) {
    env_->stop();
    env_->run();
    bool posted = false;
    env_->env().loop.post([&] { posted = true; });
    EXPECT_TRUE(run_until([&] { return posted; }));
}

}  // namespace
}  // namespace quern::os
