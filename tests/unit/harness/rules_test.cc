// Records written by hand: for each rule one that keeps it and one that breaks it.
#include <gtest/gtest.h>

#include "harness/liveness_rules.h"
#include "harness/raft_rules.h"

namespace quern::harness {
namespace {

using Who = RaftRules::Who;

class RaftRulesTest {
public:
    std::vector<std::string> broken;
    RaftRules rules{[this](const char* invariant, const std::string&) { broken.push_back(invariant); }};
    static Who who(uint32_t node) { return {NodeId(node), GroupId(1)}; }
    void apply(uint32_t node, uint64_t index, uint64_t term, uint64_t payload = 7, uint64_t state = 0) {
        rules.applied(who(node), {LogIndex(index), Term(term), payload, state != 0 ? state : index});
    }
    static RaftRules::LogView log(uint64_t first, std::vector<uint64_t> terms) {
        return {LogIndex(first), LogIndex(first + terms.size() - 1),
                [first, terms](LogIndex i) { return Term(terms.at(i.value - first)); }};
    }
    bool good() const { return broken.empty(); }
    bool only(const std::string& invariant) const {
        return broken == std::vector<std::string>{invariant};
    }
};

TEST(RaftRules, one_leader_a_term) {
    RaftRulesTest t;
    EXPECT_TRUE(t.rules.leads(t.who(1), Term(2)));
    EXPECT_FALSE(t.rules.leads(t.who(1), Term(2)));
    EXPECT_TRUE(t.rules.leads(t.who(2), Term(3)));
    EXPECT_TRUE(t.good());
    t.rules.leads(t.who(2), Term(2));
    EXPECT_TRUE(t.only("R1"));
}

TEST(RaftRules, a_leader_only_appends) {
    RaftRulesTest t;
    t.rules.leader_log(t.who(1), Term(2), t.log(1, {1, 2}));
    t.rules.leader_log(t.who(1), Term(2), t.log(1, {1, 2, 2}));
    t.rules.leader_log(t.who(1), Term(2), t.log(3, {2, 2}));  // compacted
    EXPECT_TRUE(t.good());
    t.rules.leader_log(t.who(1), Term(2), t.log(1, {1, 2, 2}));
    EXPECT_TRUE(t.only("R2"));
    RaftRulesTest replaced;
    replaced.rules.leader_log(t.who(1), Term(2), t.log(1, {1, 1}));
    replaced.rules.leader_log(t.who(1), Term(2), t.log(1, {1, 2, 2}));
    EXPECT_TRUE(replaced.only("R2"));
}

TEST(RaftRules, all_apply_the_same_entries) {
    RaftRulesTest t;
    t.apply(1, 1, 1);
    t.apply(2, 1, 1);
    EXPECT_TRUE(t.good());
    t.apply(3, 1, 2);
    EXPECT_TRUE(t.only("R3"));
}

TEST(RaftRules, an_entry_keeps_its_bytes) {
    RaftRulesTest t;
    t.rules.sent(t.who(1), LogIndex(1), Term(1), 7);
    t.rules.sent(t.who(1), LogIndex(1), Term(2), 8);  // of another leader
    t.apply(1, 1, 2, 8);
    t.apply(2, 1, 2, 8);
    EXPECT_TRUE(t.good());
    t.apply(3, 1, 2, 9);
    EXPECT_TRUE(t.only("R15"));
    t.rules.sent(t.who(2), LogIndex(1), Term(1), 9);  // read back from a disk, say
    EXPECT_EQ(t.broken, (std::vector<std::string>{"R15", "R15"}));
    RaftRulesTest first;
    first.rules.sent(t.who(1), LogIndex(1), Term(1), 7);
    first.apply(2, 1, 1, 8);
    EXPECT_TRUE(first.only("R15"));
}

TEST(RaftRules, an_entry_far_beyond_all_others_keeps_its_bytes_too) {
    constexpr uint64_t index = uint64_t{1} << 40;
    RaftRulesTest t;
    t.rules.sent(t.who(1), LogIndex(index), Term(3), 7);
    t.rules.sent(t.who(2), LogIndex(index), Term(3), 7);
    t.rules.sent(t.who(2), LogIndex(index), Term(4), 8);
    EXPECT_TRUE(t.good());
    t.rules.sent(t.who(3), LogIndex(index), Term(3), 8);
    EXPECT_TRUE(t.only("R15"));
}

TEST(RaftRules, a_leader_holds_what_is_committed) {
    RaftRulesTest t;
    t.apply(1, 1, 1);
    t.apply(1, 2, 1);
    t.rules.leader_log(t.who(2), Term(2), t.log(1, {1, 1, 2}));
    t.apply(1, 3, 3);
    t.rules.leader_log(t.who(3), Term(3), t.log(1, {1, 1}));  // entry 3 is its own
    EXPECT_TRUE(t.good());
    t.rules.leader_log(t.who(2), Term(4), t.log(1, {1, 1}));
    EXPECT_TRUE(t.only("R4"));
    RaftRulesTest other;
    other.apply(1, 1, 1);
    other.rules.leader_log(t.who(2), Term(3), t.log(1, {2}));
    EXPECT_TRUE(other.only("R4"));
}

// The rolling hash travels with the snapshot, what it stands for may not have.
TEST(RaftRules, all_reach_the_same_states) {
    RaftRulesTest t;
    t.apply(1, 1, 1, 7, 100);
    t.apply(1, 2, 1, 7, 200);
    t.apply(1, 3, 1, 7, 300);
    t.rules.restored(t.who(2), LogIndex(1), 100);
    t.apply(2, 2, 1, 7, 200);
    t.apply(2, 3, 1, 7, 300);
    EXPECT_TRUE(t.good());
    t.rules.restored(t.who(3), LogIndex(1), 100);
    t.apply(3, 2, 1, 7, 201);
    EXPECT_TRUE(t.only("R5"));
}

TEST(RaftRules, applying_is_a_function_of_the_log) {
    RaftRulesTest t;
    t.apply(1, 1, 1, 7, 100);
    t.apply(1, 2, 1, 7, 200);
    t.apply(2, 1, 1, 7, 100);
    t.apply(2, 2, 1, 7, 200);
    EXPECT_TRUE(t.good());
    t.apply(3, 1, 1, 7, 100);
    t.apply(3, 2, 1, 7, 201);
    EXPECT_TRUE(t.only("R16"));
    RaftRulesTest later;  // told once, where the two part
    later.apply(1, 1, 1, 7, 100);
    later.apply(1, 2, 1, 7, 200);
    later.apply(2, 1, 1, 7, 101);
    later.apply(2, 2, 1, 7, 201);
    EXPECT_EQ(later.broken, (std::vector<std::string>{"R16", "R5"}));
    later.rules.restarted(t.who(2));  // from the beginning
    later.apply(2, 1, 1, 7, 102);
    EXPECT_EQ(later.broken.back(), "R16");
}

TEST(RaftRules, nothing_is_applied_twice_or_skipped) {
    RaftRulesTest t;
    t.apply(1, 1, 1);
    t.apply(1, 2, 1);
    t.rules.restarted(t.who(1));
    t.apply(1, 1, 1);  // anew after a restart
    EXPECT_TRUE(t.good());
    t.apply(1, 1, 1);
    EXPECT_TRUE(t.only("R6"));
}

TEST(RaftRules, a_promise_is_on_the_disk) {
    RaftRulesTest t;
    t.rules.promise(t.who(1), true, "holds index 1");
    EXPECT_TRUE(t.good());
    t.rules.promise(t.who(1), false, "holds index 2");
    EXPECT_TRUE(t.only("R7"));
}

TEST(RaftRules, one_vote_a_term) {
    RaftRulesTest t;
    t.rules.vote(t.who(1), Term(2), NodeId(2));
    t.rules.vote(t.who(1), Term(2), NodeId(2));
    t.rules.vote(t.who(1), Term(3), NodeId(3));
    EXPECT_TRUE(t.good());
    t.rules.restarted(t.who(1));  // a restart is no excuse
    t.rules.vote(t.who(1), Term(3), NodeId(1));
    EXPECT_TRUE(t.only("R8"));
}

TEST(RaftRules, an_answer_is_durable_on_a_majority) {
    RaftRulesTest t;
    t.rules.answer(t.who(1), LogIndex(1), {{3, 2}});
    t.rules.answer(t.who(1), LogIndex(1), {{5, 3}, {4, 3}});
    EXPECT_TRUE(t.good());
    t.rules.answer(t.who(1), LogIndex(1), {{5, 3}, {4, 2}});  // joint: both halves count
    EXPECT_TRUE(t.only("R9"));
}

TEST(RaftRules, what_recovers_was_on_the_disk) {
    RaftRulesTest t;
    t.rules.recovered(t.who(1), LogIndex(5), LogIndex(6), LogIndex(9), LogIndex(9));
    EXPECT_TRUE(t.good());
    t.rules.recovered(t.who(1), LogIndex(5), LogIndex(7), LogIndex(9), LogIndex(9));  // a gap
    t.rules.recovered(t.who(1), LogIndex(5), LogIndex(6), LogIndex(9), LogIndex(8));  // a ghost
    EXPECT_EQ(t.broken, (std::vector<std::string>{"R10", "R10"}));
    RaftRulesTest skipping;
    skipping.apply(1, 2, 1);
    EXPECT_TRUE(skipping.only("R10"));
}

TEST(RaftRules, who_lost_its_disk_is_somebody_else) {
    RaftRulesTest t;
    t.rules.identity(t.who(1), 11);
    t.rules.identity(t.who(1), 11);
    t.rules.identity(t.who(2), 22);
    EXPECT_TRUE(t.good());
    t.rules.identity(t.who(1), 12);
    EXPECT_TRUE(t.only("R11"));
}

TEST(RaftRules, one_change_of_members_at_a_time) {
    RaftRulesTest t;
    t.rules.configuration(t.who(1), Term(2), {LogIndex(5), 1, false}, LogIndex(4), Term(2));
    t.rules.configuration(t.who(1), Term(2), {LogIndex(8), 2, true}, LogIndex(7), Term(2));
    EXPECT_TRUE(t.good());
    t.rules.configuration(t.who(1), Term(2), {LogIndex(9), 1, false}, LogIndex(7), Term(2));
    EXPECT_TRUE(t.only("R12"));
    RaftRulesTest early;
    early.rules.configuration(t.who(1), Term(3), {LogIndex(5), 1, false}, LogIndex(4), Term(2));
    EXPECT_TRUE(early.only("R12"));
    RaftRulesTest two;
    two.rules.configuration(t.who(1), Term(2), {LogIndex(5), 2, false}, LogIndex(4), Term(2));
    EXPECT_TRUE(two.only("R12"));
}

TEST(RaftRules, a_snapshot_is_the_state_at_its_index) {
    RaftRulesTest t;
    t.apply(1, 1, 1);
    t.apply(1, 2, 1);
    t.rules.restored(t.who(2), LogIndex(2), 2);
    EXPECT_TRUE(t.good());
    t.rules.restored(t.who(3), LogIndex(2), 99);  // another state
    t.rules.restored(t.who(3), LogIndex(5), 5);   // of the future
    t.rules.restored(t.who(2), LogIndex(1), 1);   // back in time
    EXPECT_EQ(t.broken, (std::vector<std::string>{"R14", "R14", "R14"}));
}

TEST(LivenessRules, each_rule_passes_and_fails) {
    Verdict good;
    liveness_rules::leader(1'000, 6'200, 500, 200, good);
    liveness_rules::converged({{"s1", 5, 7}, {"s2", 5, 7}}, 0, good);
    liveness_rules::disk({"s1", 400, 100, 100}, 0, good);
    liveness_rules::memory("s1", 1'000, 1'250, 0, good);
    liveness_rules::resumed(10, 20, 10, good);
    EXPECT_TRUE(good.good());
    Verdict bad;
    liveness_rules::leader(1'000, 6'201, 500, 200, bad);
    liveness_rules::converged({{"s1", 5, 7}, {"s2", 5, 8}}, 0, bad);
    liveness_rules::disk({"s1", 401, 100, 100}, 0, bad);
    liveness_rules::memory("s1", 1'000, 1'251, 0, bad);
    liveness_rules::resumed(10, 21, 10, bad);
    for (const char* invariant : {"L1", "L6", "L7", "L8", "L9"}) EXPECT_TRUE(bad.names(invariant));
}

}  // namespace
}  // namespace quern::harness
