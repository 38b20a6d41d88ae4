#include "system/base/cluster_time_estimate.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

constexpr Instant at_seconds(int64_t seconds) { return Instant{seconds * 1'000'000'000}; }

TEST(ClusterTimeEstimate, goes_on_with_the_local_clock) {
    ClusterTimeEstimate time;
    EXPECT_FALSE(time.known());
    EXPECT_EQ(time.at(at_seconds(3)).ms, 0);
    time.saw({1000}, at_seconds(0));
    EXPECT_EQ(time.at(at_seconds(5)).ms, 6000);
    time.saw({8000}, at_seconds(5));
    EXPECT_EQ(time.at(at_seconds(6)).ms, 9000);
}

// A client that stamps its requests by it would have them refused as late, again and again.
TEST(ClusterTimeEstimate, what_was_long_true_when_it_was_told_sets_nothing_back) {
    ClusterTimeEstimate time;
    time.saw({1000}, at_seconds(0));
    time.saw({900}, at_seconds(5));
    time.saw({2000}, at_seconds(5));
    EXPECT_EQ(time.at(at_seconds(5)).ms, 6000);
}

TEST(ClusterTimeEstimate, a_local_clock_that_runs_fast_is_set_right) {
    ClusterTimeEstimate time;
    time.saw({1000}, at_seconds(0));
    time.saw({9500}, at_seconds(11));
    EXPECT_EQ(time.at(at_seconds(11)).ms, 9500);
}

}  // namespace
}  // namespace quern
