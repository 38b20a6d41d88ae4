// R13: reads written by hand, of a leader and its two peers; those that keep the rule and those that break it.
#include <gtest/gtest.h>

#include "harness/read_rules.h"

namespace quern::harness {
namespace {

class ReadRulesTest : public testing::Test {
protected:
    static RaftRules::Who who(uint32_t node) { return {NodeId(node), GroupId(1)}; }
    // A round of the leader s1, which that peer answers.
    void round(uint64_t term, uint64_t context, uint32_t peer = 2) {
        rules_.asks(who(1), Term(term), context);
        rules_.answers(who(peer), NodeId(1), Term(term), context);
    }
    void end(uint64_t read, uint64_t index, uint64_t term = 1) {
        rules_.ends(who(1), read, LogIndex(index), Term(term), members_);
    }
    // The rule was broken once, in these words.
    bool broken(const std::string& words) {
        return found_.size() == 1 && found_[0].starts_with("R13") &&
               found_[0].find(words) != std::string::npos;
    }

    std::vector<std::string> found_;
    ReadRules rules_{[this](const char* invariant, const std::string& text) {
        found_.push_back(std::string(invariant) + ": " + text);
    }};
    raft::Configuration members_{{NodeId(1), NodeId(2), NodeId(3)}, {}, {}};
};

TEST_F(ReadRulesTest, a_read_that_a_later_round_confirms) {
    round(1, 1);
    const uint64_t read = rules_.begins(LogIndex(5));
    round(1, 2);
    end(read, 5);
    EXPECT_TRUE(found_.empty()) << found_[0];
    end(read, 4);  // it is over, and its number means nothing
    EXPECT_TRUE(found_.empty());
}

TEST_F(ReadRulesTest, a_read_of_an_older_state) {
    const uint64_t read = rules_.begins(LogIndex(5));
    round(1, 1);
    end(read, 4);
    EXPECT_TRUE(broken("entry 5 was applied elsewhere"));
}

TEST_F(ReadRulesTest, a_round_from_before_the_read_confirms_nothing) {
    rules_.asks(who(1), Term(1), 1);
    const uint64_t read = rules_.begins(LogIndex(5));
    rules_.answers(who(2), NodeId(1), Term(1), 1);
    end(read, 5);
    EXPECT_TRUE(broken("no majority"));
}

TEST_F(ReadRulesTest, a_context_that_is_used_again_confirms_nothing) {
    rules_.asks(who(1), Term(1), 1);
    const uint64_t read = rules_.begins(LogIndex(5));
    round(1, 1);
    end(read, 5);
    EXPECT_TRUE(broken("no majority"));
}

TEST_F(ReadRulesTest, a_majority_of_both_halves_confirms) {
    members_.voters_old = {NodeId(1), NodeId(4), NodeId(5)};
    uint64_t read = rules_.begins(LogIndex(5));
    rules_.asks(who(1), Term(1), 1);
    for (const uint32_t peer : {2u, 4u}) rules_.answers(who(peer), NodeId(1), Term(1), 1);
    end(read, 5);
    EXPECT_TRUE(found_.empty()) << found_[0];
    read = rules_.begins(LogIndex(5));
    round(1, 2);
    end(read, 5);
    EXPECT_TRUE(broken("no majority"));
}

TEST_F(ReadRulesTest, who_is_alone_is_a_majority) {
    members_.voters = {NodeId(1)};
    end(rules_.begins(LogIndex(5)), 5);
    EXPECT_TRUE(found_.empty()) << found_[0];
    members_.voters.push_back(NodeId(2));
    end(rules_.begins(LogIndex(5)), 5);
    EXPECT_TRUE(broken("no majority"));
}

TEST_F(ReadRulesTest, a_leader_reads_only_once_it_has_applied_an_entry_of_its_term) {
    uint64_t read = rules_.begins(LogIndex(5));
    round(2, 1);
    end(read, 6, 2);
    read = rules_.begins(LogIndex(6));
    round(2, 2);
    end(read, 9, 3);  // it lost its office after the round, which is no harm
    EXPECT_TRUE(found_.empty()) << found_[0];
    read = rules_.begins(LogIndex(6));
    round(2, 3);
    end(read, 6, 1);
    EXPECT_TRUE(broken("nothing of that term"));
}

TEST_F(ReadRulesTest, a_leader_that_has_applied_nothing_reads_nothing) {
    const uint64_t read = rules_.begins(LogIndex(0));
    round(1, 1);
    end(read, 0, 0);
    EXPECT_TRUE(broken("nothing of that term"));
}

}  // namespace
}  // namespace quern::harness
