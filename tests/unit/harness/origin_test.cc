// Q1, Q2, Q10, Q11, Q12, Q13: histories that must pass and their neighbours that must not.
#include <gtest/gtest.h>

#include "tests/unit/harness/written_history.h"

namespace quern::harness {
namespace {

TEST(NoLoss, what_was_received_and_deleted_is_not_lost) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    h.remove(30, 1, 1);
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(NoLoss, what_nobody_deleted_is_lost) {
    WrittenHistory h;
    h.send(10, "a", 1);
    EXPECT_TRUE(h.fails("Q1"));
    h.history.drained = false;
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(NoLoss, a_stale_delete_is_no_excuse_and_a_lost_answer_is_one) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    h.receive(2'000, "a", 1, 2);
    Operation& deletion = h.remove(3'000, 1, 1);
    EXPECT_TRUE(h.fails("Q1"));
    deletion.receipts[0].receipt.epoch = LeaseEpoch(2);
    WrittenHistory::lose(deletion);
    EXPECT_TRUE(h.passes()) << h.words;
    WrittenHistory::fail(deletion);
    deletion.returned_ns = 3'001'000'000;
    EXPECT_TRUE(h.fails("Q1"));
}

TEST(NoLoss, purge_deletion_and_retention_are_excuses_only_after_the_send) {
    for (const OpKind kind : {OpKind::purge, OpKind::delete_queue}) {
        WrittenHistory h;
        Operation& early = h.add(kind, 5, 6);
        early.at.queue = QueueId(3);
        h.send(10, "a", 1);
        EXPECT_TRUE(h.fails("Q1"));
        early.outcome = OpOutcome::info;  // given up, but perhaps still on its way
        EXPECT_FALSE(h.fails("Q1")) << h.words;
        early.outcome = OpOutcome::ok;
        h.add(kind, 20, 21);
        EXPECT_FALSE(h.fails("Q1")) << h.words;
    }
    WrittenHistory h;
    h.send(10, "a", 1);
    h.add(OpKind::status, 70'000, 70'001).counters.sent = 1;
    h.history.operations.back().counters.expired = 1;
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(Phantom, bytes_that_nobody_sent) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    h.remove(30, 1, 1);
    EXPECT_TRUE(h.passes()) << h.words;
    h.sent_at[2] = ClusterTime{11};
    h.receive(40, "b", 2, 1);
    EXPECT_TRUE(h.fails("Q2"));
}

TEST(Phantom, a_message_seen_before_it_was_sent) {
    WrittenHistory h;
    h.sent_at[1] = ClusterTime{11};
    Operation& seen = h.receive(10, "a", 1, 1);
    Operation& send = h.send(20, "a", 1);
    WrittenHistory::lose(send);
    EXPECT_TRUE(h.fails("Q2"));
    h.remove(30, 1, 1);
    send.invoked_ns = 5'000'000;  // given up, but it was on its way
    std::swap(seen, send);        // operations stand in the order in which they were asked
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(Integrity, a_message_with_other_bytes_than_sent) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.send(12, "b", 2);
    Operation& seen = h.receive(20, "a", 1, 1);
    h.remove(30, 1, 1);
    h.receive(40, "b", 2, 1);
    h.remove(50, 2, 1);
    EXPECT_TRUE(h.passes()) << h.words;
    seen.seen[0].hash = hash64(as_bytes("b"));
    EXPECT_TRUE(h.fails("Q12"));
}

TEST(HonestErrors, a_refused_send_never_appears) {
    WrittenHistory h;
    h.sent_at[1] = ClusterTime{11};
    Operation& send = h.send(10, "a", 1);
    WrittenHistory::fail(send);
    h.receive(20, "a", 1, 1);
    h.remove(30, 1, 1);
    EXPECT_TRUE(h.fails("Q13"));
    WrittenHistory::lose(send);
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(HonestErrors, a_refused_entry_of_a_batch_never_appears) {
    WrittenHistory h;
    Operation& send = h.send(10, "a", 1);
    send.sent.push_back(send.sent[0]);
    send.sent[1].hash = hash64(as_bytes("b"));
    send.sent[1].error = ErrorCode::message_too_large;
    h.sent_at[2] = ClusterTime{11};
    h.receive(20, "b", 2, 1);
    EXPECT_TRUE(h.fails("Q13"));
}

TEST(Once, a_send_of_unknown_outcome_is_stored_once) {
    WrittenHistory h;
    WrittenHistory::lose(h.send(10, "a", 1));
    h.receive(20, "a", 1, 1);
    h.remove(30, 1, 1);
    EXPECT_TRUE(h.passes()) << h.words;
    h.sent_at[2] = ClusterTime{11};
    h.receive(40, "a", 2, 1);
    h.remove(50, 2, 1);
    EXPECT_TRUE(h.fails("Q10"));
}

TEST(Once, an_answered_send_is_stored_once) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    h.remove(30, 1, 1);
    h.sent_at[2] = ClusterTime{11};
    h.receive(40, "a", 2, 1);
    h.remove(50, 2, 1);
    EXPECT_TRUE(h.fails("Q10"));
    // The same bytes sent twice make two messages.
    h.send(12, "a", 2);
    std::rotate(h.history.operations.begin() + 2, h.history.operations.end() - 1,
                h.history.operations.end());
    EXPECT_FALSE(h.fails("Q10")) << h.words;
}

TEST(UniqueIds, one_id_for_two_sends) {
    WrittenHistory h;
    h.history.drained = false;
    h.send(10, "a", 1);
    Operation& second = h.send(12, "a", 2);
    EXPECT_TRUE(h.passes()) << h.words;
    second.sent[0].seq = MessageSeq(1);
    EXPECT_TRUE(h.fails("Q11"));
}

TEST(UniqueIds, one_lease_for_two_receivers) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.history.drained = false;
    h.receive(20, "a", 1, 1);
    Operation& second = h.receive(2'000, "a", 1, 2);
    EXPECT_TRUE(h.passes()) << h.words;
    second.seen[0].epoch = LeaseEpoch(1);
    EXPECT_TRUE(h.fails("Q11"));
}

TEST(UniqueIds, one_queue_id_for_two_names) {
    WrittenHistory h;
    h.history.drained = false;
    Operation& send = h.send(10, "a", 1);
    send.queue = "invoices";
    send.at.queue = QueueId(8);
    EXPECT_TRUE(h.passes()) << h.words;
    send.at.queue = QueueId(7);
    EXPECT_TRUE(h.fails("Q11"));
}

}  // namespace
}  // namespace quern::harness
