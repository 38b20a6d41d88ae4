// What is read of a stopped node's log is what recovery would find, and what lies under its snapshot.
#include "tests/unit/stopped/stopped_nodes.h"

namespace quern::test {
namespace {

using StoppedLogs = StoppedNodes;

TEST_F(StoppedLogs, hold_what_was_written) {
    append(1, 1, 1);
    append(1, 2, 1, Buffer::copy_of("two"));
    storage::GroupChange vote;
    vote.has_hard_state = true;
    vote.term = Term(3);
    vote.voted_for = NodeId(2);
    write(1, std::move(vote));
    const auto log = log_of(1);
    EXPECT_EQ(log.last(), LogIndex(2));
    EXPECT_EQ(log.find(LogIndex(2))->payload.text(), "two");
    EXPECT_EQ(log.find(LogIndex(2))->kind, raft::EntryKind::command);
    EXPECT_EQ(log.hard_state, (raft::HardState{Term(3), NodeId(2)}));
    EXPECT_EQ(log.find(LogIndex(3)), nullptr);
}

TEST_F(StoppedLogs, end_where_they_were_cut) {
    for (uint64_t i = 1; i <= 4; ++i) append(1, i, 1);
    storage::GroupChange cut;
    cut.truncate_from = LogIndex(3);
    write(1, std::move(cut));
    EXPECT_EQ(log_of(1).last(), LogIndex(2));
    append(1, 3, 2);
    append(1, 2, 3);  // another term ends the old log there
    const auto log = log_of(1);
    EXPECT_EQ(log.last(), LogIndex(2));
    EXPECT_EQ(log.term_at(LogIndex(2)), Term(3));
}

TEST_F(StoppedLogs, go_on_over_restarts_and_segments) {
    const Buffer big = Buffer::copy_of(std::string(20'000, 'x'));
    for (uint64_t i = 1; i <= 9; ++i) {
        append(1, i, 1, big);
        if (i % 4 == 0) restart(1);
    }
    const auto log = log_of(1);
    EXPECT_EQ(log.base, LogIndex(0));
    EXPECT_EQ(log.last(), LogIndex(9));
}

TEST_F(StoppedLogs, keep_what_their_own_snapshot_covers) {
    for (uint64_t i = 1; i <= 4; ++i) append(1, i, 1);
    snapshot(1, 3, 1);
    const auto log = log_of(1);
    EXPECT_EQ(log.base, LogIndex(0));
    EXPECT_EQ(log.snapshot, LogIndex(3));
    EXPECT_EQ(log.last(), LogIndex(4));
}

TEST_F(StoppedLogs, begin_behind_a_snapshot_of_another_log) {
    for (uint64_t i = 1; i <= 4; ++i) append(1, i, 1);
    snapshot(1, 3, 2, false);
    const auto log = log_of(1);
    EXPECT_EQ(log.base, LogIndex(3));
    EXPECT_EQ(log.last(), LogIndex(3));
    EXPECT_TRUE(log.holds(LogIndex(2), Term(2)));
    EXPECT_FALSE(log.holds(LogIndex(4), Term(1)));
}

}  // namespace
}  // namespace quern::test
