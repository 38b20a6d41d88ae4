#include "system/storage/superblock.h"

#include <gtest/gtest.h>

#include "tests/unit/storage/mem_world.h"

namespace quern::test {
namespace {

using namespace storage;

std::vector<uint8_t> file_of(uint64_t sequence, uint32_t version = format_version_current) {
    const Superblock superblock{version, {1, 2}, {3, 4}, NodeId(5)};
    const Buffer bytes = encode_superblock({superblock, sequence, false, false});
    return {bytes.data(), bytes.data() + bytes.size()};
}

void damage_copy(std::vector<uint8_t>& file, size_t copy) {
    file[copy * superblock_stride_bytes + 30] ^= 1;
}

TEST(Superblock, all_copies_good) {
    const auto picked = pick_superblock(file_of(1));
    ASSERT_TRUE(picked.has_value());
    EXPECT_EQ(picked->superblock.node, NodeId(5));
    EXPECT_EQ(picked->superblock.node_uuid, (NodeUuid{3, 4}));
    EXPECT_EQ(picked->sequence, 1u);
    EXPECT_FALSE(picked->degraded);
}

TEST(Superblock, a_quorum_of_good_copies_is_enough) {
    auto file = file_of(1);
    for (size_t copy = 0; copy < superblock_copies - superblock_quorum; ++copy) {
        damage_copy(file, copy);
        const auto picked = pick_superblock(file);
        ASSERT_TRUE(picked.has_value()) << copy;
        EXPECT_TRUE(picked->degraded);
    }
    damage_copy(file, superblock_copies - 1);
    EXPECT_EQ(pick_superblock(file).error().code, ErrorCode::corrupt);
}

TEST(Superblock, a_stale_half_loses_against_the_newer_one) {
    auto file = file_of(1);
    const auto newer = file_of(2);
    const auto half = static_cast<std::ptrdiff_t>(superblock_stride_bytes * superblock_copies / 2);
    std::copy(newer.begin(), newer.begin() + half, file.begin());
    EXPECT_EQ(pick_superblock(file)->sequence, 2u);
    // One new copy alone is a write that never completed.
    file = file_of(1);
    std::copy(newer.begin(), newer.begin() + superblock_copy_bytes, file.begin());
    EXPECT_EQ(pick_superblock(file)->sequence, 1u);
}

TEST(Superblock, a_misdirected_copy_does_not_count) {
    auto file = file_of(1);
    for (size_t copy = 1; copy < superblock_copies; ++copy) {
        std::copy(file.begin(), file.begin() + superblock_copy_bytes,
                  file.begin() + static_cast<std::ptrdiff_t>(copy * superblock_stride_bytes));
    }
    EXPECT_EQ(pick_superblock(file).error().code, ErrorCode::corrupt);
}

TEST(Superblock, another_version_is_told) {
    EXPECT_EQ(pick_superblock(file_of(1, 99)).error().code, ErrorCode::data_version_unknown);
}

TEST(Superblock, a_short_or_empty_file_is_corrupt) {
    EXPECT_EQ(pick_superblock({}).error().code, ErrorCode::corrupt);
    auto file = file_of(1);
    file.resize(superblock_stride_bytes);
    EXPECT_EQ(pick_superblock(file).error().code, ErrorCode::corrupt);
}

TEST(Format, only_once_and_never_over_a_wal) {
    MemWorld world;
    EXPECT_EQ(world.open().error().code, ErrorCode::not_found);
    ASSERT_TRUE(world.format().has_value());
    EXPECT_EQ(world.format().error().code, ErrorCode::already_exists);
    ASSERT_TRUE(world.open().has_value());
    world.forget();
    world.disk.remove("superblock", [](const Result<void>&) {});
    world.run();
    EXPECT_EQ(world.open().error().code, ErrorCode::corrupt);
    EXPECT_EQ(world.format().error().code, ErrorCode::corrupt);
}

TEST(Format, a_lost_wal_is_never_a_fresh_start) {
    MemWorld world;
    ASSERT_TRUE(world.format().has_value());
    ASSERT_TRUE(world.open().has_value());
    world.forget();
    for (const std::string& path : world.disk.paths()) {
        if (path.starts_with("wal/")) world.disk.remove(path, [](const Result<void>&) {});
    }
    world.run();
    EXPECT_EQ(world.open().error().code, ErrorCode::corrupt);
}

TEST(Format, superblock_is_read_alone) {
    MemWorld world;
    ASSERT_TRUE(world.format().has_value());
    Result<Superblock> found = fail(ErrorCode::cancelled);
    NodeStorage::read_superblock(world.env, [&](Result<Superblock> s) { found = std::move(s); });
    world.run();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->node, NodeId(7));
    EXPECT_EQ(found->format_version, format_version_current);
}

}  // namespace
}  // namespace quern::test
