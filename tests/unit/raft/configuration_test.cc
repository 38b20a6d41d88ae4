#include "system/raft/configuration.h"

#include <gtest/gtest.h>

#include "system/raft/quorum.h"
#include "tests/unit/raft/cluster.h"

namespace quern::raft::testing {
namespace {

TEST(ConfigurationHistory, latest_counts_until_it_is_truncated) {
    const Configuration a{ids({1}), {}, {}};
    const Configuration b{ids({1, 2}), {}, {}};
    const Configuration c{ids({2}), {}, {}};
    ConfigurationHistory history(LogIndex(10), a);
    history.append(LogIndex(12), b);
    history.append(LogIndex(15), c);
    EXPECT_EQ(history.at(LogIndex(11)), a);
    EXPECT_EQ(history.at(LogIndex(12)), b);
    EXPECT_EQ(history.at(LogIndex(99)), c);
    EXPECT_EQ(history.count_after(LogIndex(12)), 1u);
    EXPECT_TRUE(history.voter_since(LogIndex(12), NodeId(1)));
    EXPECT_FALSE(history.voter_since(LogIndex(15), NodeId(1)));
    history.truncate(LogIndex(15));
    EXPECT_EQ(history.latest(), b);
    EXPECT_EQ(history.latest_index(), LogIndex(12));
    history.compact(LogIndex(14));
    EXPECT_EQ(history.latest(), b);
    EXPECT_EQ(history.at(LogIndex(14)), b);
    history.reset(LogIndex(30), c);
    EXPECT_EQ(history.latest_index(), LogIndex(30));
}

TEST(ConfigurationCodec, golden_bytes) {
    const Configuration joint{ids({1, 2, 259}), ids({1, 4}), ids({4})};
    const Buffer bytes = encode_configuration(joint);
    const std::vector<uint8_t> golden = {1, 3, 2, 1, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1,
                                         0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0};
    EXPECT_EQ(std::vector<uint8_t>(bytes.data(), bytes.data() + bytes.size()), golden);
    Result<Configuration> back = decode_configuration(bytes.span());
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, joint);
}

TEST(ConfigurationCodec, refuses_what_makes_no_sense) {
    const std::vector<std::vector<uint8_t>> bad = {
        {},
        {1, 1, 0},
        {2, 1, 0, 0, 1, 0, 0, 0},                // version
        {1, 0, 0, 0},                            // nobody
        {1, 1, 0, 0, 1, 0, 0},                   // short
        {1, 1, 0, 0, 1, 0, 0, 0, 9},             // long
        {1, 1, 0, 0, 0, 0, 0, 0},                // node 0
        {1, 2, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0},    // order
        {1, 1, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0},    // voter and learner
        {1, 255, 255, 255, 1, 0, 0, 0},
    };
    for (const auto& bytes : bad) EXPECT_FALSE(decode_configuration(bytes).has_value());
}

// Pitfall 19: what could not be undone is refused when it is proposed.
TEST(Membership, refuses_invalid_targets) {
    ThreeNodes cluster;
    const NodeId one(1);
    EXPECT_EQ(cluster.raft(one).propose_configuration({ids({1}), {}, {}}, cluster.now()).error().code,
              ErrorCode::not_leader);
    cluster.campaign(one);
    cluster.settle();
    const std::vector<Configuration> bad = {
        {{}, {}, {}},
        {ids({2, 1}), {}, {}},
        {ids({1, 2}), {}, ids({2})},
        {ids({1, 2}), ids({1, 2, 3}), {}},
    };
    for (const Configuration& target : bad) {
        Result<LogIndex> refused = cluster.raft(one).propose_configuration(target, cluster.now());
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    }
}

// R12, thesis 4.1: not before an entry of the leader's own term is committed.
TEST(Membership, waits_for_the_first_commit_of_the_term) {
    ThreeNodes cluster;
    const NodeId one(1);
    for (NodeId id : ids({1, 2, 3})) cluster.node(id).disk_held = true;
    cluster.campaign(one);
    for (int i = 0; i < 3; ++i) {
        cluster.settle();
        for (NodeId id : ids({1, 2, 3})) cluster.persist_one(id);
    }
    ASSERT_EQ(cluster.leader(), one);
    ASSERT_EQ(cluster.raft(one).status().commit, LogIndex(0));
    const Configuration target{ids({1, 2}), {}, {}};
    EXPECT_EQ(cluster.raft(one).propose_configuration(target, cluster.now()).error().code,
              ErrorCode::unavailable);
    for (NodeId id : ids({1, 2, 3})) cluster.node(id).disk_held = false;
    cluster.settle();
    EXPECT_TRUE(cluster.raft(one).propose_configuration(target, cluster.now()).has_value());
    cluster.settle();
    EXPECT_EQ(cluster.raft(one).configuration(), target);
    EXPECT_EQ(cluster.check(), "");
}

}  // namespace
}  // namespace quern::raft::testing
