#include "system/replica/snapshot_turns.h"

#include <gtest/gtest.h>

namespace quern::replica {
namespace {

constexpr NodeId peer(2);
constexpr Duration patience = Duration::seconds(1);

struct SnapshotTurnsTest : testing::Test {
    bool ask(uint32_t group, size_t under_way) { return turns.admit(peer, GroupId(group), under_way, now); }
    SnapshotTurns turns{patience};
    Instant now{1'000'000'000};
};

TEST_F(SnapshotTurnsTest, so_many_go_at_once) {
    constexpr size_t most = SnapshotTurns::at_once_max;
    EXPECT_TRUE(ask(1, most - 1));
    EXPECT_FALSE(ask(2, most));
    EXPECT_TRUE(turns.admit(NodeId(3), GroupId(2), 0, now));  // to another peer
    EXPECT_TRUE(ask(2, most - 1));
}

// It is always the first to ask, since its number is the lowest.
TEST_F(SnapshotTurnsTest, a_group_that_needs_one_again_and_again_lets_others_pass) {
    constexpr size_t most = SnapshotTurns::at_once_max;
    EXPECT_FALSE(ask(8, most));
    EXPECT_FALSE(ask(9, most));
    EXPECT_FALSE(ask(1, most - 1));  // has just ended, and asks anew
    EXPECT_FALSE(ask(1, most - 1));
    EXPECT_TRUE(ask(8, most - 1));
    EXPECT_FALSE(ask(1, most - 1));
    EXPECT_TRUE(ask(9, most - 1));
    EXPECT_TRUE(ask(1, most - 1));
}

TEST_F(SnapshotTurnsTest, who_asks_no_more_loses_its_turn) {
    constexpr size_t most = SnapshotTurns::at_once_max;
    EXPECT_FALSE(ask(8, most));
    now = now + patience;
    EXPECT_FALSE(ask(1, most - 1));
    now = now + Duration::nanoseconds(1);
    EXPECT_TRUE(ask(1, most - 1));
}

}  // namespace
}  // namespace quern::replica
