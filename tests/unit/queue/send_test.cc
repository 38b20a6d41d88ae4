// Sending: sizes, delays, full queues (scenarios S108, S111).
#include "tests/unit/queue/group_fixture.h"

namespace quern::queue::test {
namespace {

using Ids = std::vector<uint64_t>;

TEST(Send, message_size_is_bounded_by_the_attribute) {
    Attributes a;
    a.message_bytes_max = 2000;
    GroupFixture f(a);
    EXPECT_EQ(f.send(2000).error, ErrorCode::ok);
    const SendResult refused = f.send(2001);
    EXPECT_EQ(refused.error, ErrorCode::message_too_large);
    EXPECT_EQ(refused.limit, 2000);
    EXPECT_EQ(refused.actual, 2001);
    EXPECT_EQ(f.send(0).error, ErrorCode::ok);
    EXPECT_EQ(f.counters().sent, 2u);
}

TEST(Send, entries_of_a_batch_are_judged_one_by_one) {
    Attributes a;
    a.message_bytes_max = 1024;
    GroupFixture f(a);
    Send batch;
    for (const auto& [size, body] : {std::pair{10u, 10u}, {1025u, 0u}, {5u, 6u}, {7u, 0u}}) {
        batch.entries.push_back({f.content(size), body, -1});
    }
    batch.entries.push_back({f.content(1), 0, -2});
    Token token{SessionId{9}, 1, 0, ClusterTime{f.now + 1000}};
    for (const bool repeated : {false, true}) {
        const Reply reply = f.apply(orders, batch, token);
        EXPECT_EQ(reply.repeated, repeated);
        const auto& results = std::get<SendReply>(reply.result).results;
        ASSERT_EQ(results.size(), 5u);
        EXPECT_EQ(results[0].seq.value, 1u);
        EXPECT_EQ(results[1].error, ErrorCode::message_too_large);
        EXPECT_EQ(results[1].actual, 1025);
        EXPECT_EQ(results[2].error, ErrorCode::invalid_argument);
        EXPECT_EQ(results[3].seq.value, 2u);
        EXPECT_EQ(results[4].error, ErrorCode::invalid_argument);
        EXPECT_EQ(f.counters().sent, 2u);
    }
}

TEST(Send, batches_are_bounded) {
    GroupFixture f;
    EXPECT_EQ(error_of(f.apply(orders, Send{})), ErrorCode::batch_empty);
    Send batch;
    batch.entries.assign(1000, SendEntry{f.content(1), 1, -1});
    EXPECT_EQ(error_of(f.apply(orders, batch)), ErrorCode::ok);
    batch.entries.push_back(batch.entries.front());
    EXPECT_EQ(error_of(f.apply(orders, batch)), ErrorCode::batch_too_large);
    batch.entries.assign(4, SendEntry{f.content(limits::message_bytes_max), 1, -1});
    EXPECT_EQ(error_of(f.apply(orders, batch)), ErrorCode::ok);
    batch.entries.push_back({f.content(1), 1, -1});
    EXPECT_EQ(error_of(f.apply(orders, batch)), ErrorCode::batch_too_large);
    EXPECT_EQ(f.counters().sent, 1004u);
    EXPECT_EQ(error_of(f.apply(orders, Delete{})), ErrorCode::batch_empty);
    Delete many{std::vector<Receipt>(1001, Receipt{orders, MessageSeq{1}, LeaseEpoch{1}})};
    EXPECT_EQ(error_of(f.apply(orders, many)), ErrorCode::batch_too_large);
}

TEST(Send, delay_ends_at_its_time) {
    Attributes a;
    a.delay_ms = 500;
    GroupFixture f(a);
    f.send();
    f.send(10, 0);
    f.send(10, 1000);
    EXPECT_EQ(f.counters().delayed, 2u);
    EXPECT_EQ(seqs(f.receive(10, 0)), (Ids{2}));
    f.now += 499;
    EXPECT_EQ(seqs(f.receive(10, 0)), (Ids{2}));
    f.now += 1;
    EXPECT_EQ(seqs(f.receive(10, 0)), (Ids{1, 2}));
    f.now += 500;
    EXPECT_EQ(seqs(f.receive(10, 0)), (Ids{1, 2, 3}));
}

TEST(FullQueue, count_is_exact_and_never_overshot) {
    Attributes a;
    a.queue_messages_max = 3;
    GroupFixture f(a);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(f.send().error, ErrorCode::ok);
    const SendResult refused = f.send();
    EXPECT_EQ(refused.error, ErrorCode::queue_full);
    EXPECT_EQ(refused.limit, 3);
    EXPECT_EQ(refused.actual, 4);
    const Delivery d = f.receive().at(0);
    EXPECT_EQ(f.send().error, ErrorCode::queue_full);  // leased ones count
    f.remove(f.receipt(d));
    EXPECT_EQ(f.send().seq.value, 4u);
}

TEST(FullQueue, bytes_are_exact_and_never_overshot) {
    Attributes a;
    a.queue_bytes_max = 100;
    GroupFixture f(a);
    EXPECT_EQ(f.send(60).error, ErrorCode::ok);
    const SendResult refused = f.send(41);
    EXPECT_EQ(refused.error, ErrorCode::queue_full);
    EXPECT_EQ(refused.limit, 100);
    EXPECT_EQ(refused.actual, 101);
    EXPECT_EQ(f.send(40).error, ErrorCode::ok);
    EXPECT_EQ(f.counters().live_bytes, 100u);
}

TEST(DropOldest, drops_ready_then_delayed_and_never_leased_messages) {
    Attributes a;
    a.queue_messages_max = 4;
    a.overflow = Overflow::drop_oldest;
    GroupFixture f(a);
    f.send();
    f.send(10, 60'000);
    f.send();
    f.send();
    EXPECT_EQ(seqs(f.receive(1)), (Ids{1}));
    f.send();
    f.send();  // 3 and 4 are gone now
    EXPECT_EQ(f.counters().dropped, 2u);
    EXPECT_EQ(f.counters().delayed, 1u);
    EXPECT_EQ(seqs(f.receive(2)), (Ids{5, 6}));
    EXPECT_EQ(f.send().seq.value, 7u);  // in place of the delayed one
    EXPECT_EQ(f.counters().delayed, 0u);
    EXPECT_EQ(seqs(f.receive(1)), (Ids{7}));
    EXPECT_EQ(f.send().error, ErrorCode::queue_full);
    EXPECT_EQ(f.counters().dropped, 3u);
}

TEST(DropOldest, a_refused_send_drops_nothing) {
    Attributes a;
    a.queue_bytes_max = 100;
    a.overflow = Overflow::drop_oldest;
    GroupFixture f(a);
    f.send(50);
    f.receive(1);
    f.send(40);
    EXPECT_EQ(f.send(51).error, ErrorCode::queue_full);
    EXPECT_EQ(f.counters().ready, 1u);
    EXPECT_EQ(f.send(50).error, ErrorCode::ok);
    EXPECT_EQ(f.counters().dropped, 1u);
    EXPECT_EQ(f.counters().live_bytes, 100u);
}

TEST(DropOldest, lowering_the_maximum_trims_in_slices) {
    Attributes a;
    a.overflow = Overflow::drop_oldest;
    GroupFixture f(a);
    f.send_many(2600);
    a.queue_messages_max = 100;
    f.set_attributes(a);
    EXPECT_EQ(f.counters().dropped, 0u);
    EXPECT_EQ(f.group.next_deadline(), f.group.time());
    EXPECT_EQ(f.send().error, ErrorCode::queue_full);
    EXPECT_EQ(f.counters().dropped, 1000u);
    f.tick();
    f.tick();
    EXPECT_EQ(f.counters().dropped, 2500u);
    EXPECT_EQ(f.counters().ready, 100u);
    EXPECT_GT(f.group.next_deadline(), f.group.time());
    EXPECT_EQ(f.send().error, ErrorCode::ok);
    EXPECT_EQ(f.counters().ready, 100u);
}

TEST(DropOldest, trimming_waits_for_leased_messages_without_work_left) {
    Attributes a;
    a.overflow = Overflow::drop_oldest;
    GroupFixture f(a);
    f.send_many(5);
    f.receive(5, 1000);
    a.queue_messages_max = 2;
    f.set_attributes(a);
    EXPECT_EQ(f.group.next_deadline().ms, f.now + 1000);
    f.now += 1000;
    f.tick();  // leases end after the trimming of the same entry
    EXPECT_EQ(f.group.next_deadline(), f.group.time());
    f.tick();
    EXPECT_EQ(f.counters().ready, 2u);
    EXPECT_EQ(f.counters().dropped, 3u);
}

}  // namespace
}  // namespace quern::queue::test
