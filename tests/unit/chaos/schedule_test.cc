#include <gtest/gtest.h>

#include <algorithm>

#include "harness/chaos/round_plan.h"
#include "harness/chaos/schedule.h"

namespace quern::harness::chaos {
namespace {

std::set<Trouble> all_troubles() {
    std::set<Trouble> all;
    for (size_t i = 0; i < trouble_count; ++i) all.insert(static_cast<Trouble>(i));
    return all;
}

ScheduleOptions options_of(uint64_t seed) {
    ScheduleOptions options;
    options.seed = seed;
    options.troubles = all_troubles();
    return options;
}

sim::FaultPlan of_trouble(const sim::FaultPlan& plan, Trouble trouble) {
    sim::FaultPlan part;
    for (const sim::Fault& fault : plan.faults) {
        if (trouble_of(fault) == trouble) part.faults.push_back(fault);
    }
    return part;
}

TEST(Schedule, is_the_same_for_a_seed_and_another_for_the_next) {
    EXPECT_EQ(make_schedule(options_of(5)), make_schedule(options_of(5)));
    EXPECT_NE(make_schedule(options_of(5)), make_schedule(options_of(6)));
}

TEST(Schedule, lies_within_its_length_and_can_be_read_by_the_simulator) {
    for (uint64_t seed = 1; seed <= 200; ++seed) {
        const ScheduleOptions options = options_of(seed);
        const sim::FaultPlan plan = make_schedule(options);
        ASSERT_FALSE(plan.faults.empty());
        for (const sim::Fault& fault : plan.faults) {
            EXPECT_GE(fault.at.ns, 0);
            EXPECT_LE(fault.end().ns, options.length_ms * 1'000'000);
            EXPECT_FALSE(fault.a.empty());
        }
        const auto read = sim::FaultPlan::parse(plan.to_string());
        ASSERT_TRUE(read) << read.error().detail;
        EXPECT_EQ(*read, plan);
    }
}

TEST(Schedule, each_trouble_comes_up_and_without_it_the_others_stay_as_they_were) {
    std::set<Trouble> seen;
    for (uint64_t seed = 1; seed <= 50; ++seed) {
        const sim::FaultPlan plan = make_schedule(options_of(seed));
        for (const sim::Fault& fault : plan.faults) seen.insert(trouble_of(fault));
        ScheduleOptions less = options_of(seed);
        less.troubles.erase(Trouble::kill);
        const sim::FaultPlan rest = make_schedule(less);
        const sim::FaultPlan pauses = of_trouble(plan, Trouble::pause);
        if (pauses.faults.size() < plan.faults.size()) {
            EXPECT_EQ(of_trouble(rest, Trouble::pause), pauses) << seed;
        }
    }
    EXPECT_EQ(seen, all_troubles());
}

TEST(Schedule, power_fails_on_no_disk_that_can_be_full) {
    for (uint64_t seed = 1; seed <= 200; ++seed) {
        const ScheduleOptions options = options_of(seed);
        const std::string small = "s" + std::to_string(small_disk_node(options));
        for (const sim::Fault& fault : make_schedule(options).faults) {
            const bool there = std::find(fault.a.begin(), fault.a.end(), small) != fault.a.end();
            EXPECT_FALSE(fault.kind == sim::FaultKind::disk_full && !there);
            EXPECT_FALSE(fault.kind == sim::FaultKind::power_loss && there);
        }
    }
}

TEST(Schedule, no_trouble_is_no_fault) {
    ScheduleOptions options;
    EXPECT_TRUE(make_schedule(options).faults.empty());
}

TEST(Schedule, knows_when_two_clocks_are_off_at_once) {
    const auto right = [](const char* lines) {
        return clocks_have_a_majority(*sim::FaultPlan::parse(lines));
    };
    EXPECT_TRUE(right("1 clock_jump at=1 for=2 a=s1 ms=5\n2 clock_jump at=2 for=2 a=s1 ms=5\n"));
    EXPECT_TRUE(right("1 clock_jump at=1 for=2 a=s1 ms=5\n2 clock_jump at=4 for=2 a=s2 ms=5\n"));
    EXPECT_FALSE(right("1 clock_jump at=1 for=2 a=s1 ms=5\n2 clock_jump at=2 for=2 a=s2 ms=5\n"));
    EXPECT_TRUE(right("1 clock_jump at=1 for=2 a=s1 ms=5\n2 kill at=2 for=2 a=s2\n"));
}

TEST(Troubles, have_names) {
    for (const Trouble trouble : all_troubles()) EXPECT_EQ(trouble_from(trouble_name(trouble)), trouble);
    EXPECT_FALSE(trouble_from("flood"));
}

TEST(RoundPlan, fits_into_real_time_and_keeps_the_faults) {
    RoundPlanOptions options;
    options.nodes = 5;
    options.length_ms = 8'000;
    options.troubles = all_troubles();
    for (uint64_t seed = 1; seed <= 50; ++seed) {
        options.seed = seed;
        const RunPlan plan = make_round_plan(options);
        EXPECT_EQ(plan.storage_nodes, 5);
        EXPECT_EQ(plan.chaos_ms, 8'000);
        EXPECT_LE(plan.request_timeout_ms, 5'000);
        EXPECT_FALSE(plan.faults.faults.empty());
        const auto read = RunPlan::parse(plan.to_string());
        ASSERT_TRUE(read) << read.error().detail;
        EXPECT_EQ(read->faults, plan.faults);
    }
}

}  // namespace
}  // namespace quern::harness::chaos
