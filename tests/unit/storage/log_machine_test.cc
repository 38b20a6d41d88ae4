// The log as a state machine: whatever is written, lost, damaged and opened again, it holds what was acknowledged,
// and nothing that was never written. A counterexample shrinks to the steps that it takes.
#include <gtest/gtest.h>

#include "tests/unit/storage/log_machine.h"

namespace quern::test {
namespace {

TEST(LogMachine, holds_what_was_acknowledged_after_any_steps) {
    EXPECT_TRUE(rc::check([] {
        const std::vector<Step> steps = *generated_steps();
        LogMachine machine;
        const std::string wrong = machine.run(steps);
        if (!wrong.empty()) RC_FAIL(wrong);
    }));
}

// Seen to shrink: a claim that is wrong ends with the two steps that refute it.
TEST(LogMachine, a_counterexample_is_small) {
    std::vector<Step> least;
    const auto result = rc::detail::checkTestable(
        [&least] {
            const std::vector<Step> steps = *generated_steps();
            LogMachine machine;
            RC_ASSERT(machine.run(steps).empty());
            if (machine.damages() > 0) least = steps;
            RC_ASSERT(machine.damages() == 0);
        },
        rc::detail::TestMetadata(), rc::detail::configuration().testParams);
    EXPECT_FALSE(result.is<rc::detail::SuccessResult>());
    ASSERT_EQ(least.size(), 2u);
    EXPECT_EQ(least[0].kind, StepKind::append);
    EXPECT_EQ(least[0].count, 0u);
    EXPECT_EQ(least[1].kind, StepKind::damage);
}

}  // namespace
}  // namespace quern::test
