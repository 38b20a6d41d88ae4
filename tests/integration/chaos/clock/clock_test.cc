// A node's wall clock, put wrong and right again while it runs.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "harness/chaos/clock_file.h"
#include "system/os/clock.h"
#include "tests/conformance/temporary_folder.h"

namespace quern::harness::chaos {
namespace {

constexpr int64_t hour_ns = 3'600'000'000'000;

// By how much the wall clock was moved between two readings, apart from the time that passed.
struct Clocks {
    os::SystemClock clock{Duration::zero()};
    int64_t wall_ns = clock.wall().earliest.ns;
    int64_t now_ns = clock.now().ns;
    int64_t moved_ns() const { return clock.wall().earliest.ns - wall_ns - (clock.now().ns - now_ns); }
};

TEST(ClockFile, puts_the_wall_clock_wrong_and_right_again) {
    const conformance::TemporaryFolder folder;
    const std::string path = folder.path() + "/node1.clock";
    ASSERT_TRUE(write_clock_file(path, 0));
    ASSERT_EQ(std::filesystem::file_size(path), sizeof(int64_t));
    ASSERT_EQ(::setenv("QUERN_CLOCK_OFFSET_FILE", path.c_str(), 1), 0);
    constexpr double slack_ns = 1e9;  // the machine's own clock may be set meanwhile
    const Clocks clocks;
    EXPECT_NEAR(static_cast<double>(clocks.moved_ns()), 0, slack_ns);
    for (const int64_t offset : {hour_ns, -hour_ns, int64_t{0}}) {
        ASSERT_TRUE(write_clock_file(path, offset));
        EXPECT_NEAR(static_cast<double>(clocks.moved_ns()), static_cast<double>(offset), slack_ns);
        EXPECT_LT(clocks.clock.now().ns - clocks.now_ns, hour_ns);  // this one is not touched
    }
}

TEST(ClockFile, that_cannot_be_written_is_named) {
    const auto done = write_clock_file("/nowhere/node1.clock", 1);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().detail, "/nowhere/node1.clock cannot be written");
}

}  // namespace
}  // namespace quern::harness::chaos
