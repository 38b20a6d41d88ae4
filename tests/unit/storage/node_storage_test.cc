// The facade on a healthy disk: what was written is found again.
#include <gtest/gtest.h>

#include "tests/unit/storage/mem_world.h"

namespace quern::test {
namespace {

using namespace storage;

struct NodeStorageTest : ::testing::Test {
    MemWorld world;
    std::unique_ptr<NodeStorage> node;

    void start() {
        auto opened = world.open();
        ASSERT_TRUE(opened.has_value()) << opened.error().to_string();
        node = std::move(*opened);
    }
    void SetUp() override {
        ASSERT_TRUE(world.format().has_value());
        start();
    }
    void power_loss() {
        node.reset();
        world.forget();
        world.disk.crash_losing_all();
    }
    void restart() {
        power_loss();
        start();
    }
    Result<std::vector<WalEntry>> load(uint32_t group, uint64_t from, uint64_t to, size_t bytes) {
        Result<std::vector<WalEntry>> result = fail(ErrorCode::cancelled);
        node->load_entries(
            GroupId(group), LogIndex(from), LogIndex(to), bytes,
            [&](Result<std::vector<WalEntry>> loaded) { result = std::move(loaded); });
        world.run();
        return result;
    }
    Result<std::string> body(uint32_t group, const BodyRef& ref) {
        Result<std::string> result = fail(ErrorCode::cancelled);
        node->read_body(GroupId(group), ref, [&](Result<Buffer> bytes) {
            if (bytes)
                result = std::string(bytes->text());
            else
                result = fail(bytes.error());
        });
        world.run();
        return result;
    }
};

TEST_F(NodeStorageTest, written_entries_and_votes_are_recovered) {
    ASSERT_TRUE(world.commit(*node, {create_group(1), create_group(2)}).has_value());
    ASSERT_TRUE(world
                    .commit(*node, {entries(1, 1, 3, {"a", "b"}), hard_state(1, 3, 5),
                                    entries(2, 1, 4, {"x"})})
                    .has_value());
    ASSERT_TRUE(world.commit(*node, {entries(1, 3, 3, {"", "d"})}).has_value());
    restart();
    const auto groups = node->take_recovered();
    ASSERT_EQ(groups.size(), 2u);
    EXPECT_EQ(text_of(groups[0]), "1@3:a 2@3:b 3@3: 4@3:d");
    EXPECT_EQ(groups[0].term, Term(3));
    EXPECT_EQ(groups[0].voted_for, NodeId(5));
    EXPECT_EQ(groups[0].incarnation, (Uuid{9, 1}));
    EXPECT_EQ(groups[0].faulty_from, LogIndex(0));
    EXPECT_EQ(text_of(groups[1]), "1@4:x");
    EXPECT_EQ(node->superblock().node, NodeId(7));
}

TEST_F(NodeStorageTest, writes_while_one_is_under_way_share_one_batch_in_order) {
    ASSERT_TRUE(world.commit(*node, {create_group(1)}).has_value());
    const uint64_t before = world.metrics.counter("wal_batches_total").value;
    std::vector<int> order;
    for (int i = 0; i < 10; ++i) {
        node->write({entries(1, static_cast<uint64_t>(i) + 1, 1, {"p"})},
                    [&order, i](const Result<void>& done) {
                        EXPECT_TRUE(done.has_value());
                        order.push_back(i);
                    });
    }
    EXPECT_TRUE(order.empty());
    world.run();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_EQ(world.metrics.counter("wal_batches_total").value - before, 2u);
}

TEST_F(NodeStorageTest, truncated_entries_never_come_back) {
    ASSERT_TRUE(
        world.commit(*node, {create_group(1), entries(1, 1, 1, {"a", "b", "c"})}).has_value());
    GroupChange cut = entries(1, 2, 2, {"B"});
    cut.truncate_from = LogIndex(2);
    ASSERT_TRUE(world.commit(*node, {cut}).has_value());
    restart();
    EXPECT_EQ(text_of(node->take_recovered().at(0)), "1@1:a 2@2:B");
    // Also when a snapshot covers the entry that overwrote them (faults.md 3.12).
    GroupChange snapshot;
    snapshot.group = GroupId(1);
    snapshot.snapshot_index = LogIndex(2);
    snapshot.snapshot_term = Term(2);
    ASSERT_TRUE(world.commit(*node, {snapshot}).has_value());
    restart();
    const auto groups = node->take_recovered();
    EXPECT_EQ(text_of(groups.at(0)), "");
    EXPECT_EQ(groups[0].snapshot_index, LogIndex(2));
    EXPECT_EQ(groups[0].snapshot_term, Term(2));
}

TEST_F(NodeStorageTest, snapshot_keeps_or_discards_the_suffix) {
    ASSERT_TRUE(world
                    .commit(*node, {create_group(1), entries(1, 1, 1, {"a", "b", "c"}),
                                    create_group(2), entries(2, 1, 1, {"x", "y", "z"})})
                    .has_value());
    GroupChange keep;
    keep.group = GroupId(1);
    keep.snapshot_index = LogIndex(2);
    keep.snapshot_term = Term(1);
    GroupChange discard = keep;
    discard.group = GroupId(2);
    discard.keep_suffix = false;
    ASSERT_TRUE(world.commit(*node, {keep, discard}).has_value());
    ASSERT_TRUE(world.commit(*node, {entries(2, 3, 2, {"new"})}).has_value());
    restart();
    const auto groups = node->take_recovered();
    EXPECT_EQ(text_of(groups.at(0)), "3@1:c");
    EXPECT_EQ(text_of(groups.at(1)), "3@2:new");
}

TEST_F(NodeStorageTest, load_entries_reads_back_what_left_the_cache) {
    ASSERT_TRUE(world.commit(*node, {create_group(1)}).has_value());
    for (uint64_t i = 1; i <= 30; ++i) {
        ASSERT_TRUE(
            world.commit(*node, {entries(1, i, 1, {std::to_string(i) + std::string(2000, '.')})})
                .has_value());
    }
    auto loaded = load(1, 1, 30, SIZE_MAX);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().to_string();
    ASSERT_EQ(loaded->size(), 30u);
    EXPECT_EQ(loaded->at(4).payload.text().substr(0, 2), "5.");
    EXPECT_EQ(loaded->at(4).payload.size(), 2001u);
    EXPECT_EQ(load(1, 5, 30, 5000)->size(), 2u);
    EXPECT_EQ(load(1, 5, 30, 1)->size(), 1u);
    EXPECT_EQ(load(1, 31, 40, SIZE_MAX)->size(), 0u);
    restart();
    const auto group = node->take_recovered().at(0);
    ASSERT_EQ(group.entries.size(), 30u);
    EXPECT_TRUE(group.entries.front().payload.empty());
    EXPECT_FALSE(group.entries.back().payload.empty());
    EXPECT_EQ(load(1, 1, 30, SIZE_MAX)->size(), 30u);
}

TEST_F(NodeStorageTest, segments_go_when_snapshots_cover_them_and_votes_stay) {
    ASSERT_TRUE(
        world.commit(*node, {create_group(1), create_group(2), hard_state(2, 6, 4)}).has_value());
    const auto first_paths = world.disk.paths();
    for (uint64_t i = 1; i <= 60; ++i) {
        ASSERT_TRUE(world.commit(*node, {entries(1, i, 1, {std::string(6000, 'p')})}).has_value());
    }
    EXPECT_EQ(node->groups_pinning_oldest_segment(), std::vector<GroupId>{GroupId(1)});
    const uint64_t before = node->wal_bytes();
    GroupChange snapshot;
    snapshot.group = GroupId(1);
    snapshot.snapshot_index = LogIndex(58);
    snapshot.snapshot_term = Term(1);
    ASSERT_TRUE(world.commit(*node, {snapshot}).has_value());
    EXPECT_LT(node->wal_bytes(), before / 2);
    restart();
    const auto groups = node->take_recovered();
    ASSERT_EQ(groups.size(), 2u);
    EXPECT_EQ(groups[0].entries.size(), 2u);
    EXPECT_EQ(groups[0].faulty_from, LogIndex(0));
    EXPECT_EQ(groups[1].term, Term(6));
    EXPECT_EQ(groups[1].voted_for, NodeId(4));
}

TEST_F(NodeStorageTest, a_write_larger_than_a_segment_gets_a_segment_of_its_own) {
    ASSERT_TRUE(world.commit(*node, {create_group(1)}).has_value());
    ASSERT_TRUE(world.commit(*node, {entries(1, 1, 1, {std::string(300'000, 'L')})}).has_value());
    ASSERT_TRUE(world.commit(*node, {entries(1, 2, 1, {"after"})}).has_value());
    restart();
    EXPECT_EQ(text_of(node->take_recovered().at(0)).substr(0, 20), "1@1: 2@1:after");
    EXPECT_EQ(load(1, 1, 1, SIZE_MAX)->at(0).payload.size(), 300'000u);
}

TEST_F(NodeStorageTest, a_removed_group_is_forgotten) {
    ASSERT_TRUE(world.commit(*node, {create_group(1), entries(1, 1, 1, {"a"})}).has_value());
    GroupChange removal;
    removal.group = GroupId(1);
    removal.remove = true;
    ASSERT_TRUE(world.commit(*node, {removal}).has_value());
    restart();
    EXPECT_TRUE(node->take_recovered().empty());
}

TEST_F(NodeStorageTest, changes_that_do_not_follow_are_refused_and_change_nothing) {
    EXPECT_EQ(world.commit(*node, {entries(1, 1, 1, {"a"})}).error().code,
              ErrorCode::invalid_argument);
    ASSERT_TRUE(world.commit(*node, {create_group(1), entries(1, 1, 1, {"a"})}).has_value());
    EXPECT_EQ(world.commit(*node, {entries(1, 3, 1, {"c"})}).error().code,
              ErrorCode::invalid_argument);
    restart();
    EXPECT_EQ(text_of(node->take_recovered().at(0)), "1@1:a");
}

TEST_F(NodeStorageTest, bodies_come_from_cache_then_log) {
    ASSERT_TRUE(
        world.commit(*node, {create_group(1), entries(1, 1, 1, {"0123456789"})}).has_value());
    const BodyRef ref{LogIndex(1), 3, 4};
    ASSERT_TRUE(node->body_cached(GroupId(1), ref).has_value());
    EXPECT_EQ(node->body_cached(GroupId(1), ref)->text(), "3456");
    EXPECT_FALSE(node->body_cached(GroupId(1), {LogIndex(1), 8, 4}).has_value());
    for (uint64_t i = 2; i <= 10; ++i) {
        ASSERT_TRUE(world.commit(*node, {entries(1, i, 1, {std::string(4000, 'q')})}).has_value());
    }
    EXPECT_FALSE(node->body_cached(GroupId(1), ref).has_value());
    EXPECT_EQ(*body(1, ref), "3456");
    EXPECT_EQ(body(1, {LogIndex(1), 8, 4}).error().code, ErrorCode::corrupt);
    EXPECT_EQ(body(1, {LogIndex(99), 8, 4}).error().code, ErrorCode::not_found);
}

// A majority may commit an entry, and its messages be received, while our own write still waits.
TEST_F(NodeStorageTest, bodies_of_entries_whose_write_waits_are_found) {
    ASSERT_TRUE(world.commit(*node, {create_group(1)}).has_value());
    size_t durable = 0;
    auto count = [&](Result<void> done) { durable += done ? 1 : 0; };
    node->write({entries(1, 1, 1, {"first"})}, count);
    node->write({entries(1, 2, 1, {"0123456789", "abcdefghij"}), entries(1, 4, 1, {"last"})}, count);
    ASSERT_EQ(durable, 0u);
    const BodyRef ref{LogIndex(3), 3, 4};
    ASSERT_TRUE(node->body_cached(GroupId(1), ref).has_value());
    EXPECT_EQ(node->body_cached(GroupId(1), ref)->text(), "defg");
    EXPECT_FALSE(node->body_cached(GroupId(2), ref).has_value());
    EXPECT_FALSE(node->body_cached(GroupId(1), {LogIndex(5), 0, 4}).has_value());
    EXPECT_EQ(*body(1, ref), "defg");
    EXPECT_EQ(durable, 2u);
}

TEST_F(NodeStorageTest, a_failed_sync_is_final) {
    ASSERT_TRUE(world.commit(*node, {create_group(1)}).has_value());
    world.run();
    world.disk.fail_next_sync = true;
    EXPECT_EQ(world.commit(*node, {entries(1, 1, 1, {"a"})}).error().code, ErrorCode::io_failed);
    EXPECT_TRUE(node->failed());
    EXPECT_EQ(world.commit(*node, {entries(1, 1, 1, {"a"})}).error().code, ErrorCode::io_failed);
    EXPECT_TRUE(node->failed());
}

}  // namespace
}  // namespace quern::test
