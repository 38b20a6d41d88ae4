#include "system/raft/quorum.h"

#include <gtest/gtest.h>

namespace quern::raft {
namespace {

std::vector<NodeId> ids(std::initializer_list<uint32_t> list) {
    std::vector<NodeId> result;
    for (uint32_t id : list) result.push_back(NodeId(id));
    return result;
}

uint64_t by_id(NodeId id) { return id.value * 10; }

TEST(Quorum, majority_is_what_more_than_half_reach) {
    EXPECT_EQ(quorum_value({ids({1}), {}, {}}, by_id), 10u);
    EXPECT_EQ(quorum_value({ids({1, 2}), {}, {}}, by_id), 10u);
    EXPECT_EQ(quorum_value({ids({1, 2, 3}), {}, {}}, by_id), 20u);
    EXPECT_EQ(quorum_value({ids({1, 2, 3, 4}), {}, {}}, by_id), 20u);
    EXPECT_EQ(quorum_value({ids({1, 2, 3, 4, 5}), {}, {}}, by_id), 30u);
}

// Thesis 4.3: agreement needs separate majorities of the old and the new configuration.
TEST(Quorum, joint_needs_both_majorities) {
    EXPECT_EQ(quorum_value({ids({7, 8, 9}), ids({1, 2, 3}), {}}, by_id), 20u);
    EXPECT_EQ(quorum_value({ids({1, 2, 3}), ids({7, 8, 9}), {}}, by_id), 20u);
}

TEST(Quorum, learners_never_count) {
    EXPECT_EQ(quorum_value({ids({1, 2, 3}), {}, ids({8, 9})}, by_id), 20u);
}

TEST(Quorum, nobody_is_no_quorum) { EXPECT_EQ(quorum_value(Configuration{}, by_id), 0u); }

TEST(VoteTally, counts_voters_not_votes) {
    const Configuration five{ids({1, 2, 3, 4, 5}), {}, {}};
    VoteTally votes;
    votes.record(NodeId(1), true);
    votes.record(NodeId(2), true);
    votes.record(NodeId(2), true);
    votes.record(NodeId(9), true);
    EXPECT_EQ(votes.result(five), VoteResult::pending);
    votes.record(NodeId(3), true);
    EXPECT_EQ(votes.result(five), VoteResult::won);
}

TEST(VoteTally, the_first_answer_stands) {
    const Configuration three{ids({1, 2, 3}), {}, {}};
    VoteTally votes;
    votes.record(NodeId(1), true);
    votes.record(NodeId(2), false);
    votes.record(NodeId(2), true);
    EXPECT_EQ(votes.result(three), VoteResult::pending);
    votes.record(NodeId(3), false);
    EXPECT_EQ(votes.result(three), VoteResult::lost);
}

TEST(VoteTally, joint_is_lost_with_one_half) {
    const Configuration joint{ids({1, 2, 3}), ids({3, 4, 5}), {}};
    VoteTally votes;
    for (uint32_t id : {1u, 2u, 3u}) votes.record(NodeId(id), true);
    EXPECT_EQ(votes.result(joint), VoteResult::pending);
    votes.record(NodeId(4), false);
    votes.record(NodeId(5), false);
    EXPECT_EQ(votes.result(joint), VoteResult::lost);
}

TEST(Configuration, validity) {
    EXPECT_TRUE(is_valid({ids({1, 2}), {}, ids({3})}));
    EXPECT_TRUE(is_valid({ids({1}), ids({1, 2}), ids({2})}));  // 2 is being demoted
    EXPECT_FALSE(is_valid({{}, {}, ids({3})}));
    EXPECT_FALSE(is_valid({ids({2, 1}), {}, {}}));
    EXPECT_FALSE(is_valid({ids({1, 1}), {}, {}}));
    EXPECT_FALSE(is_valid({ids({0, 1}), {}, {}}));
    EXPECT_FALSE(is_valid({ids({1, 2}), {}, ids({2})}));
    EXPECT_EQ(members({ids({2, 3}), ids({1, 2}), ids({1, 4})}), ids({1, 2, 3, 4}));
}

}  // namespace
}  // namespace quern::raft
