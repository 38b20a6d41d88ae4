#include "system/os/posix_disk.h"
#include "system/os/unsynced_writes.h"

#include <gtest/gtest.h>

namespace quern::os {
namespace {

TEST(SyncLatch, a_failed_sync_is_final) {
    EventLoop loop;
    DiskCore core(loop);
    int syncs = 0;
    const auto ok = [&] {
        ++syncs;
        return Result<void>();
    };
    const auto broken = [&]() -> Result<void> { return fail(ErrorCode::no_space, "disk"); };
    EXPECT_TRUE(latched(core, ok).has_value());
    const auto first = latched(core, broken);
    ASSERT_FALSE(first.has_value());
    EXPECT_EQ(first.error().code, ErrorCode::no_space);
    // The kernel would report success now.
    const auto second = latched(core, ok);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::io_failed);
    EXPECT_EQ(syncs, 1);
}

TEST(UnsyncedWrites, a_sync_covers_the_writes_that_completed) {
    UnsyncedWrites writes;
    EXPECT_TRUE(writes.none());
    writes.submitted();
    EXPECT_FALSE(writes.none());
    writes.completed();
    EXPECT_FALSE(writes.none());
    const uint64_t covered = writes.covered_by_sync();
    writes.synced(covered);
    EXPECT_TRUE(writes.none());
}

TEST(UnsyncedWrites, a_sync_may_miss_a_write_under_way) {
    UnsyncedWrites writes;
    writes.submitted();
    writes.synced(writes.covered_by_sync());
    EXPECT_FALSE(writes.none());
    writes.completed();
    EXPECT_FALSE(writes.none());
    writes.synced(writes.covered_by_sync());
    EXPECT_TRUE(writes.none());
}

TEST(UnsyncedWrites, a_sync_misses_writes_that_came_after_it) {
    UnsyncedWrites writes;
    writes.submitted();
    writes.completed();
    const uint64_t covered = writes.covered_by_sync();
    writes.submitted();
    writes.completed();
    writes.synced(covered);
    EXPECT_FALSE(writes.none());
    // An older sync that ends late takes nothing back.
    writes.synced(writes.covered_by_sync());
    writes.synced(covered);
    EXPECT_TRUE(writes.none());
}

}  // namespace
}  // namespace quern::os
