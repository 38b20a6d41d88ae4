// Q3, Q4, Q5, Q6: leases and receipts.
#include <gtest/gtest.h>

#include "tests/unit/harness/written_history.h"

namespace quern::harness {
namespace {

TEST(Resurrection, a_deleted_message_comes_back) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    h.remove(30, 1, 1);
    h.receive(2'000, "a", 1, 2);
    EXPECT_TRUE(h.fails("Q3"));
}

TEST(Resurrection, a_stale_delete_changes_nothing) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    h.receive(2'000, "a", 1, 2);
    h.remove(2'100, 1, 1);
    h.receive(4'000, "a", 1, 3);
    h.remove(4'100, 1, 3);
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(Resurrection, a_receive_without_answer_may_have_overtaken_the_delete) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    WrittenHistory::lose(h.receive_nothing(1'500));
    h.remove(2'000, 1, 1);
    h.receive(4'000, "a", 1, 3);
    h.remove(4'100, 1, 3);
    EXPECT_TRUE(h.passes()) << h.words;
}

// Seed 22 of the first campaign: answers to receives were lost inside the client, which asked again.
TEST(Resurrection, a_gap_in_the_leases_shows_that_the_receipt_may_have_been_stale) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    h.remove(2'000, 1, 1);
    h.receive(4'000, "a", 1, 4);
    h.remove(4'100, 1, 4);
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(Resurrection, a_peek_shows_a_deleted_message) {
    WrittenHistory h;
    h.send(10, "a", 1);
    Operation& received = h.receive(20, "a", 1, 1);
    h.remove(30, 1, 1);
    h.add(OpKind::peek, 40, 41).seen.push_back(received.seen[0]);
    EXPECT_TRUE(h.fails("Q3"));
}

TEST(LeaseExclusion, a_message_is_handed_out_during_its_lease) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    Operation& second = h.receive(1'100, "a", 1, 2);
    h.remove(1'200, 1, 2);
    EXPECT_TRUE(h.passes()) << h.words;
    second.seen[0].leased_until = ClusterTime{1'020 + WrittenHistory::visibility};
    EXPECT_TRUE(h.fails("Q4"));
}

TEST(LeaseExclusion, a_lease_that_may_have_been_released_ends_early) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    Operation& release = h.change(30, 1, 1, 0);
    h.receive(40, "a", 1, 2);
    h.remove(50, 1, 2);
    EXPECT_TRUE(h.passes()) << h.words;
    WrittenHistory::fail(release);
    EXPECT_TRUE(h.fails("Q4"));
}

TEST(ReceiptFencing, a_stale_receipt_changes_a_lease) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    h.receive(2'000, "a", 1, 2);
    Operation& change = h.change(2'100, 1, 1, 500);
    h.remove(2'200, 1, 2);
    EXPECT_TRUE(h.fails("Q5"));
    change.receipts[0].result = ErrorCode::receipt_stale;
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(ReceiptFencing, a_forged_receipt_is_taken) {
    WrittenHistory h;
    Operation& deletion = h.remove(10, 1, 1);
    deletion.receipts[0].genuine = false;
    EXPECT_TRUE(h.fails("Q5"));
    deletion.receipts[0].result = ErrorCode::receipt_invalid;
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(ReceiptFencing, another_queues_receipt_is_taken) {
    WrittenHistory h;
    h.remove(10, 1, 1).receipts[0].receipt.queue = QueueId(8);
    EXPECT_TRUE(h.fails("Q5"));
}

TEST(ReceiveCount, must_grow) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    Operation& second = h.receive(2'000, "a", 1, 2);
    second.seen[0].receive_count = 1;
    EXPECT_TRUE(h.fails("Q6"));
}

TEST(ReceiveCount, may_skip_receives_whose_answer_was_lost) {
    WrittenHistory h;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    h.receive(4'000, "a", 1, 5);
    h.remove(4'100, 1, 5);
    EXPECT_TRUE(h.passes()) << h.words;
}

}  // namespace
}  // namespace quern::harness
