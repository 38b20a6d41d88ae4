// A full disk (faults.md S32 to S36): the reserve, what is refused, and how it clears by itself.
#include <gtest/gtest.h>

#include "tests/unit/storage/mem_world.h"

namespace quern::test {
namespace {

using namespace storage;

struct Space : ::testing::Test {
    MemWorld world;
    std::unique_ptr<NodeStorage> node;
    uint64_t next = 1;

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
    ErrorCode write() {
        const auto done = world.commit(*node, {entries(1, next, 1, {std::string(8000, 'x')})});
        if (!done) return done.error().code;
        ++next;
        return ErrorCode::ok;
    }
    void fill() {
        world.disk.capacity_bytes = world.disk.used_bytes();
        ErrorCode code = ErrorCode::ok;
        for (int i = 0; i < 1000 && code == ErrorCode::ok; ++i)
            code = write();
        ASSERT_EQ(code, ErrorCode::no_space);
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

TEST_F(Space, the_reserve_goes_on_then_entries_are_refused_and_nothing_is_latched) {
    world.disk.capacity_bytes = world.disk.used_bytes();
    int written = 0;
    ErrorCode code = ErrorCode::ok;
    while ((code = write()) == ErrorCode::ok)
        ++written;
    EXPECT_EQ(code, ErrorCode::no_space);
    // Two spares of 64 KiB take about six entries each.
    EXPECT_GE(written, 12);
    EXPECT_EQ(node->space(), SpaceState::hard);
    EXPECT_FALSE(node->failed());
    // A vote still finds room; entries do not.
    EXPECT_TRUE(world.commit(*node, {hard_state(1, 2, 3)}).has_value());
    EXPECT_EQ(write(), ErrorCode::no_space);
}

TEST_F(Space, it_clears_by_itself_when_a_snapshot_frees_segments) {
    fill();
    ASSERT_TRUE(world.commit(*node, {snapshot_at(next - 1)}).has_value());
    world.run_for(Duration::seconds(2));
    EXPECT_EQ(write(), ErrorCode::ok);
    world.disk.capacity_bytes += 4 * world.options.soft_free_bytes;
    world.run_for(Duration::seconds(2));
    EXPECT_EQ(node->space(), SpaceState::ok);
}

TEST_F(Space, it_clears_by_itself_when_the_disk_gets_room) {
    fill();
    world.disk.capacity_bytes += 1 << 20;
    world.run_for(Duration::seconds(2));
    EXPECT_EQ(write(), ErrorCode::ok);
}

TEST_F(Space, a_refused_write_leaves_no_trace) {
    fill();
    const uint64_t last = next - 1;
    node.reset();
    world.forget();
    world.disk.crash_losing_all();
    open();
    const auto groups = node->take_recovered();
    ASSERT_EQ(groups.size(), 1u);
    EXPECT_EQ(groups[0].entries.size(), last);
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
        EXPECT_EQ(groups[0].entries.size(), next - 1);
        const ErrorCode code = write();
        EXPECT_TRUE(code == ErrorCode::no_space || code == ErrorCode::ok);
    }
    world.disk.capacity_bytes += 1 << 20;
    world.run_for(Duration::seconds(2));
    EXPECT_EQ(write(), ErrorCode::ok);
}

}  // namespace
}  // namespace quern::test
