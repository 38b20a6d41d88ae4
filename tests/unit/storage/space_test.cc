// A full disk (faults.md S32 to S36): the reserve, what waits, what need not, and how it clears by itself.
#include <gtest/gtest.h>

#include <algorithm>

#include "system/storage/segment_set.h"
#include "tests/unit/storage/mem_world.h"

namespace quern::test {
namespace {

using namespace storage;

struct Space : ::testing::Test {
    MemWorld world;
    std::unique_ptr<NodeStorage> node;
    uint64_t next = 1;
    uint64_t durable = 0;  // entries so far

    void SetUp() override {
        ASSERT_TRUE(world.format().has_value());
        open();
        ASSERT_TRUE(world.commit(*node, {create_group(1)}).has_value());
    }
    void open() {
        auto opened = world.open();
        ASSERT_TRUE(opened.has_value()) << opened.error().to_string();
        node = std::move(*opened);
    }
    // False: it waits, or it failed.
    bool write() {
        const uint64_t before = durable;
        node->write({entries(1, next, 1, {std::string(8000, 'x')})}, [this](const Result<void>& done) {
            if (done) ++durable;
        });
        ++next;
        world.run();
        return durable > before;
    }
    void fill() {
        world.disk.capacity_bytes = world.disk.used_bytes();
        int written = 0;
        while (written < 1000 && write())
            ++written;
        ASSERT_LT(written, 1000);
        ASSERT_TRUE(node->holds_writes());
    }
    GroupChange snapshot_at(uint64_t index) {
        GroupChange change;
        change.group = GroupId(1);
        change.snapshot_index = LogIndex(index);
        change.snapshot_term = Term(1);
        return change;
    }
};

TEST_F(Space, marks_follow_the_free_bytes_with_hysteresis) {
    EXPECT_EQ(node->space(), SpaceState::ok);
    const uint64_t used = world.disk.used_bytes();
    const auto with_free = [&](uint64_t free_bytes) {
        world.disk.capacity_bytes = used + free_bytes;
        world.run_for(Duration::seconds(6));
        return node->space();
    };
    EXPECT_EQ(with_free(world.options.soft_free_bytes), SpaceState::ok);
    EXPECT_EQ(with_free(world.options.soft_free_bytes - 1), SpaceState::soft);
    EXPECT_EQ(with_free(world.options.soft_free_bytes), SpaceState::soft);
    EXPECT_EQ(with_free(world.options.hard_free_bytes - 1), SpaceState::hard);
    EXPECT_EQ(with_free(world.options.hard_free_bytes), SpaceState::hard);
    EXPECT_EQ(with_free(world.options.soft_free_bytes), SpaceState::soft);
    EXPECT_EQ(with_free(world.options.soft_free_bytes * 2), SpaceState::ok);
}

TEST_F(Space, the_reserve_goes_on_then_entries_wait_and_nothing_is_latched) {
    world.disk.capacity_bytes = world.disk.used_bytes();
    EXPECT_FALSE(node->holds_writes());
    while (write()) {
    }
    // Two spares of 64 KiB take about six entries each.
    EXPECT_GE(durable, 12u);
    EXPECT_EQ(node->space(), SpaceState::hard);
    EXPECT_TRUE(node->holds_writes());
    EXPECT_FALSE(node->failed());
    // The vote of another group still finds room; entries do not.
    EXPECT_TRUE(world.commit(*node, {create_group(2), hard_state(2, 2, 3)}).has_value());
    EXPECT_FALSE(write());
}

TEST_F(Space, what_waits_keeps_its_order_within_a_group) {
    fill();
    GroupChange nothing;  // whoever asks for it wants to know that all before it is durable
    nothing.group = GroupId(1);
    EXPECT_FALSE(world.commit(*node, {nothing}).has_value());
    EXPECT_FALSE(world.commit(*node, {hard_state(1, 2, 3)}).has_value());
    EXPECT_FALSE(world.commit(*node, {entries(1, next, 2, {"later"})}).has_value());
    world.disk.capacity_bytes += 1 << 20;
    world.run_for(Duration::seconds(2));
    EXPECT_FALSE(node->holds_writes());
    node.reset();
    world.forget();
    world.disk.crash_losing_all();
    open();
    const auto groups = node->take_recovered();
    ASSERT_EQ(groups.size(), 1u);
    EXPECT_EQ(groups[0].term, Term(2));
    ASSERT_EQ(groups[0].entries.size(), next);
    EXPECT_EQ(groups[0].entries.back().term, Term(2));
}

// A spare that cannot be made uses up its number. To recovery numbers are an order, not a count.
TEST_F(Space, a_log_with_numbers_left_out_is_recovered) {
    fill();
    world.run_for(Duration::seconds(3));  // it tries again now and then
    world.disk.capacity_bytes = UINT64_MAX;
    world.run_for(Duration::seconds(1));
    ASSERT_FALSE(node->holds_writes());
    for (int life = 1; life <= 2; ++life) {
        for (int i = 0; i < 20; ++i) ASSERT_TRUE(write());
        const auto is_there = [paths = world.disk.paths()](uint64_t number) {
            return std::find(paths.begin(), paths.end(), segment_path(number)) != paths.end();
        };
        EXPECT_TRUE(is_there(3));
        for (const uint64_t burnt : {4u, 5u, 6u}) EXPECT_FALSE(is_there(burnt));
        EXPECT_GT(world.disk.used_bytes(), 6 * world.options.segment_bytes);
        node.reset();
        world.forget();
        world.disk.crash_losing_all();
        open();
        const auto groups = node->take_recovered();
        ASSERT_EQ(groups.size(), 1u);
        EXPECT_EQ(groups[0].entries.size(), next - 1);
        EXPECT_EQ(groups[0].faulty_from, LogIndex());
    }
}

TEST_F(Space, it_clears_by_itself_when_a_snapshot_frees_segments) {
    fill();
    const uint64_t before = durable;
    // Above what is on the disk it has to wait as well.
    EXPECT_FALSE(world.commit(*node, {snapshot_at(before + 1)}).has_value());
    ASSERT_TRUE(world.commit(*node, {snapshot_at(before)}).has_value());
    world.run_for(Duration::seconds(2));
    EXPECT_EQ(durable, before + 1);
    EXPECT_FALSE(node->holds_writes());
    world.disk.capacity_bytes += 4 * world.options.soft_free_bytes;
    world.run_for(Duration::seconds(2));
    EXPECT_EQ(node->space(), SpaceState::ok);
}

TEST_F(Space, it_clears_by_itself_when_the_disk_gets_room) {
    fill();
    const uint64_t before = durable;
    world.disk.capacity_bytes += 1 << 20;
    world.run_for(Duration::seconds(2));
    EXPECT_EQ(durable, before + 1);
    EXPECT_TRUE(write());
}

TEST_F(Space, a_write_that_waits_leaves_no_trace) {
    fill();
    node.reset();
    world.forget();
    world.disk.crash_losing_all();
    open();
    const auto groups = node->take_recovered();
    ASSERT_EQ(groups.size(), 1u);
    EXPECT_EQ(groups[0].entries.size(), durable);
    EXPECT_EQ(groups[0].faulty_from, LogIndex(0));
}

TEST_F(Space, a_node_starts_on_a_full_disk_and_deletes_nothing) {
    fill();
    for (int round = 0; round < 3; ++round) {
        node.reset();
        world.forget();
        world.disk.crash_losing_all();
        world.disk.capacity_bytes = world.disk.used_bytes();
        open();
        const auto groups = node->take_recovered();
        ASSERT_EQ(groups.size(), 1u);
        EXPECT_EQ(groups[0].entries.size(), durable);
        next = durable + 1;
        write();
        EXPECT_FALSE(node->failed());
    }
    world.disk.capacity_bytes += 1 << 20;
    world.run_for(Duration::seconds(2));
    EXPECT_TRUE(write());
}

}  // namespace
}  // namespace quern::test
