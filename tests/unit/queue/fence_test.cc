// Purge, drop, incarnations and attribute versions (scenarios S75, S103, S104, S105, S107, Q17, Q18).
#include "tests/unit/queue/group_fixture.h"

namespace quern::queue::test {
namespace {

using Ids = std::vector<uint64_t>;

TEST(Purge, takes_ready_delayed_and_leased_messages_at_once) {
    GroupFixture f;
    f.send();
    f.send(10, 5000);
    f.send();
    const Delivery leased = f.receive().at(0);
    const Reply reply = f.apply(orders, Purge{});
    EXPECT_EQ(std::get<PurgeReply>(reply.result).purged, 3u);
    EXPECT_EQ(f.counters().purged, 3u);
    EXPECT_EQ(f.counters().live(), 0u);
    EXPECT_EQ(f.counters().live_bytes, 0u);
    EXPECT_FALSE(f.group.has_ready(orders));
    EXPECT_EQ(f.remove(f.receipt(leased)), ErrorCode::ok);
    EXPECT_EQ(f.change(f.receipt(leased), 1000), ErrorCode::receipt_stale);
    EXPECT_EQ(f.counters().deleted, 0u);
    EXPECT_EQ(f.send().seq.value, 4u);
    f.now += 10'000;
    EXPECT_EQ(seqs(f.receive(10)), (Ids{4}));
}

TEST(Purge, frees_in_slices_and_reports_every_body_once) {
    GroupFixture f;
    f.send_many(2500);
    f.apply(orders, Purge{});
    EXPECT_TRUE(f.group.take_dead_bodies().empty());
    EXPECT_EQ(f.group.next_deadline(), f.group.time());
    const uint64_t memory = f.group.memory_bytes();
    f.tick();
    const size_t first = f.group.take_dead_bodies().size();
    EXPECT_LE(first, 1000u);
    EXPECT_GT(first, 900u);
    EXPECT_LT(f.group.memory_bytes(), memory);
    size_t all = first;
    while (f.group.next_deadline() == f.group.time()) {
        f.tick();
        all += f.group.take_dead_bodies().size();
    }
    EXPECT_EQ(all, 2500u);
    EXPECT_EQ(f.group.next_deadline(), ClusterTime::never());
}

TEST(Purge, twice_counts_only_what_was_sent_between) {
    GroupFixture f;
    f.send_many(5);
    f.apply(orders, Purge{});
    f.send_many(2);
    EXPECT_EQ(std::get<PurgeReply>(f.apply(orders, Purge{}).result).purged, 2u);
    EXPECT_EQ(f.counters().purged, 7u);
    f.tick();
    EXPECT_EQ(f.group.take_dead_bodies().size(), 7u);
}

TEST(DropQueue, ends_the_queue_and_raises_the_floor) {
    GroupFixture f;
    f.send_many(3);
    f.group.take_ready_queues();
    f.send();
    f.version = CatalogueVersion{40};
    f.apply(orders, DropQueue{});
    EXPECT_FALSE(f.group.has_queue(orders));
    EXPECT_EQ(f.group.take_dropped_queues(), (std::vector{orders}));
    EXPECT_TRUE(f.group.take_ready_queues().empty());
    EXPECT_EQ(f.group.catalogue_floor().value, 40u);
    EXPECT_EQ(error_of(f.receive_reply()), ErrorCode::needs_attributes);
    f.apply(orders, DropQueue{});
    EXPECT_TRUE(f.group.take_dropped_queues().empty());
    f.tick();
    EXPECT_EQ(f.group.take_dead_bodies().size(), 4u);
}

TEST(DropQueue, an_older_record_does_not_bring_it_back) {
    GroupFixture f;
    f.version = CatalogueVersion{40};
    f.apply(orders, DropQueue{});
    f.version = CatalogueVersion{39};
    EXPECT_EQ(error_of(f.ensure(orders, {})), ErrorCode::stale_catalogue);
    EXPECT_EQ(error_of(f.apply(QueueId{8}, EnsureQueue{{}, CatalogueVersion{39}})),
              ErrorCode::stale_catalogue);
    EXPECT_TRUE(f.group.queues().empty());
    EXPECT_EQ(error_of(f.apply(QueueId{8}, EnsureQueue{{}, CatalogueVersion{40}})), ErrorCode::ok);
    EXPECT_EQ(f.group.record_version(QueueId{8}).value, 39u);
    f.version = CatalogueVersion{40};
    EXPECT_EQ(error_of(f.ensure(QueueId{9}, {})), ErrorCode::ok);
}

TEST(DropQueue, floor_is_the_highest_version_seen) {
    GroupFixture f;
    f.version = CatalogueVersion{40};
    f.apply(QueueId{1}, DropQueue{});
    f.version = CatalogueVersion{30};
    f.apply(QueueId{2}, DropQueue{});
    EXPECT_EQ(f.group.catalogue_floor().value, 40u);
}

TEST(DropQueue, receipts_of_one_incarnation_are_invalid_for_another) {
    GroupFixture f;
    f.send();
    const Delivery d = f.receive().at(0);
    f.version = CatalogueVersion{40};
    f.apply(orders, DropQueue{});
    const QueueId again{41};
    f.version = CatalogueVersion{41};
    f.ensure(again, {});
    f.apply(again, Send{{SendEntry{f.content(10), 10, -1}}});
    const Reply reply = f.apply(again, Delete{{f.receipt(d)}});
    EXPECT_EQ(std::get<DeleteReply>(reply.result).results.at(0), ErrorCode::receipt_invalid);
    EXPECT_EQ(f.group.counters(again).ready, 1u);
}

TEST(EnsureQueue, only_a_newer_record_changes_attributes) {
    GroupFixture f;
    Attributes a;
    a.visibility_ms = 1;
    f.ensure(orders, a);  // the version that is held
    EXPECT_EQ(f.group.attributes(orders)->visibility_ms, 30'000);
    f.version = f.version.prev();
    f.ensure(orders, a);
    EXPECT_EQ(f.group.attributes(orders)->visibility_ms, 30'000);
    f.version = f.version.plus(2);
    f.ensure(orders, a);
    EXPECT_EQ(f.group.attributes(orders)->visibility_ms, 1);
    EXPECT_EQ(f.group.record_version(orders), f.version);
}

TEST(EnsureQueue, each_receive_uses_the_attributes_of_its_place_in_the_log) {
    GroupFixture f;
    f.send_many(2);
    EXPECT_EQ(f.receive().at(0).leased_until.ms, f.now + 30'000);
    Attributes a;
    a.visibility_ms = 7;
    f.set_attributes(a);
    EXPECT_EQ(f.receive().at(0).leased_until.ms, f.now + 7);
}

TEST(EnsureQueue, nonsense_attributes_are_refused) {
    GroupFixture f;
    std::vector<Attributes> bad(6);
    bad[0].visibility_ms = -1;
    bad[1].visibility_ms = 43'200'001;
    bad[2].delay_ms = -1;
    bad[3].retention_ms = 0;
    bad[4].retention_ms = INT64_MAX;
    bad[5].overflow = static_cast<Overflow>(9);
    f.version = f.version.next();
    for (const Attributes& a : bad) {
        EXPECT_EQ(error_of(f.ensure(orders, a)), ErrorCode::invalid_attribute);
    }
    EXPECT_EQ(*f.group.attributes(orders), Attributes{});
}

TEST(RecordVersion, commands_of_another_version_are_refused) {
    GroupFixture f;
    f.version = f.version.next();
    EXPECT_EQ(error_of(f.receive_reply()), ErrorCode::needs_attributes);
    f.version = CatalogueVersion{f.version.value - 2};
    EXPECT_EQ(error_of(f.receive_reply()), ErrorCode::stale_catalogue);
    EXPECT_EQ(error_of(f.apply(QueueId{99}, Receive{})), ErrorCode::needs_attributes);
}

TEST(Wakeups, name_each_queue_once_when_messages_become_ready) {
    GroupFixture f;
    const QueueId other{3};
    f.ensure(other, {});
    f.send_many(3);
    f.apply(other, Send{{SendEntry{f.content(1), 1, -1}}});
    EXPECT_EQ(f.group.take_ready_queues(), (std::vector{other, orders}));
    EXPECT_TRUE(f.group.take_ready_queues().empty());
    const auto d = f.receive(3, 1000);
    EXPECT_TRUE(f.group.take_ready_queues().empty());
    f.change(f.receipt(d[0]), 0);
    EXPECT_EQ(f.group.take_ready_queues(), (std::vector{orders}));
    f.now += 1000;
    f.tick();  // by time alone
    EXPECT_EQ(f.group.take_ready_queues(), (std::vector{orders}));
}

TEST(DueSweep, a_lease_that_is_over_but_not_swept_counts_as_over) {
    GroupFixture f;
    f.send_many(1001);
    f.receive(1000, 1000);
    const Token token{SessionId{7}, 1, 0, ClusterTime{f.now + 60'000}};
    const Reply first = f.receive_reply(1, 1000, token);
    const Delivery last = std::get<ReceiveReply>(first.result).deliveries.at(0);
    f.now += 1000;
    f.entry();
    ASSERT_EQ(f.counters().leased, 1u);
    EXPECT_EQ(f.group.peek(orders, last.seq, 1).at(0).state, MessageState::ready);
    Command command{orders, f.version, alice, token, Receive{}};
    Reply reply = f.group.apply(command, f.payload());
    EXPECT_TRUE(reply.repeated);
    EXPECT_TRUE(std::get<ReceiveReply>(reply.result).deliveries.empty());
    command.token = {};
    command.operation = ChangeVisibility{{{f.receipt(last), 5000}}};
    reply = f.group.apply(command, f.payload());
    EXPECT_EQ(std::get<ChangeVisibilityReply>(reply.result).results.at(0), ErrorCode::receipt_stale);
    command.operation = Delete{{f.receipt(last)}};
    f.group.apply(command, f.payload());
    EXPECT_EQ(f.counters().deleted, 1u);
}

TEST(DueSweep, is_sliced_by_time_then_queue) {
    GroupFixture f;
    f.send_many(1500);
    const QueueId other{3};
    f.ensure(other, {});
    f.apply(other, Send{{SendEntry{f.content(1), 1, -1}}});
    Receive receive;
    receive.messages_max = 1000;
    receive.visibility_ms = 1000;
    f.apply(orders, receive);
    f.apply(orders, receive);
    receive.visibility_ms = 1001;
    f.apply(other, receive);
    f.now += 1001;
    f.tick();
    EXPECT_EQ(f.counters().ready, 1000u);
    EXPECT_EQ(f.group.counters(other).ready, 0u);
    EXPECT_EQ(f.group.next_deadline(), f.group.time());
    f.tick();
    EXPECT_EQ(f.counters().ready, 1500u);
    EXPECT_EQ(f.group.counters(other).ready, 1u);
}

}  // namespace
}  // namespace quern::queue::test
