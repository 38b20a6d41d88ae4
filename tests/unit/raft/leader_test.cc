// What a leader promises, sends and refuses.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/raft/cluster.h"

namespace quern::raft::testing {
namespace {

constexpr NodeId one{1};
constexpr NodeId two{2};
constexpr NodeId three{3};

class Leader : public ::testing::Test {
protected:
    explicit Leader(Cluster::Settings settings = {}) : cluster(settings) {
        for (NodeId id : ids({1, 2, 3})) cluster.add(id, {ids({1, 2, 3}), {}, {}});
        cluster.campaign(one);
        cluster.settle();
        EXPECT_EQ(cluster.leader(), one);
    }
    ~Leader() override { EXPECT_EQ(cluster.check(), ""); }

    Cluster cluster;
};

TEST_F(Leader, deadlines_are_multiples_of_the_heartbeat_interval) {
    cluster.skip(Duration::milliseconds(37));
    for (int beats = 0; beats < 5; ++beats) {
        const Instant next = cluster.raft(one).next_deadline();
        EXPECT_EQ(next.ns % Duration::milliseconds(100).ns, 0);
        EXPECT_GT(next, cluster.now());
        cluster.advance(next - cluster.now(), true);
    }
}

TEST_F(Leader, batches_proposals_of_one_turn) {
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(cluster.raft(one).propose(Buffer::copy_of("x"), cluster.now()).has_value());
    }
    cluster.pump(one);
    ASSERT_EQ(cluster.network().size(), 2u);
    EXPECT_EQ(cluster.network()[0].entries.size(), 10u);
    EXPECT_EQ(cluster.node(one).unwritten.size(), 1u);
}

// Payloads are shared, never copied (thesis 10.2: bandwidth is the leader's bottleneck).
TEST_F(Leader, shares_payloads) {
    const Buffer payload = Buffer::copy_of("payload");
    ASSERT_TRUE(cluster.raft(one).propose(payload, cluster.now()).has_value());
    cluster.pump(one);
    for (const Message& message : cluster.network()) {
        EXPECT_EQ(message.entries[0].payload.data(), payload.data());
    }
    EXPECT_EQ(cluster.node(one).unwritten[0].entries[0].payload.data(), payload.data());
}

// All that the leader says, or all that it is told, goes by way of a third node for a while.
enum class Detour { there, back };
void relay_all(Cluster& cluster, Detour detour) {
    for (int turns = 0; turns < 20; ++turns) {
        for (NodeId id : cluster.all()) {
            cluster.persist_all(id);
            cluster.pump(id);
        }
        while (!cluster.network().empty()) {
            Message& message = cluster.network().front();
            message.relayed = message.relayed || (detour == Detour::there ? message.from : message.to) == one;
            cluster.deliver(0);
        }
    }
}

// That does not prove that this leader reaches anybody.
void expect_to_resign(Cluster& cluster, Detour detour) {
    for (int beats = 0; beats < 30 && cluster.raft(one).status().role == Role::leader; ++beats) {
        cluster.skip(Duration::milliseconds(100));
        cluster.fire_due(one);
        relay_all(cluster, detour);
        EXPECT_FALSE(cluster.raft(one).status().asleep);
        EXPECT_FALSE(detour == Detour::there && cluster.raft(two).status().asleep);
    }
    EXPECT_EQ(cluster.raft(one).status().role, Role::follower);
}

TEST_F(Leader, relayed_answers_replicate_and_do_not_keep_the_office) {
    const Result<LogIndex> index = cluster.propose(one, "x");
    ASSERT_TRUE(index.has_value());
    relay_all(cluster, Detour::there);
    EXPECT_EQ(cluster.raft(one).status().commit, *index);
    expect_to_resign(cluster, Detour::there);
}

class DrowsyLeader : public Leader {
protected:
    DrowsyLeader() : Leader(settings()) {}
    static Cluster::Settings settings() {
        Cluster::Settings settings;
        settings.hibernate_after = Duration::milliseconds(200);
        return settings;
    }
};

// No link would tell that the other is gone.
TEST_F(DrowsyLeader, relayed_heartbeats_put_nobody_to_sleep) { expect_to_resign(cluster, Detour::there); }
TEST_F(DrowsyLeader, relayed_answers_do_not_put_it_to_sleep) { expect_to_resign(cluster, Detour::back); }

TEST_F(Leader, heartbeats_carry_no_more_than_was_acknowledged) {
    cluster.set_cut(one, three, true);
    for (int i = 0; i < 5; ++i) (void)cluster.propose(one, "x");
    cluster.settle();
    cluster.skip(Duration::milliseconds(200));
    cluster.fire_due(one);
    ASSERT_EQ(cluster.network().size(), 2u);
    EXPECT_EQ(cluster.network()[0].commit, LogIndex(6));
    EXPECT_EQ(cluster.network()[1].commit, LogIndex(1));
}

// One that has answered an append since the last beat needs none; one that has not does.
TEST_F(Leader, no_heartbeat_follows_an_append_that_was_answered) {
    cluster.set_cut(one, three, true);
    (void)cluster.propose(one, "x");
    cluster.settle();
    cluster.skip(Duration::milliseconds(100));
    cluster.fire_due(one);
    ASSERT_EQ(cluster.network().size(), 1u);
    EXPECT_EQ(cluster.network()[0].to, three);
    cluster.skip(Duration::milliseconds(100));
    cluster.fire_due(one);
    ASSERT_EQ(cluster.network().size(), 3u);
    EXPECT_EQ(cluster.network()[1].to, two);
}

// A round of reads needs answers of its own.
TEST_F(Leader, a_question_that_was_not_answered_is_asked_again_in_spite_of_answered_appends) {
    cluster.read(one, 1);
    cluster.network().clear();
    (void)cluster.propose(one, "x");
    cluster.settle();
    EXPECT_TRUE(cluster.node(one).reads.empty());
    cluster.skip(Duration::milliseconds(100));
    cluster.fire_due(one);
    cluster.settle();
    EXPECT_EQ(cluster.node(one).reads.size(), 1u);
}

// They do not prove that the peer hears its leader.
TEST_F(Leader, an_append_that_was_answered_by_a_detour_spares_no_heartbeat) {
    cluster.skip(Duration::milliseconds(10));
    (void)cluster.propose(one, "x");
    relay_all(cluster, Detour::back);
    cluster.skip(Duration::milliseconds(100));
    cluster.fire_due(one);
    EXPECT_EQ(cluster.network().size(), 2u);
}

class LeaderOfTheImpatient : public Leader {
protected:
    LeaderOfTheImpatient() : Leader(settings()) {}
    static Cluster::Settings settings() {
        Cluster::Settings settings;
        settings.heartbeat_interval = Duration::milliseconds(300);  // elections after 1000
        return settings;
    }
};

// Without the one that was spared, a lost one is the second in a row.
TEST_F(LeaderOfTheImpatient, spares_no_heartbeat) {
    (void)cluster.propose(one, "x");
    cluster.settle();
    cluster.skip(Duration::milliseconds(300));
    cluster.fire_due(one);
    EXPECT_EQ(cluster.network().size(), 2u);
}

TEST_F(Leader, reads_of_one_turn_share_a_round) {
    for (uint64_t i = 1; i <= 5; ++i) cluster.raft(one).read_index(i, cluster.now());
    cluster.raft(two).read_index(6, cluster.now());
    Output output = cluster.raft(one).take_output();
    EXPECT_EQ(output.messages.size(), 2u);
    EXPECT_TRUE(output.reads.empty());
    EXPECT_EQ(cluster.raft(two).take_output().reads_failed, std::vector<uint64_t>{6});
    cluster.raft(one).read_index(7, cluster.now());
    const Output next = cluster.raft(one).take_output();
    ASSERT_EQ(next.messages.size(), 2u);
    EXPECT_NE(next.messages[0].context, output.messages[0].context);
}

TEST_F(Leader, a_lost_round_of_reads_is_asked_again) {
    cluster.read(one, 1);
    cluster.network().clear();
    cluster.advance(Duration::milliseconds(100), true);
    ASSERT_EQ(cluster.node(one).reads.size(), 1u);
    EXPECT_EQ(cluster.node(one).reads[0].index, LogIndex(1));
}

// Thesis 3.10.
TEST_F(Leader, transfer_brings_the_target_up_to_date_first) {
    cluster.set_cut(one, two, true);
    (void)cluster.propose(one, "x");
    cluster.settle();
    cluster.heal();
    ASSERT_TRUE(cluster.raft(one).transfer_leadership(two, cluster.now()).has_value());
    cluster.advance(Duration::milliseconds(300), true);
    EXPECT_EQ(cluster.leader(), two);
    EXPECT_EQ(cluster.raft(two).status().term, Term(2));
}

TEST_F(Leader, transfer_needs_a_voter) {
    EXPECT_EQ(cluster.raft(one).transfer_leadership(NodeId(9), cluster.now()).error().code,
              ErrorCode::invalid_argument);
    EXPECT_EQ(cluster.raft(two).transfer_leadership(three, cluster.now()).error().code,
              ErrorCode::not_leader);
    EXPECT_TRUE(cluster.raft(one).transfer_leadership(one, cluster.now()).has_value());
    EXPECT_TRUE(cluster.propose(one, "x").has_value());
}

TEST_F(Leader, nonsense_from_peers_is_ignored) {
    Message bad;
    bad.kind = MessageKind::append_response;
    bad.group = GroupId(1);
    bad.to = one;
    bad.from = two;
    bad.term = Term(1);
    bad.index = LogIndex(99);  // beyond the log
    cluster.deliver_copy(bad);
    bad.index = LogIndex(1);
    bad.from = NodeId(9);  // a stranger
    cluster.deliver_copy(bad);
    bad.kind = MessageKind::heartbeat_response;
    bad.from = two;
    bad.context = 1234;  // a round that never was
    cluster.deliver_copy(bad);
    bad.kind = MessageKind::append_request;  // another leader of this term
    cluster.deliver_copy(bad);
    EXPECT_EQ(cluster.leader(), one);
    EXPECT_EQ(cluster.raft(one).peers().size(), 2u);
    EXPECT_EQ(cluster.raft(one).peers()[0].match, LogIndex(1));
}

class BoundedLeader : public Leader {
protected:
    BoundedLeader() : Leader(Cluster::Settings{1, 200, 3, 100, {}}) {}
};

// Pitfall 31.
TEST_F(BoundedLeader, refuses_beyond_the_uncommitted_bytes) {
    const std::string big(60, 'x');
    cluster.set_cut(one, two, true);
    cluster.set_cut(one, three, true);
    ASSERT_TRUE(cluster.propose(one, big).has_value());
    EXPECT_EQ(cluster.propose(one, big).error().code, ErrorCode::overloaded);
    ASSERT_TRUE(cluster.propose(one, "small").has_value());
    cluster.heal();
    cluster.advance(Duration::milliseconds(300), true);
    EXPECT_TRUE(cluster.propose(one, std::string(500, 'x')).has_value());  // one always may
    EXPECT_EQ(cluster.propose(one, "x").error().code, ErrorCode::overloaded);
}

// What it learns in another way than by counting no longer counts as uncommitted, and is not counted again.
TEST_F(BoundedLeader, is_told_what_is_committed) {
    const std::string big(60, 'x');
    cluster.set_cut(two, one, true);
    cluster.set_cut(three, one, true);
    ASSERT_TRUE(cluster.propose(one, big).has_value());
    cluster.settle();
    ASSERT_EQ(cluster.raft(two).status().last, cluster.raft(one).status().last);
    EXPECT_EQ(cluster.propose(one, big).error().code, ErrorCode::overloaded);
    const Status status = cluster.raft(one).status();
    cluster.raft(one).known_committed(status.last, status.term, cluster.now());
    EXPECT_EQ(cluster.raft(one).status().commit, status.last);
    ASSERT_TRUE(cluster.propose(one, big).has_value());
    EXPECT_EQ(cluster.propose(one, big).error().code, ErrorCode::overloaded);
    cluster.heal();
    cluster.advance(Duration::milliseconds(300), true);
    EXPECT_TRUE(cluster.propose(one, big).has_value());
}

TEST_F(BoundedLeader, sends_no_more_than_the_window) {
    for (int i = 0; i < 20; ++i) (void)cluster.propose(one, "x");
    const auto to_two = std::count_if(cluster.network().begin(), cluster.network().end(),
                                      [](const Message& m) { return m.to == two; });
    EXPECT_EQ(to_two, 3);
    cluster.settle();
    EXPECT_EQ(cluster.raft(one).status().commit, LogIndex(21));
}

TEST_F(BoundedLeader, appends_stay_below_their_limit) {
    cluster.set_cut(one, three, true);
    for (int i = 0; i < 20; ++i) {
        (void)cluster.propose(one, "x");
        cluster.settle();
    }
    cluster.heal();
    cluster.skip(Duration::milliseconds(100));
    cluster.fire_due(one);
    size_t largest = 0;
    while (!cluster.network().empty()) {
        largest = std::max(largest, cluster.network()[0].entries.size());
        cluster.deliver(0);
        cluster.persist_all(three);
    }
    EXPECT_EQ(largest, 3u);  // 65 bytes each, 200 at most
    EXPECT_EQ(cluster.raft(three).status().last, LogIndex(21));
}

}  // namespace
}  // namespace quern::raft::testing
