// Receive, delete, change of visibility, expiry of leases (scenarios S70 to S80, S109).
#include "tests/unit/queue/group_fixture.h"

namespace quern::queue::test {
namespace {

using Ids = std::vector<uint64_t>;

TEST(Lease, oldest_ready_messages_are_handed_out_first) {
    GroupFixture f;
    for (int i = 0; i < 5; ++i) f.send();
    EXPECT_EQ(seqs(f.receive(2)), (Ids{1, 2}));
    EXPECT_EQ(seqs(f.receive(10)), (Ids{3, 4, 5}));
    EXPECT_TRUE(f.receive(10).empty());
}

TEST(Lease, delivery_tells_content_times_and_count) {
    GroupFixture f;
    Reply sent = f.apply(orders, Send{{SendEntry{f.content(30, 100), 20, -1}}});
    const LogIndex index = f.group.index();
    f.now += 50;
    const Delivery d = f.receive(1, 7000).at(0);
    EXPECT_EQ(d.content, (BodyRef{index, 100, 30}));
    EXPECT_EQ(d.body_bytes, 20u);
    EXPECT_EQ(d.receive_count, 1u);
    EXPECT_EQ(d.sent.ms, 1'000'000);
    EXPECT_EQ(d.first_received.ms, 1'000'050);
    EXPECT_EQ(d.leased_until.ms, 1'007'050);
    f.now += 7000;
    const Delivery again = f.receive(1).at(0);
    EXPECT_EQ(again.receive_count, 2u);
    EXPECT_EQ(again.first_received, d.first_received);
    EXPECT_EQ(again.epoch, d.epoch.next());
}

TEST(Lease, ends_at_its_time_and_not_before) {
    GroupFixture f;
    f.send();
    const Delivery d = f.receive(1, 1000).at(0);
    f.now = d.leased_until.ms - 1;
    EXPECT_TRUE(f.receive().empty());
    f.now = d.leased_until.ms;
    EXPECT_EQ(seqs(f.receive()), (Ids{1}));
}

TEST(Lease, returned_message_goes_before_fresh_ones) {
    GroupFixture f;
    for (int i = 0; i < 3; ++i) f.send();
    const auto first = f.receive(2, 1000);
    f.now += 1000;
    EXPECT_EQ(seqs(f.receive(3)), (Ids{1, 2, 3}));
}

TEST(Lease, time_never_goes_back) {
    GroupFixture f;
    f.send();
    f.now += 3'600'000;
    const Delivery d = f.receive(1, 30'000).at(0);
    f.now -= 3'600'000;
    f.tick();
    EXPECT_EQ(f.group.time().ms, 1'000'000 + 3'600'000);
    EXPECT_TRUE(f.receive().empty());
    f.now = d.leased_until.ms;
    EXPECT_EQ(f.receive().size(), 1u);
}

TEST(Lease, delete_at_before_and_after_the_end_works_until_redelivery) {
    for (const int64_t offset : {-1, 0, 1}) {
        GroupFixture f;
        f.send();
        const Delivery d = f.receive(1, 1000).at(0);
        f.now = d.leased_until.ms + offset;
        EXPECT_EQ(f.remove(f.receipt(d)), ErrorCode::ok);
        EXPECT_EQ(f.counters().deleted, 1u);
        EXPECT_TRUE(f.receive().empty());
    }
}

TEST(Lease, stale_receipt_deletes_nothing_and_succeeds) {
    GroupFixture f;
    f.send();
    const Delivery old = f.receive(1, 1000).at(0);
    f.now += 1000;
    const Delivery fresh = f.receive(1, 1000).at(0);
    EXPECT_EQ(f.remove(f.receipt(old)), ErrorCode::ok);
    EXPECT_EQ(f.counters().leased, 1u);
    EXPECT_EQ(f.change(f.receipt(old), 0), ErrorCode::receipt_stale);
    EXPECT_EQ(f.counters().leased, 1u);
    EXPECT_EQ(f.remove(f.receipt(fresh)), ErrorCode::ok);
    EXPECT_EQ(f.remove(f.receipt(fresh)), ErrorCode::ok);
    EXPECT_EQ(f.counters().deleted, 1u);
}

TEST(Lease, foreign_receipts_are_invalid) {
    GroupFixture f;
    f.send();
    const Delivery d = f.receive().at(0);
    for (Receipt r : {Receipt{QueueId{8}, d.seq, d.epoch}, Receipt{orders, MessageSeq{2}, d.epoch},
                      Receipt{orders, MessageSeq{0}, d.epoch}, Receipt{orders, d.seq, LeaseEpoch{0}}}) {
        EXPECT_EQ(f.remove(r), ErrorCode::receipt_invalid);
        EXPECT_EQ(f.change(r, 5), ErrorCode::receipt_invalid);
    }
    EXPECT_EQ(f.counters().leased, 1u);
}

TEST(Lease, visibility_range_is_checked) {
    GroupFixture f;
    f.send();
    EXPECT_EQ(error_of(f.receive_reply(1, -2)), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of(f.receive_reply(1, 43'200'001)), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of(f.receive_reply(0)), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of(f.receive_reply(1001)), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of(f.receive_reply(1000, 43'200'000)), ErrorCode::ok);
    EXPECT_EQ(f.counters().leased, 1u);
}

TEST(Lease, of_no_time_leaves_the_message_ready_with_its_count_raised) {
    GroupFixture f;
    f.send();
    const Delivery first = f.receive(10, 0).at(0);
    EXPECT_EQ(f.counters().ready, 1u);
    const Delivery second = f.receive(10, 0).at(0);
    EXPECT_EQ(second.receive_count, 2u);
    EXPECT_EQ(f.change(f.receipt(second), 10), ErrorCode::receipt_stale);
    EXPECT_EQ(f.remove(f.receipt(first)), ErrorCode::ok);
    EXPECT_EQ(f.counters().deleted, 0u);
    EXPECT_EQ(f.remove(f.receipt(second)), ErrorCode::ok);
    EXPECT_EQ(f.counters().deleted, 1u);
}

TEST(ChangeVisibility, extends_shortens_and_releases) {
    GroupFixture f;
    f.send();
    Delivery d = f.receive(1, 1000).at(0);
    f.now += 999;
    EXPECT_EQ(f.change(f.receipt(d), 5000), ErrorCode::ok);
    f.now += 4999;
    EXPECT_TRUE(f.receive().empty());
    f.now += 1;
    d = f.receive(1, 9000).at(0);
    EXPECT_EQ(f.change(f.receipt(d), 10), ErrorCode::ok);
    f.now += 10;
    d = f.receive(1, 9000).at(0);
    EXPECT_EQ(d.receive_count, 3u);
    EXPECT_EQ(f.change(f.receipt(d), 0), ErrorCode::ok);
    EXPECT_EQ(f.counters().ready, 1u);
    EXPECT_EQ(f.receive(1).at(0).receive_count, 4u);
}

TEST(ChangeVisibility, only_a_lease_that_stands_can_be_changed) {
    GroupFixture f;
    f.send();
    const Delivery d = f.receive(1, 1000).at(0);
    f.now += 1000;
    EXPECT_EQ(f.change(f.receipt(d), 5000), ErrorCode::receipt_stale);
    EXPECT_EQ(f.remove(f.receipt(d)), ErrorCode::ok);
    EXPECT_EQ(f.change(f.receipt(d), 5000), ErrorCode::receipt_stale);
}

TEST(ChangeVisibility, total_is_at_most_twelve_hours_from_the_receive) {
    constexpr int64_t twelve_hours = 43'200'000;
    GroupFixture f;
    f.send();
    const Delivery d = f.receive(1, 60'000).at(0);
    f.now += 10;
    EXPECT_EQ(f.change(f.receipt(d), twelve_hours - 9), ErrorCode::invalid_argument);
    EXPECT_EQ(f.change(f.receipt(d), -1), ErrorCode::invalid_argument);
    EXPECT_EQ(f.change(f.receipt(d), twelve_hours + 1), ErrorCode::invalid_argument);
    EXPECT_EQ(f.change(f.receipt(d), twelve_hours - 10), ErrorCode::ok);
}

TEST(LeasedLimit, is_an_error_only_when_nothing_can_be_handed_out) {
    Attributes a;
    a.leased_messages_max = 3;
    GroupFixture f(a);
    for (int i = 0; i < 5; ++i) f.send();
    const auto two = f.receive(2);
    EXPECT_EQ(f.receive(10).size(), 1u);
    Reply refused = f.receive_reply(10);
    EXPECT_EQ(error_of(refused), ErrorCode::over_limit);
    EXPECT_EQ(std::get<Error>(refused.result).limit, 3);
    EXPECT_EQ(std::get<Error>(refused.result).actual, 3);
    EXPECT_TRUE(f.group.has_ready(orders));
    f.remove(f.receipt(two[0]));
    EXPECT_EQ(seqs(f.receive(10)), (Ids{4}));
}

TEST(Receive, bytes_bound_the_batch_but_one_message_always_fits) {
    GroupFixture f;
    f.send(100);
    f.send(100);
    f.send(100);
    Receive receive;
    receive.messages_max = 10;
    for (const auto& [bytes_max, expected] : {std::pair{uint64_t{0}, 1u}, {200u, 2u}}) {
        receive.bytes_max = bytes_max;
        Reply reply = f.apply(orders, receive);
        EXPECT_EQ(std::get<ReceiveReply>(reply.result).deliveries.size(), expected);
    }
}

}  // namespace
}  // namespace quern::queue::test
