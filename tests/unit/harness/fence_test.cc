// Q14, Q15, Q17–Q20 and the queue size.
#include <gtest/gtest.h>

#include "tests/unit/harness/written_history.h"

namespace quern::harness {
namespace {

Operation& status(WrittenHistory& h, int64_t at, uint64_t ready, uint64_t sent) {
    Operation& op = h.add(OpKind::status, at, at + 1);
    op.counters.ready = ready;
    op.counters.sent = sent;
    op.counters.live_bytes = ready;
    return op;
}

TEST(Counters, of_one_send_and_delete) {
    WrittenHistory h;
    h.send(10, "a", 1);
    Operation& first = status(h, 12, 1, 1);
    h.receive(20, "a", 1, 1);
    h.remove(30, 1, 1);
    Operation& last = status(h, 40, 0, 1);
    last.counters.deleted = 1;
    last.counters.received = 1;
    EXPECT_TRUE(h.passes()) << h.words;
    first.counters.leased = 1;  // more live than sent
    EXPECT_TRUE(h.fails("Q14"));
    first.counters.leased = 0;
    last.counters.received = 0;
    EXPECT_TRUE(h.fails("Q14"));
    last.counters.received = 1;
    last.counters.sent = last.counters.deleted = 2;
    EXPECT_TRUE(h.fails("Q14"));
    last.counters.sent = last.counters.deleted = 0;
    EXPECT_TRUE(h.fails("Q14"));
}

TEST(Counters, an_empty_queue_holds_no_bytes_and_a_rejecting_one_drops_nothing) {
    WrittenHistory h;
    h.history.drained = false;
    h.send(10, "a", 1);
    Operation& op = status(h, 12, 0, 1);
    op.counters.dropped = 1;
    EXPECT_TRUE(h.fails("Q14"));
    op.counters.dropped = 0;
    op.counters.expired = 1;
    EXPECT_TRUE(h.passes()) << h.words;
    op.counters.live_bytes = 1;
    EXPECT_TRUE(h.fails("Q14"));
}

TEST(QueueSize, is_never_overshot) {
    WrittenHistory h;
    h.history.drained = false;
    h.send(10, "a", 1);
    h.send(12, "b", 2);
    Operation& op = status(h, 20, 2, 2);
    op.attributes.queue_messages_max = 2;
    EXPECT_TRUE(h.passes()) << h.words;
    op.attributes.queue_messages_max = 1;
    EXPECT_TRUE(h.fails("S1"));
    op.attributes.queue_messages_max = 0;
    op.attributes.queue_bytes_max = 1;
    EXPECT_TRUE(h.fails("S1"));
}

TEST(Time, never_goes_back) {
    WrittenHistory h;
    h.history.drained = false;
    h.send(10, "a", 1);
    Operation& second = h.send(20, "b", 2);
    EXPECT_TRUE(h.passes()) << h.words;
    second.at.time = ClusterTime{5};
    EXPECT_TRUE(h.fails("Q15"));
}

TEST(Time, follows_the_truth) {
    WrittenHistory h;
    h.history.drained = false;
    for (Operation& op : h.history.operations) op.at.time = ClusterTime{1'000'000};
    Operation& send = h.send(10, "a", 1);
    send.at.time = ClusterTime{1'000'011};
    CheckOptions options;
    options.started_wall_ms = 1'000'000;
    EXPECT_TRUE(h.passes(options)) << h.words;
    send.at.time = ClusterTime{1'005'000};
    EXPECT_TRUE(h.fails("Q15", options));
    send.invoked_ns = 9'000'000'000;
    send.returned_ns = 9'000'000'001;
    EXPECT_TRUE(h.fails("Q15", options));
}

TEST(Time, delays_are_kept) {
    WrittenHistory h;
    Operation& send = h.send(10, "a", 1);
    send.sent[0].delay_ms = 500;
    h.receive(600, "a", 1, 1);
    h.remove(700, 1, 1);
    EXPECT_TRUE(h.passes()) << h.words;
    send.sent[0].delay_ms = 1'000;
    EXPECT_TRUE(h.fails("Q15"));
}

TEST(Time, retention_is_kept) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(70'000, "a", 1, 1);
    EXPECT_TRUE(h.fails("Q15"));
}

TEST(Time, the_times_of_a_message_stay) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    h.receive(2'000, "a", 1, 2).seen[0].sent = ClusterTime{3};
    EXPECT_TRUE(h.fails("Q15"));
}

TEST(PurgeFence, nothing_from_before_comes_back) {
    WrittenHistory h;
    h.send(10, "a", 1);
    Operation& purge = h.add(OpKind::purge, 20, 30);
    h.receive(40, "a", 1, 1);
    h.remove(50, 1, 1);
    EXPECT_TRUE(h.fails("Q17"));
    purge.invoked_ns = 10'500'000;  // while the send was under way
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(IncarnationFence, a_deleted_queue_takes_no_more) {
    WrittenHistory h;
    h.add(OpKind::delete_queue, 10, 20);
    Operation& send = h.send(30, "a", 1);
    EXPECT_TRUE(h.fails("Q18"));
    send.at.queue = QueueId(8);
    h.history.drained = false;
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(IncarnationFence, an_older_queue_takes_nothing_once_a_later_one_of_its_name_was_seen) {
    WrittenHistory h;
    h.history.drained = false;
    Operation& older = h.send(5, "b", 1);
    Operation& later = h.send(10, "a", 1);
    later.at.queue = QueueId(8);
    EXPECT_TRUE(h.passes()) << h.words;
    older.invoked_ns = later.returned_ns + 1;
    older.returned_ns = older.invoked_ns + 1;
    EXPECT_TRUE(h.fails("Q18"));
    older.at.index = LogIndex{};  // not of a group: says nothing of where it took effect
    EXPECT_FALSE(h.fails("Q18")) << h.words;
    for (const OpKind kind : {OpKind::create_queue, OpKind::delete_queue, OpKind::set_attributes}) {
        older.kind = kind;  // the catalogue's word
        EXPECT_TRUE(h.fails("Q18"));
    }
    older.kind = OpKind::send;
    older.at.index = LogIndex(9);
    older.queue = "another";
    EXPECT_FALSE(h.fails("Q18")) << h.words;
}

TEST(Access, a_revoked_permission_is_of_no_use) {
    WrittenHistory h;
    h.history.drained = false;
    auto change = [&h](OpKind kind, int64_t at) -> Operation& {
        Operation& op = h.add(kind, at, at + 1);
        op.queue.clear();
        op.subject = "worker";
        op.at = {};
        return op;
    };
    change(OpKind::grant, 10);
    h.send(20, "a", 1).user = "worker";
    Operation& revoke = change(OpKind::revoke, 30);
    h.send(40, "b", 2).user = "worker";
    CheckOptions options;
    options.revocation_ms = 5'000;
    EXPECT_TRUE(h.passes(options)) << h.words;
    h.send(6'000, "c", 3).user = "worker";
    EXPECT_TRUE(h.fails("Q19", options));
    revoke.outcome = OpOutcome::info;
    EXPECT_TRUE(h.passes(options)) << h.words;
    revoke.outcome = OpOutcome::ok;
    change(OpKind::grant, 5'000);
    std::rotate(h.history.operations.end() - 2, h.history.operations.end() - 1,
                h.history.operations.end());
    EXPECT_TRUE(h.passes(options)) << h.words;
}

TEST(Access, what_was_granted_is_not_refused) {
    WrittenHistory h;
    h.history.drained = false;
    Operation& revoke = h.add(OpKind::revoke, 5, 6);
    Operation& grant = h.add(OpKind::grant, 10, 11);
    for (Operation* change : {&revoke, &grant}) {
        change->queue.clear();
        change->subject = "worker";
        change->at = {};
    }
    Operation& refused = h.add(OpKind::status, 20, 21);
    refused.user = "worker";
    refused.outcome = OpOutcome::fail;
    refused.error = ErrorCode::access_denied;
    CheckOptions options;
    options.revocation_ms = 5'000;
    EXPECT_TRUE(h.fails("Q19", options));
    refused.invoked_ns = 10'500'000;  // asked before the grant was answered
    EXPECT_TRUE(h.passes(options)) << h.words;
    refused.invoked_ns = 20'000'000;
    revoke.outcome = OpOutcome::info;  // may come late
    EXPECT_TRUE(h.passes(options)) << h.words;
}

TEST(Access, of_a_grant_and_a_revocation_that_overlap_either_may_be_the_last) {
    WrittenHistory h;
    h.history.drained = false;
    Operation& revoke = h.add(OpKind::revoke, 10, 14);
    Operation& grant = h.add(OpKind::grant, 12, 13);
    for (Operation* change : {&revoke, &grant}) {
        change->queue.clear();
        change->subject = "worker";
        change->at = {};
    }
    Operation& refused = h.add(OpKind::status, 20, 21);
    refused.user = "worker";
    refused.outcome = OpOutcome::fail;
    refused.error = ErrorCode::access_denied;
    CheckOptions options;
    options.revocation_ms = 5'000;
    EXPECT_TRUE(h.passes(options)) << h.words;
    grant.invoked_ns = 14'000'000;
    grant.returned_ns = 15'000'000;
    EXPECT_TRUE(h.fails("Q19", options));

    grant.invoked_ns = 8'000'000;
    grant.returned_ns = 11'000'000;
    std::swap(revoke, grant);  // operations stand in the order in which they were asked
    h.history.operations.pop_back();
    h.send(6'000, "a", 1).user = "worker";
    EXPECT_TRUE(h.passes(options)) << h.words;
    h.history.operations[1].returned_ns = 9'000'000;  // the grant, after the queue was made
    EXPECT_TRUE(h.fails("Q19", options));
}

TEST(Existence, a_queue_is_there_until_somebody_may_have_deleted_it) {
    WrittenHistory h;
    h.history.drained = false;
    Operation& gone = h.add(OpKind::status, 20, 21);
    gone.outcome = OpOutcome::fail;
    gone.error = ErrorCode::queue_does_not_exist;
    EXPECT_TRUE(h.fails("Q18"));
    gone.kind = OpKind::delete_queue;  // it may have deleted the queue itself, and says it did nothing
    EXPECT_TRUE(h.fails("Q13"));
    gone.kind = OpKind::status;
    Operation& deletion = h.add(OpKind::delete_queue, 15, 30);
    deletion.outcome = OpOutcome::info;
    EXPECT_TRUE(h.passes()) << h.words;
    deletion.invoked_ns = 25'000'000;  // after the answer
    EXPECT_TRUE(h.fails("Q18"));
}

TEST(Existence, a_deletion_that_was_given_up_may_come_late) {
    WrittenHistory h;
    h.history.drained = false;
    Operation& deletion = h.add(OpKind::delete_queue, 2, 3);
    h.add(OpKind::create_queue, 5, 6);
    Operation& gone = h.add(OpKind::status, 20, 21);
    gone.outcome = OpOutcome::fail;
    gone.error = ErrorCode::queue_does_not_exist;
    EXPECT_TRUE(h.fails("Q18"));
    deletion.outcome = OpOutcome::info;
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(Positions, a_later_question_sees_no_older_log) {
    WrittenHistory h;
    h.history.drained = false;
    h.send(10, "a", 1);
    Operation& stale = status(h, 20, 1, 1);
    EXPECT_TRUE(h.passes()) << h.words;
    stale.at.index = LogIndex(1);
    stale.at.time = ClusterTime{1};
    EXPECT_TRUE(h.fails("Q20"));
    stale.invoked_ns = 10'500'000;  // asked before the send was answered
    EXPECT_FALSE(h.fails("Q20")) << h.words;
}

}  // namespace
}  // namespace quern::harness
