// A single replica against hand-made messages.
#include <gtest/gtest.h>

#include "tests/unit/raft/cluster.h"

namespace quern::raft::testing {
namespace {

constexpr NodeId self{1};
constexpr NodeId leader{2};

Message message(MessageKind kind, uint64_t term) {
    Message m;
    m.kind = kind;
    m.group = GroupId(1);
    m.from = leader;
    m.to = self;
    m.term = Term(term);
    return m;
}

Message append(uint64_t term, uint64_t previous, uint64_t previous_term,
               std::vector<uint64_t> terms, uint64_t commit = 0) {
    Message m = message(MessageKind::append_request, term);
    m.index = LogIndex(previous);
    m.log_term = Term(previous_term);
    m.commit = LogIndex(commit);
    for (uint64_t entry_term : terms) {
        m.entries.push_back({LogIndex(++previous), Term(entry_term), EntryKind::command,
                             Buffer::copy_of("x")});
    }
    return m;
}

// Log of terms 1 1 1 2 2 in term 2, of three voters.
class Follower : public ::testing::Test {
protected:
    Follower() {
        Restored restored;
        restored.hard_state = {Term(2), NodeId{}};
        restored.snapshot.configuration = {ids({1, 2, 3}), {}, {}};
        uint64_t index = 0;
        for (uint64_t term : {1, 1, 1, 2, 2}) {
            restored.entries.push_back(
                {LogIndex(++index), Term(term), EntryKind::command, Buffer::copy_of("x")});
        }
        Options options;
        options.group = GroupId(1);
        options.self = self;
        raft = std::make_unique<Raft>(options, std::move(restored), now);
    }

    Output step(const Message& m) {
        raft->step(m, now);
        raft->check_invariants();
        return raft->take_output();
    }

