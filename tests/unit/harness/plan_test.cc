#include <gtest/gtest.h>

#include "harness/run_plan.h"

namespace quern::harness {
namespace {

TEST(RunPlan, is_printed_and_parsed) {
    for (uint64_t seed = 1; seed <= 50; ++seed) {
        const RunPlan plan = make_plan(seed, true);
        const Result<RunPlan> again = RunPlan::parse(plan.to_string());
        ASSERT_TRUE(again.has_value()) << again.error().to_string();
        EXPECT_EQ(again->to_string(), plan.to_string());
        EXPECT_EQ(again->faults, plan.faults);
    }
}

TEST(RunPlan, what_is_wrong_with_a_line_is_said) {
    for (const char* text : {"no_such_knob 1\n", "clients many\n", "clients\n", "seed 1\nfault what\n"}) {
        const Result<RunPlan> plan = RunPlan::parse(text);
        ASSERT_FALSE(plan.has_value()) << text;
        EXPECT_EQ(plan.error().code, ErrorCode::invalid_argument);
    }
    EXPECT_TRUE(RunPlan::parse("# nothing\n\nclients 3  # few\n").has_value());
}

TEST(RunPlan, seeds_differ_and_repeat) {
    EXPECT_EQ(make_plan(7, true).to_string(), make_plan(7, true).to_string());
    EXPECT_NE(make_plan(7, true).to_string(), make_plan(8, true).to_string());
    EXPECT_TRUE(make_plan(7, false).faults.faults.empty());
}

}  // namespace
}  // namespace quern::harness
