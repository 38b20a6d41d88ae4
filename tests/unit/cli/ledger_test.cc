#include "system/cli/job/ledger.h"

#include <gtest/gtest.h>

namespace quern::cli {
namespace {

LineDelivery delivery(uint64_t line, uint64_t index, int64_t from_ms, int64_t until_ms) {
    LineDelivery it;
    it.line = line;
    it.body_hash = 100 + line;
    it.seq = MessageSeq(line);
    it.index = LogIndex(index);
    it.leased_from = ClusterTime{from_ms};
    it.leased_until = ClusterTime{until_ms};
    return it;
}

// Two lines, sent and acked.
Ledger two_lines() {
    Ledger ledger;
    for (uint64_t line = 1; line <= 2; ++line) {
        EXPECT_EQ(ledger.add_line(100 + line), line);
        ledger.send_acked(line);
    }
    return ledger;
}

TEST(Ledger, all_is_well_when_every_line_was_received_and_deleted) {
    Ledger ledger = two_lines();
    for (uint64_t line = 1; line <= 2; ++line) {
        EXPECT_FALSE(ledger.complete());
        EXPECT_TRUE(ledger.delivered(delivery(line, 10 + line, 1000, 2000)));
        ledger.delete_acked(line, LogIndex(20));
    }
    EXPECT_TRUE(ledger.complete());
    EXPECT_TRUE(ledger.all_well());
    EXPECT_TRUE(ledger.complaints().empty());
}

TEST(Ledger, an_acked_line_that_never_came_is_lost) {
    Ledger ledger = two_lines();
    ledger.delivered(delivery(1, 11, 1000, 2000));
    ledger.delete_acked(1, LogIndex(20));
    EXPECT_FALSE(ledger.complete());
    EXPECT_FALSE(ledger.all_well());
    EXPECT_EQ(ledger.totals().lost, 1u);
    ASSERT_EQ(ledger.complaints().size(), 1u);
    EXPECT_EQ(ledger.complaints()[0], "line 2 was acked but never received");
}

TEST(Ledger, a_delivery_before_the_ack_of_its_send_counts) {
    Ledger ledger;
    ledger.add_line(101);
    ledger.delivered(delivery(1, 11, 1000, 2000));
    ledger.send_acked(1);
    ledger.delete_acked(1, LogIndex(20));
    EXPECT_TRUE(ledger.complete());
    EXPECT_TRUE(ledger.all_well());
}

TEST(Ledger, twice_within_a_lease_is_a_duplicate) {
    Ledger ledger = two_lines();
    ledger.delivered(delivery(1, 11, 1000, 2000));
    ledger.delivered(delivery(1, 12, 1999, 2999));
    EXPECT_EQ(ledger.totals().duplicated, 1u);
    EXPECT_EQ(ledger.totals().redelivered, 0u);
}

TEST(Ledger, answers_that_overtook_each_other_are_judged_by_the_log) {
    Ledger ledger = two_lines();
    ledger.delivered(delivery(1, 12, 2000, 3000));
    ledger.delivered(delivery(1, 11, 1000, 2000));
    EXPECT_EQ(ledger.totals().duplicated, 0u);
    EXPECT_EQ(ledger.totals().redelivered, 1u);
    ledger.delivered(delivery(2, 12, 1999, 2999));
    ledger.delivered(delivery(2, 11, 1000, 2000));
    EXPECT_EQ(ledger.totals().duplicated, 1u);
}

TEST(Ledger, again_after_the_lease_is_as_promised) {
    Ledger ledger = two_lines();
    EXPECT_TRUE(ledger.delivered(delivery(1, 11, 1000, 2000)));
    EXPECT_FALSE(ledger.delivered(delivery(1, 12, 2000, 3000)));
    EXPECT_EQ(ledger.totals().duplicated, 0u);
    EXPECT_EQ(ledger.totals().redelivered, 1u);
    EXPECT_EQ(ledger.totals().received, 1u);
}

TEST(Ledger, a_line_stored_twice_is_a_duplicate) {
    Ledger ledger = two_lines();
    ledger.delivered(delivery(1, 11, 1000, 2000));
    LineDelivery twin = delivery(1, 12, 5000, 6000);
    twin.seq = MessageSeq(7);
    ledger.delivered(twin);
    EXPECT_EQ(ledger.totals().duplicated, 1u);
}

TEST(Ledger, a_delivery_after_the_deletes_ok_is_a_duplicate) {
    Ledger ledger = two_lines();
    ledger.delivered(delivery(1, 11, 1000, 2000));
    ledger.delete_acked(1, LogIndex(20));
    ledger.delivered(delivery(1, 21, 5000, 6000));
    EXPECT_EQ(ledger.totals().duplicated, 1u);

    // The same, when the delete's answer comes last.
    ledger.delivered(delivery(2, 11, 1000, 2000));
    ledger.delivered(delivery(2, 21, 5000, 6000));
    ledger.delete_acked(2, LogIndex(20));
    EXPECT_EQ(ledger.totals().duplicated, 2u);
}

TEST(Ledger, another_body_or_an_unknown_line_is_damage) {
    Ledger ledger = two_lines();
    LineDelivery wrong = delivery(1, 11, 1000, 2000);
    wrong.body_hash = 5;
    ledger.delivered(wrong);
    ledger.delivered(delivery(3, 11, 1000, 2000));
    ledger.delivered(delivery(0, 11, 1000, 2000));
    EXPECT_EQ(ledger.totals().damaged, 3u);
    EXPECT_FALSE(ledger.all_well());
}

TEST(Ledger, a_refused_line_must_not_come) {
    Ledger ledger;
    ledger.add_line(101);
    ledger.send_refused(1);
    EXPECT_TRUE(ledger.complete());
    EXPECT_FALSE(ledger.all_well());  // it was not sent
    ledger.delivered(delivery(1, 11, 1000, 2000));
    EXPECT_EQ(ledger.totals().damaged, 1u);
}

TEST(Ledger, an_uncertain_line_is_waited_for) {
    Ledger ledger;
    ledger.add_line(101);
    ledger.send_uncertain(1);
    EXPECT_FALSE(ledger.complete());
    ledger.delivered(delivery(1, 11, 1000, 2000));
    ledger.delete_acked(1, LogIndex(12));
    EXPECT_TRUE(ledger.complete());
    EXPECT_TRUE(ledger.all_well());
}

}  // namespace
}  // namespace quern::cli
