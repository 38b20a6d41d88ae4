// The trace, and fault points.
#include "sim/world/trace.h"

#include <gtest/gtest.h>

#include "sim/world/world.h"

namespace quern::sim {
namespace {

TEST(Trace, lines_have_time_machine_and_room) {
    World world;
    Machine& m = world.add_machine({.name = "n1"});
    world.trace().keep(2);
    world.run_until(SimTime{12'345'678'900});
    m.env().log.write(LogLevel::info, "raft", "became leader");
    EXPECT_EQ(world.trace().text(), "t=12.345678 n1 raft became leader\n");
    m.env().log.write(LogLevel::info, "raft", "two");
    m.env().log.write(LogLevel::info, "raft", "three");
    EXPECT_EQ(world.trace().text(), "t=12.345678 n1 raft two\nt=12.345678 n1 raft three\n");
}

TEST(Trace, off_means_no_log_is_enabled) {
    World world;
    Machine& m = world.add_machine({.name = "n1"});
    EXPECT_FALSE(m.env().log.enabled(LogLevel::error));
    m.env().log.write(LogLevel::error, "raft", "nobody listens");
    EXPECT_EQ(world.trace().text(), "");
    world.trace().keep(10);
    world.trace().set_level(LogLevel::warning);
    EXPECT_FALSE(m.env().log.enabled(LogLevel::info));
    EXPECT_TRUE(m.env().log.enabled(LogLevel::warning));
}

TEST(Trace, sink_gets_each_line) {
    World world;
    Machine& m = world.add_machine({.name = "n1"});
    std::vector<std::string> lines;
    world.trace().keep(1);
    world.trace().set_sink([&](const std::string& line) { lines.push_back(line); });
    m.env().disk.open("f", OpenMode::create_new, [](Result<std::unique_ptr<File>>) {});
    world.run_for(Duration::seconds(1));
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].substr(lines[0].find(' ')), " n1 disk open f ok");
}

TEST(FaultPoints, silent_until_activated_then_a_quarter_of_the_seeds_has_each) {
    int active = 0;
    for (uint64_t seed = 1; seed <= 400; ++seed) {
        World world({.seed = seed});
        Machine& m = world.add_machine({.name = "n1"});
        EXPECT_FALSE(m.env().faults.fire(FaultPoint::batch_short));
        world.fault_points().activate();
        active += world.fault_points().per_million(FaultPoint::batch_short) > 0 ? 1 : 0;
    }
    EXPECT_GT(active, 60);
    EXPECT_LT(active, 140);
}

TEST(FaultPoints, fire_as_often_as_set_and_are_counted) {
    World world;
    Machine& m = world.add_machine({.name = "n1"});
    FaultPointBoard& board = world.fault_points();
    board.set(FaultPoint::append_short, 100'000);
    uint64_t fired = 0;
    for (int i = 0; i < 10'000; ++i)
        fired += m.env().faults.fire(FaultPoint::append_short) ? 1 : 0;
    EXPECT_GT(fired, 800u);
    EXPECT_LT(fired, 1'200u);
    EXPECT_EQ(board.fired(FaultPoint::append_short), fired);
    EXPECT_EQ(board.passed(FaultPoint::append_short), 10'000u);
    EXPECT_EQ(board.passed(FaultPoint::batch_short), 0u);
    board.silence();
    EXPECT_FALSE(m.env().faults.fire(FaultPoint::append_short));
}

}  // namespace
}  // namespace quern::sim
