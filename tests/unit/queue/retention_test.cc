// Retention and its sweep (scenarios S106, S110).
#include "tests/unit/queue/group_fixture.h"

namespace quern::queue::test {
namespace {

Attributes retention(int64_t ms) {
    Attributes a;
    a.retention_ms = ms;
    return a;
}

TEST(Retention, message_is_gone_at_its_age_and_not_before) {
    GroupFixture f(retention(60'000));
    f.send();
    f.send();
    f.now += 59'999;
    EXPECT_EQ(f.receive(1, 0).size(), 1u);
    EXPECT_EQ(f.group.next_deadline().ms, f.now + 1);
    f.now += 1;
    EXPECT_TRUE(f.receive(10).empty());
    EXPECT_EQ(f.counters().expired, 2u);
    EXPECT_EQ(f.counters().live_bytes, 0u);
    EXPECT_EQ(f.group.next_deadline(), ClusterTime::never());
}

TEST(Retention, leased_and_delayed_messages_expire_as_well) {
    GroupFixture f(retention(60'000));
    f.send();
    f.send(10, 120'000);
    const Delivery d = f.receive(1, 3'600'000).at(0);
    f.now += 60'000;
    EXPECT_EQ(f.change(f.receipt(d), 1000), ErrorCode::receipt_stale);
    EXPECT_EQ(f.remove(f.receipt(d)), ErrorCode::ok);
    EXPECT_EQ(f.counters().expired, 2u);
    EXPECT_EQ(f.counters().deleted, 0u);
    EXPECT_EQ(f.counters().live(), 0u);
}

TEST(Retention, lowering_it_takes_old_and_new_messages) {
    GroupFixture f(retention(1'000'000));
    f.send();
    const Delivery d = f.receive(1, 900'000).at(0);
    f.now += 100'000;
    f.send();
    f.set_attributes(retention(60'000));
    EXPECT_EQ(f.group.next_deadline().ms, f.now);
    EXPECT_EQ(f.remove(f.receipt(d)), ErrorCode::ok);
    EXPECT_EQ(f.counters().expired, 1u);
    EXPECT_EQ(f.counters().deleted, 0u);
    EXPECT_EQ(f.counters().ready, 1u);
    EXPECT_EQ(f.group.next_deadline().ms, f.now + 60'000);
}

TEST(Retention, raising_it_keeps_what_is_there) {
    GroupFixture f(retention(60'000));
    f.send();
    f.now += 59'999;
    f.set_attributes(retention(120'000));
    f.now += 60'000;
    EXPECT_EQ(f.receive(1, 0).size(), 1u);
    f.now += 1;
    EXPECT_TRUE(f.receive(1, 0).empty());
}

TEST(Retention, sweep_is_sliced_and_what_waits_is_out_of_sight) {
    GroupFixture f(retention(60'000));
    f.send_many(2500);
    f.now += 60'000;
    f.send();
    EXPECT_EQ(f.counters().expired, 1000u);
    EXPECT_EQ(f.group.next_deadline().ms, f.now);
    EXPECT_EQ(f.group.oldest_sent(orders).ms, f.now);
    EXPECT_EQ(f.group.peek(orders, MessageSeq{0}, 10).size(), 1u);
    EXPECT_TRUE(f.group.has_ready(orders));
    EXPECT_EQ(seqs(f.receive(10)), (std::vector<uint64_t>{2501}));
    EXPECT_EQ(f.counters().expired, 2000u);
    EXPECT_FALSE(f.group.has_ready(orders));
    f.tick();
    EXPECT_EQ(f.counters().expired, 2500u);
    EXPECT_EQ(f.group.take_dead_bodies().size(), 2500u);
    EXPECT_GT(f.group.next_deadline().ms, f.now);
}

TEST(Retention, expired_messages_do_not_fill_a_queue) {
    Attributes a = retention(60'000);
    a.queue_messages_max = 1500;
    GroupFixture f(a);
    f.send_many(1500);
    EXPECT_EQ(f.send().error, ErrorCode::queue_full);
    f.now += 60'000;
    f.send_many(900);  // one entry expired 1,000; the rest make way one by one
    EXPECT_EQ(f.counters().sent, 2400u);
    EXPECT_EQ(f.counters().expired, 1000u);
    f.send_many(400);
    EXPECT_EQ(f.counters().sent, 2800u);
    f.group.check_invariants();
}

TEST(Retention, one_old_message_keeps_little_memory) {
    GroupFixture f;
    f.send();
    const Delivery stuck = f.receive(1, 43'200'000).at(0);
    const uint64_t before = f.group.memory_bytes();
    for (int round = 0; round < 50; ++round) {
        f.send_many(1000);
        Receive receive;
        receive.messages_max = 1000;
        const Reply reply = f.apply(orders, receive);
        Delete all;
        for (const Delivery& d : std::get<ReceiveReply>(reply.result).deliveries) {
            all.receipts.push_back(f.receipt(d));
        }
        ASSERT_EQ(all.receipts.size(), 1000u);
        f.apply(orders, all);
        f.group.take_dead_bodies();
    }
    EXPECT_EQ(f.counters().live(), 1u);
    EXPECT_LT(f.group.memory_bytes(), before + 40'000);
    EXPECT_EQ(f.change(f.receipt(stuck), 0), ErrorCode::ok);
    EXPECT_EQ(seqs(f.receive()), (std::vector<uint64_t>{1}));
}

}  // namespace
}  // namespace quern::queue::test
