// Snapshots: canonical bytes, slicing, isolation, damage.
#include "system/base/prng.h"
#include "system/queue/stored_reply.h"
#include "tests/unit/queue/group_fixture.h"

namespace quern::queue::test {
namespace {

std::string bytes_of(const std::vector<Buffer>& chunks) {
    std::string all;
    for (const Buffer& c : chunks) all += c.text();
    return all;
}

// A bit of everything: two queues, all three states, sessions, a grave.
struct Varied : GroupFixture {
    Varied() {
        send_many(300);
        apply(orders, Purge{}, {SessionId{4}, 1, 0, ClusterTime{now + 5}});
        send_many(200);
        send(0, 5000);
        ensure(QueueId{9}, {});
        apply(QueueId{9}, Send{{SendEntry{content(5, 3), 2, -1}}}, {SessionId{5}, 1});
        const auto d = receive(50, 1000);
        remove(receipt(d[0]));
        change(receipt(d[1]), 0);
        Receive too_many;
        too_many.messages_max = 5000;
        apply(orders, too_many, {SessionId{5}, 2});
        group.take_dead_bodies();
    }
};

TEST(Snapshot, restores_an_equal_state) {
    Varied f;
    const GroupState restored = GroupState::restore(snapshot(f.group)).value();
    restored.check_invariants();
    EXPECT_EQ(restored.state_hash(), f.group.state_hash());
    EXPECT_EQ(restored.rolling_hash(), f.group.rolling_hash());
    EXPECT_EQ(restored.index(), f.group.index());
    EXPECT_EQ(restored.time(), f.group.time());
    EXPECT_EQ(restored.counters(orders), f.group.counters(orders));
    EXPECT_EQ(restored.next_deadline(), f.group.next_deadline());
    EXPECT_EQ(restored.queues(), f.group.queues());
}

TEST(Snapshot, bytes_do_not_depend_on_slicing) {
    Varied f;
    const std::string whole = bytes_of(snapshot(f.group, 1 << 20));
    for (const size_t slice : {1u, 100u, 5000u}) {
        EXPECT_EQ(bytes_of(snapshot(f.group, slice)), whole);
    }
}

TEST(Snapshot, restores_from_chunks_cut_anywhere) {
    Varied f;
    const std::string whole = bytes_of(snapshot(f.group));
    for (const size_t slice : {1u, 3u, 7u, 1000u}) {
        std::vector<Buffer> chunks;
        for (size_t at = 0; at < whole.size(); at += slice) {
            chunks.push_back(Buffer::copy_of(std::string_view(whole).substr(at, slice)));
        }
        const auto restored = GroupState::restore(chunks);
        ASSERT_TRUE(restored.has_value());
        EXPECT_EQ(restored->state_hash(), f.group.state_hash());
    }
}

TEST(Snapshot, frozen_state_stays_while_the_group_goes_on) {
    Varied f;
    const std::string then = bytes_of(snapshot(f.group));
    auto frozen = f.group.freeze();
    std::string late = std::string(frozen->next_chunk(100).text());
    f.receive(100, 1000);
    f.send_many(500);
    f.apply(orders, Purge{});
    f.version = CatalogueVersion{50};
    f.apply(QueueId{9}, DropQueue{});
    f.now += 5'000'000;
    f.tick();
    f.group = GroupState();  // the frozen one stands alone
    for (Buffer c = frozen->next_chunk(100); !c.empty(); c = frozen->next_chunk(100)) late += c.text();
    EXPECT_EQ(late, then);
}

TEST(Snapshot, bodies_are_those_of_live_messages_in_order) {
    Varied f;
    auto frozen = f.group.freeze();
    std::vector<BodyRef> bodies;
    for (auto part = frozen->next_bodies(7); !part.empty(); part = frozen->next_bodies(7)) {
        EXPECT_LE(part.size(), 7u);
        bodies.insert(bodies.end(), part.begin(), part.end());
    }
    std::vector<BodyRef> expected;
    for (const QueueId queue : f.group.queues()) {
        for (const auto& p : f.group.peek(queue, MessageSeq{0}, 10'000)) {
            expected.push_back(p.message.content);
        }
    }
    EXPECT_EQ(bodies, expected);
    EXPECT_EQ(bodies.size(), 201u);
}

TEST(Snapshot, purged_bodies_that_wait_are_reported_after_a_restore_as_well) {
    GroupFixture f;
    f.send_many(2500);
    f.apply(orders, Purge{});
    f.tick();
    const size_t before = f.group.take_dead_bodies().size();
    f.group = GroupState::restore(snapshot(f.group)).value();
    size_t after = 0;
    while (f.group.next_deadline() == f.group.time()) {
        f.tick();
        after += f.group.take_dead_bodies().size();
    }
    EXPECT_EQ(before + after, 2500u);
}

TEST(Snapshot, cut_off_or_extended_bytes_are_corrupt) {
    Varied f;
    const std::string whole = bytes_of(snapshot(f.group));
    for (size_t size = 0; size < whole.size(); size += size < 2000 ? 1 : 97) {
        const auto cut = GroupState::restore({Buffer::copy_of(std::string_view(whole).substr(0, size))});
        ASSERT_FALSE(cut.has_value()) << size;
        ASSERT_EQ(cut.error().code, ErrorCode::corrupt);
    }
    EXPECT_FALSE(GroupState::restore({Buffer::copy_of(whole + "x")}).has_value());
    EXPECT_FALSE(GroupState::restore({Buffer::copy_of(whole + whole)}).has_value());
    EXPECT_FALSE(GroupState::restore({}).has_value());
}

// Storage guards the bytes with checksums; here damage must never crash or give an invalid state.
TEST(Snapshot, damaged_bytes_give_an_error_or_a_valid_state) {
    Varied f;
    const std::string whole = bytes_of(snapshot(f.group));
    Prng random(1);
    int refused = 0;
    for (int i = 0; i < 1500; ++i) {
        std::string damaged = whole;
        const uint64_t at = random.chance(1, 2) ? random.below(700) : random.below(whole.size());
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.below(8)));
        const auto restored = GroupState::restore({Buffer::copy_of(damaged)});
        if (restored.has_value()) {
            restored->check_invariants();
        } else {
            ++refused;
        }
    }
    EXPECT_GT(refused, 100);
}

TEST(Snapshot, empty_group_has_golden_bytes) {
    GroupState group;
    group.begin_entry(LogIndex{1}, ClusterTime{0x0102});
    std::string hex;
    for (const char c : bytes_of(snapshot(group))) {
        constexpr std::string_view digits = "0123456789abcdef";
        hex += digits[static_cast<uint8_t>(c) >> 4];
        hex += digits[static_cast<uint8_t>(c) & 15];
    }
    EXPECT_EQ(hex,
              "012c000000"                          // group, 44 bytes
              "01000000"                            // version
              "0100000000000000"                    // index
              "0201000000000000"                    // time
              "0000000000000000"                    // catalogue floor
              "08d931bd438f7a71"                    // rolling hash
              "0000000000000000"                    // forgotten expiry
              "0708000000" "0200000000000000");     // end, 2 items with itself
}

TEST(StoredReply, comes_back) {
    SendReply mixed;
    mixed.results = {{ErrorCode::ok, MessageSeq{5}, -1, -1}, {ErrorCode::queue_full, {}, 10, 11}};
    Reply reply{mixed};
    auto loaded = load_reply(store_reply(OperationKind::send, orders, reply));
    ASSERT_TRUE(loaded.has_value());
    EXPECT_EQ(loaded->queue, orders);
    const auto& results = std::get<SendReply>(loaded->reply.result).results;
    EXPECT_EQ(results.at(0).seq.value, 5u);
    EXPECT_EQ(results.at(1).error, ErrorCode::queue_full);
    EXPECT_EQ(results.at(1).actual, 11);
    reply.result = DeleteReply{{ErrorCode::ok, ErrorCode::receipt_invalid}};
    loaded = load_reply(store_reply(OperationKind::remove, orders, reply));
    EXPECT_EQ(std::get<DeleteReply>(loaded->reply.result).results.at(1), ErrorCode::receipt_invalid);
}

TEST(StoredReply, of_a_single_send_needs_no_allocation) {
    SendReply one;
    one.results = {{ErrorCode::ok, MessageSeq{(1u << 28) - 1}, -1, -1}};
    EXPECT_LE(store_reply(OperationKind::send, QueueId{(1u << 28) - 1}, {one}).size(), 15u);
}

TEST(StoredReply, foreign_bytes_are_refused) {
    EXPECT_FALSE(load_reply("").has_value());
    EXPECT_FALSE(load_reply(std::string_view("\x09\x01\x01", 3)).has_value());
    const std::string good = store_reply(OperationKind::purge, orders, {PurgeReply{300}});
    EXPECT_TRUE(load_reply(good).has_value());
    EXPECT_FALSE(load_reply(good + "x").has_value());
    EXPECT_FALSE(load_reply(good.substr(0, good.size() - 1)).has_value());
}

}  // namespace
}  // namespace quern::queue::test