    Instant now{Duration::seconds(100).ns};
    std::unique_ptr<Raft> raft;
};

TEST_F(Follower, acknowledges_only_after_the_disk) {
    const Output output = step(append(2, 5, 2, {2}));
    EXPECT_TRUE(output.messages.empty());
    ASSERT_EQ(output.messages_after_persist.size(), 1u);
    EXPECT_EQ(output.messages_after_persist[0].index, LogIndex(6));
    EXPECT_NE(output.sequence, 0u);
    EXPECT_EQ(raft->status().persisted, LogIndex(5));
    raft->persisted(output.sequence, now);
    EXPECT_EQ(raft->status().persisted, LogIndex(6));
}

// Even when nothing has to be written: what it says may still be on its way to the disk.
TEST_F(Follower, repeated_append_waits_for_the_disk_too) {
    (void)step(append(2, 5, 2, {2}));
    const Output again = step(append(2, 5, 2, {2}));
    EXPECT_TRUE(again.entries.empty());
    EXPECT_TRUE(again.messages.empty());
    ASSERT_EQ(again.messages_after_persist.size(), 1u);
    EXPECT_EQ(again.sequence, 2u);
}

TEST_F(Follower, acknowledgements_of_one_output_are_one) {
    raft->step(append(2, 5, 2, {2}), now);
    raft->step(append(2, 6, 2, {2, 2}), now);
    const Output output = raft->take_output();
    ASSERT_EQ(output.messages_after_persist.size(), 1u);
    EXPECT_EQ(output.messages_after_persist[0].index, LogIndex(8));
    EXPECT_EQ(output.entries.size(), 3u);
}

TEST_F(Follower, conflict_truncates_and_says_so) {
    const Output output = step(append(3, 3, 1, {3}));
    EXPECT_EQ(output.truncate_from, LogIndex(4));
    ASSERT_EQ(output.entries.size(), 1u);
    EXPECT_EQ(output.entries[0].term, Term(3));
    EXPECT_EQ(raft->status().last, LogIndex(4));
    EXPECT_EQ(raft->status().persisted, LogIndex(3));
}

// An output on its way to the disk vouches for nothing that was truncated meanwhile.
TEST_F(Follower, persisted_does_not_count_truncated_entries) {
    const Output first = step(append(2, 5, 2, {2, 2}));
    const Output second = step(append(3, 3, 1, {3}));
    raft->persisted(first.sequence, now);
    EXPECT_EQ(raft->status().persisted, LogIndex(3));
    raft->persisted(second.sequence, now);
    EXPECT_EQ(raft->status().persisted, LogIndex(4));
}

// Entries that were never handed out need no truncation.
TEST_F(Follower, truncation_before_writing_is_silent) {
    raft->step(append(2, 5, 2, {2, 2}), now);
    raft->step(append(3, 5, 2, {3}), now);
    const Output output = raft->take_output();
    EXPECT_EQ(output.truncate_from, LogIndex(0));
    ASSERT_EQ(output.entries.size(), 1u);
    EXPECT_EQ(output.entries[0].term, Term(3));
}

// Pitfall 10, S51.
TEST_F(Follower, shorter_append_truncates_nothing) {
    const Output output = step(append(2, 2, 1, {1}));
    EXPECT_EQ(raft->status().last, LogIndex(5));
    EXPECT_EQ(output.truncate_from, LogIndex(0));
    ASSERT_EQ(output.messages_after_persist.size(), 1u);
    EXPECT_EQ(output.messages_after_persist[0].index, LogIndex(3));
}

TEST_F(Follower, refusal_says_where_to_continue) {
    Output output = step(append(2, 9, 2, {2}));
    ASSERT_EQ(output.messages.size(), 1u);
    EXPECT_TRUE(output.messages[0].reject);
    EXPECT_EQ(output.messages[0].index, LogIndex(9));
    EXPECT_EQ(output.messages[0].hint_index, LogIndex(5));
    EXPECT_EQ(output.messages[0].hint_term, Term(2));
    // The whole run of a conflicting term is skipped at once.
    output = step(append(4, 5, 1, {4}));
    ASSERT_EQ(output.messages.size(), 1u);
    EXPECT_EQ(output.messages[0].hint_index, LogIndex(3));
    EXPECT_EQ(output.messages[0].hint_term, Term(1));
}

TEST_F(Follower, commits_no_further_than_what_matched) {
    Output output = step(append(2, 2, 1, {1}, 5));
    EXPECT_EQ(raft->status().commit, LogIndex(3));
    EXPECT_EQ(output.committed.size(), 3u);
    Message beat = message(MessageKind::heartbeat_request, 2);
    beat.commit = LogIndex(99);
    output = step(beat);
    EXPECT_EQ(raft->status().commit, LogIndex(5));
    EXPECT_EQ(output.committed.size(), 2u);
}

// Thesis 3.5: the same index and term, the same log up to there.
TEST_F(Follower, takes_what_another_has_applied_for_committed_where_it_matches) {
    raft->known_committed(LogIndex(6), Term(2), now);  // beyond the log
    raft->known_committed(LogIndex(4), Term(1), now);  // another entry
    raft->known_committed(LogIndex{}, Term{}, now);
    EXPECT_EQ(raft->status().commit, LogIndex{});
    raft->known_committed(LogIndex(4), Term(2), now);
    EXPECT_EQ(raft->status().commit, LogIndex(4));
    EXPECT_EQ(raft->take_output().committed.size(), 4u);
    raft->known_committed(LogIndex(3), Term(1), now);
    EXPECT_EQ(raft->status().commit, LogIndex(4));
}

TEST_F(Follower, append_below_the_commit_index_adds_what_is_new) {
    (void)step(append(2, 4, 2, {2}, 5));
    const Output output = step(append(2, 2, 1, {1, 2, 2, 2, 2}));
    EXPECT_EQ(raft->status().last, LogIndex(7));
    ASSERT_EQ(output.messages_after_persist.size(), 1u);
    EXPECT_EQ(output.messages_after_persist[0].index, LogIndex(7));
    const Output old = step(append(2, 1, 1, {1}));
    ASSERT_EQ(old.messages_after_persist.size(), 1u);
    EXPECT_EQ(old.messages_after_persist[0].index, LogIndex(5));
}

TEST_F(Follower, malformed_appends_are_ignored) {
    std::vector<Message> bad;
    bad.push_back(append(2, 5, 2, {3}));     // an entry of a term to come
    bad.push_back(append(3, 5, 2, {3, 2}));  // terms that fall
    bad.push_back(append(2, 5, 2, {2, 2}));
    bad.back().entries[1].index = LogIndex(9);
    bad.push_back(append(2, 5, 2, {2}));
    bad.back().entries[0].kind = EntryKind::configuration;  // unreadable
    bad.push_back(append(2, 5, 2, {2}));
    bad.back().entries[0].payload = Buffer();
    for (const Message& m : bad) {
        const Output output = step(m);
        EXPECT_TRUE(output.entries.empty());
        EXPECT_TRUE(output.messages_after_persist.empty());
        EXPECT_EQ(raft->status().last, LogIndex(5));
    }
}

// Thesis figure 3.1, R7.
TEST_F(Follower, votes_once_and_after_the_disk) {
    Message request = message(MessageKind::vote_request, 3);
    request.index = LogIndex(5);
    request.log_term = Term(2);
    const Output granted = step(request);
    EXPECT_TRUE(granted.messages.empty());
    ASSERT_EQ(granted.messages_after_persist.size(), 1u);
    ASSERT_TRUE(granted.hard_state.has_value());
    EXPECT_EQ(*granted.hard_state, (HardState{Term(3), leader}));
    // Again the same answer, again after the disk; nobody else gets it.
    EXPECT_EQ(step(request).messages_after_persist.size(), 1u);
    request.from = NodeId(3);
    const Output refused = step(request);
    ASSERT_EQ(refused.messages.size(), 1u);
    EXPECT_TRUE(refused.messages[0].reject);
}

// A candidate is the voter it must not count before the disk does.
TEST(Candidate, counts_its_own_vote_when_durable) {
    Restored restored;
    restored.snapshot.configuration = {ids({1}), {}, {}};
    Options options;
    options.group = GroupId(1);
    options.self = self;
    const Instant now{};
    Raft raft(options, restored, now);
    Message request = message(MessageKind::vote_request, 5);
    raft.step(request, now);
    const Output first = raft.take_output();
    raft.campaign(now);
    const Output second = raft.take_output();
    ASSERT_TRUE(second.hard_state.has_value());
    raft.persisted(first.sequence, now);
    EXPECT_EQ(raft.status().role, Role::candidate);
    raft.persisted(second.sequence, now);
    EXPECT_EQ(raft.status().role, Role::leader);
    EXPECT_EQ(raft.status().term, Term(6));
}

// Thesis 3.6.1.
TEST_F(Follower, does_not_vote_for_a_shorter_log) {
    Message request = message(MessageKind::vote_request, 3);
    request.index = LogIndex(4);
    request.log_term = Term(2);
    const Output output = step(request);
    ASSERT_EQ(output.messages.size(), 1u);
    EXPECT_TRUE(output.messages[0].reject);
    EXPECT_EQ(raft->status().term, Term(3));
}

// Pitfall 16, thesis 4.1: the candidate's configuration decides whom it asks.
TEST_F(Follower, votes_for_strangers) {
    Message request = message(MessageKind::vote_request, 3);
    request.from = NodeId(77);
    request.index = LogIndex(5);
    request.log_term = Term(2);
    EXPECT_EQ(step(request).messages_after_persist.size(), 1u);
}

// Thesis 9.6.
TEST_F(Follower, pre_vote_leaves_no_trace) {
    Message request = message(MessageKind::pre_vote_request, 9);
    request.index = LogIndex(5);
    request.log_term = Term(2);
    const Output output = step(request);
    ASSERT_EQ(output.messages.size(), 1u);
    EXPECT_FALSE(output.messages[0].reject);
    EXPECT_EQ(output.messages[0].term, Term(9));
    EXPECT_FALSE(output.hard_state.has_value());
    EXPECT_EQ(raft->status().term, Term(2));
}

TEST_F(Follower, snapshot_in_the_log_keeps_the_suffix) {
    const SnapshotMeta meta{LogIndex(4), Term(2), {ids({1, 2, 3}), {}, {}}};
    EXPECT_TRUE(raft->wants_snapshot(meta, leader, Term(2)));
    raft->snapshot_installed(meta, leader, Term(2), now);
    raft->check_invariants();
    EXPECT_EQ(raft->status().first, LogIndex(5));
    EXPECT_EQ(raft->status().last, LogIndex(5));
    EXPECT_EQ(raft->status().applied, LogIndex(4));
    const Output output = raft->take_output();
    EXPECT_EQ(output.truncate_from, LogIndex(0));
    ASSERT_EQ(output.messages_after_persist.size(), 1u);
    EXPECT_EQ(output.messages_after_persist[0].index, LogIndex(4));
    // S66: an older one, sent again, is of no use.
    EXPECT_FALSE(raft->wants_snapshot({LogIndex(2), Term(1), meta.configuration}, leader, Term(2)));
    EXPECT_FALSE(raft->wants_snapshot({LogIndex(9), Term(2), meta.configuration}, leader, Term(1)));
}

// R14, S65: the position conflicts, so does all that follows.
TEST_F(Follower, snapshot_against_the_log_discards_it) {
    const SnapshotMeta meta{LogIndex(3), Term(2), {ids({1, 2, 3}), {}, {}}};
    raft->snapshot_installed(meta, leader, Term(3), now);
    raft->check_invariants();
    EXPECT_EQ(raft->status().last, LogIndex(3));
    EXPECT_EQ(raft->status().commit, LogIndex(3));
    EXPECT_EQ(raft->term_at(LogIndex(3)), Term(2));
    const Output output = raft->take_output();
    EXPECT_EQ(output.truncate_from, LogIndex(4));
    EXPECT_TRUE(output.entries.empty());
}

TEST_F(Follower, steps_down_means_it_abstains_until_a_leader_speaks) {
    EXPECT_NE(raft->next_deadline(), Instant::never());
    raft->step_down(now);
    EXPECT_EQ(raft->next_deadline(), Instant::never());
    (void)step(message(MessageKind::heartbeat_request, 2));
    EXPECT_NE(raft->next_deadline(), Instant::never());
}

// Its disk lied about the last write: nothing but the leader's word tells that entries 6 and 7 were acknowledged.
TEST_F(Follower, learns_from_a_heartbeat_that_it_lost_what_it_acknowledged) {
    Message heartbeat = message(MessageKind::heartbeat_request, 2);
    heartbeat.commit = LogIndex(5);
    EXPECT_FALSE(step(heartbeat).messages.at(0).recovering);
    heartbeat.commit = LogIndex(7);
    EXPECT_TRUE(step(heartbeat).messages.at(0).recovering);
    EXPECT_TRUE(raft->status().recovering);

    // Nobody knows how far the lost entries' terms went: no vote, and no candidacy, meanwhile.
    Message vote = message(MessageKind::vote_request, 3);
    vote.from = NodeId(3);
    vote.transfer = true;
    vote.index = LogIndex(6);
    vote.log_term = Term(2);
    const Output refused = step(vote);
    ASSERT_EQ(refused.messages.size(), 1u);
    EXPECT_TRUE(refused.messages[0].reject);
    raft->campaign(now);
    EXPECT_EQ(raft->status().role, Role::follower);

    // A refusal says that it holds even against what was acknowledged.
    const Output behind = step(append(3, 7, 2, {3}));
    ASSERT_EQ(behind.messages.size(), 1u);
    EXPECT_TRUE(behind.messages[0].reject && behind.messages[0].recovering);
    const Output whole = step(append(3, 5, 2, {2, 2, 3}));
    ASSERT_EQ(whole.messages_after_persist.size(), 1u);
    EXPECT_FALSE(whole.messages_after_persist[0].recovering);
    raft->persisted(whole.sequence, now);
    EXPECT_FALSE(raft->status().recovering);
}

}  // namespace
}  // namespace quern::raft::testing
