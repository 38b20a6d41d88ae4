// The life of a group without faults.
#include <gtest/gtest.h>

#include "tests/unit/raft/cluster.h"

namespace quern::raft::testing {
namespace {

constexpr NodeId one{1};

TEST(Basics, elects_replicates_and_applies) {
    ThreeNodes cluster;
    cluster.campaign(one);
    cluster.settle();
    ASSERT_EQ(cluster.leader(), one);
    ASSERT_TRUE(cluster.propose(one, "x").has_value());
    cluster.settle();
    cluster.advance(Duration::milliseconds(200), true);
    for (NodeId id : cluster.all()) {
        EXPECT_EQ(cluster.node(id).applied, (std::vector<std::string>{"", "x"}));
    }
    EXPECT_EQ(cluster.check(), "");
}

TEST(Basics, elects_by_itself_and_stays) {
    ThreeNodes cluster;
    cluster.advance(Duration::milliseconds(3000), true);
    const NodeId leader = cluster.leader();
    ASSERT_TRUE(static_cast<bool>(leader));
    const Term term = cluster.raft(leader).status().term;
    cluster.advance(Duration::seconds(60), true);
    EXPECT_EQ(cluster.leader(), leader);
    EXPECT_EQ(cluster.raft(leader).status().term, term);
    EXPECT_EQ(cluster.check(), "");
}

// etcd#14370: a single voter must not acknowledge what its disk does not hold.
TEST(Basics, single_voter_commits_after_its_own_disk) {
    Cluster cluster;
    cluster.add(one, {ids({1}), {}, {}});
    cluster.campaign(one);
    cluster.settle();
    ASSERT_EQ(cluster.leader(), one);
    EXPECT_EQ(cluster.raft(one).next_deadline(), Instant::never());
    cluster.node(one).disk_held = true;
    ASSERT_TRUE(cluster.propose(one, "x").has_value());
    cluster.settle();
    EXPECT_EQ(cluster.raft(one).status().commit, LogIndex(1));
    cluster.persist_all(one);
    EXPECT_EQ(cluster.raft(one).status().commit, LogIndex(2));
    EXPECT_EQ(cluster.check(), "");
}

TEST(Basics, restart_keeps_everything) {
    ThreeNodes cluster;
    cluster.campaign(one);
    cluster.settle();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(cluster.propose(one, "x").has_value());
    cluster.settle();
    for (NodeId id : cluster.all()) cluster.restart(id);
    cluster.advance(Duration::seconds(4), true);
    ASSERT_TRUE(static_cast<bool>(cluster.leader()));
    for (NodeId id : cluster.all()) EXPECT_EQ(cluster.node(id).applied.size(), 12u);
    EXPECT_EQ(cluster.check(), "");
}

}  // namespace
}  // namespace quern::raft::testing
