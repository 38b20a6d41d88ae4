// Snapshot files: whole or not there, and damage is told.
#include <gtest/gtest.h>

#include "system/storage/snapshot_file.h"
#include "system/storage/snapshot_format.h"
#include "tests/unit/storage/mem_world.h"

namespace quern::test {
namespace {

using namespace storage;

struct Snapshot : ::testing::Test {
    MemWorld world;
    std::unique_ptr<NodeStorage> node;

    void SetUp() override {
        ASSERT_TRUE(world.format().has_value());
        open();
        ASSERT_TRUE(
            world.commit(*node, {create_group(1), entries(1, 1, 1, {"a", "b", "c"})}).has_value());
    }
    void open() {
        auto opened = world.open();
        ASSERT_TRUE(opened.has_value()) << opened.error().to_string();
        node = std::move(*opened);
    }
    void restart() {
        node.reset();
        world.forget();
        world.disk.crash_losing_all();
        open();
    }
    ErrorCode append(SnapshotWriter& writer, const std::string& chunk) {
        Result<void> result = fail(ErrorCode::cancelled);
        writer.append(Buffer::copy_of(chunk), [&](Result<void> done) { result = std::move(done); });
        world.run();
        return result ? ErrorCode::ok : result.error().code;
    }
    ErrorCode finish(SnapshotWriter& writer) {
        Result<void> result = fail(ErrorCode::cancelled);
        writer.finish([&](Result<void> done) { result = std::move(done); });
        world.run();
        return result ? ErrorCode::ok : result.error().code;
    }
    void take(uint64_t index, const std::vector<std::string>& chunks) {
        auto writer = node->write_snapshot(GroupId(1), LogIndex(index));
        for (const std::string& chunk : chunks)
            ASSERT_EQ(append(*writer, chunk), ErrorCode::ok);
        ASSERT_EQ(finish(*writer), ErrorCode::ok);
    }
    void count(uint64_t index) {
        GroupChange change;
        change.group = GroupId(1);
        change.snapshot_index = LogIndex(index);
        change.snapshot_term = Term(1);
        ASSERT_TRUE(world.commit(*node, {change}).has_value());
    }
    // All chunks, or the error's name.
    std::string read() {
        Result<std::unique_ptr<SnapshotReader>> opened = fail(ErrorCode::cancelled);
        node->read_snapshot(GroupId(1), [&](Result<std::unique_ptr<SnapshotReader>> reader) {
            opened = std::move(reader);
        });
        world.run();
        if (!opened) return std::string(error_name(opened.error().code));
        std::string text;
        for (;;) {
            Result<Buffer> chunk = fail(ErrorCode::cancelled);
            (*opened)->next([&](Result<Buffer> bytes) { chunk = std::move(bytes); });
            world.run();
            if (!chunk) return std::string(error_name(chunk.error().code));
            if (chunk->empty()) return text;
            text += std::string(chunk->text()) + "|";
        }
    }
    std::vector<std::string> files() const {
        std::vector<std::string> found;
        for (const std::string& path : world.disk.paths()) {
            if (path.starts_with("snapshots/")) found.push_back(path);
        }
        return found;
    }
};

TEST_F(Snapshot, is_read_back_in_chunks_also_after_power_loss) {
    EXPECT_EQ(read(), "not_found");
    take(2, {"one", std::string(5000, 'x'), "three"});
    EXPECT_EQ(read(), "not_found");  // does not count yet
    count(2);
    EXPECT_EQ(read(), "one|" + std::string(5000, 'x') + "|three|");
    restart();
    EXPECT_EQ(node->take_recovered().at(0).snapshot_index, LogIndex(2));
    EXPECT_EQ(read(), "one|" + std::string(5000, 'x') + "|three|");
}

TEST_F(Snapshot, an_empty_one_is_legal) {
    take(1, {});
    count(1);
    EXPECT_EQ(read(), "");
}

TEST_F(Snapshot, the_older_file_goes_when_the_newer_counts) {
    take(1, {"old"});
    count(1);
    take(2, {"new"});
    EXPECT_EQ(read(), "old|");
    EXPECT_EQ(files().size(), 2u);
    count(2);
    EXPECT_EQ(read(), "new|");
    EXPECT_EQ(files(), std::vector<std::string>{snapshot_path(GroupId(1), LogIndex(2))});
}

TEST_F(Snapshot, an_unfinished_or_uncounted_file_is_removed) {
    {
        auto writer = node->write_snapshot(GroupId(1), LogIndex(2));
        ASSERT_EQ(append(*writer, "x"), ErrorCode::ok);
        EXPECT_EQ(files().size(), 1u);
    }
    world.run();
    EXPECT_TRUE(files().empty());
    take(2, {"x"});
    restart();
    world.run();
    EXPECT_TRUE(files().empty());
}

TEST_F(Snapshot, every_flipped_bit_is_told) {
    take(2, {"alpha", "beta"});
    count(2);
    const std::string path = snapshot_path(GroupId(1), LogIndex(2));
    const size_t size = world.disk.inode(path).bytes.size();
    for (size_t at = 0; at < size; ++at) {
        world.disk.flip(path, at);
        EXPECT_EQ(read(), "corrupt") << at;
        world.disk.flip(path, at);
    }
    world.disk.inode(path).bytes.resize(size - 40);
    EXPECT_EQ(read(), "corrupt");
}

// An empty chunk would read as the end.
TEST_F(Snapshot, a_frame_without_bytes_is_the_last_one_only) {
    take(2, {"alpha", "beta"});
    count(2);
    auto& bytes = world.disk.inode(snapshot_path(GroupId(1), LogIndex(2))).bytes;
    for (const bool last : {false, true}) {
        SnapshotFrame frame;
        frame.size_bytes = last ? 5 : 0;
        frame.last = last;
        const Buffer forged = encode_snapshot_frame(frame);
        std::copy_n(forged.span().begin(), forged.size(), bytes.begin() + snapshot_header_bytes);
        EXPECT_EQ(read(), "corrupt") << last;
    }
}

TEST_F(Snapshot, a_lost_file_is_damage) {
    take(2, {"alpha"});
    count(2);
    world.disk.remove(snapshot_path(GroupId(1), LogIndex(2)), [](const Result<void>&) {});
    world.run();
    EXPECT_EQ(read(), "corrupt");
}

TEST_F(Snapshot, no_space_leaves_the_old_one_intact) {
    take(1, {"old"});
    count(1);
    world.disk.capacity_bytes = world.disk.used_bytes();
    {
        auto writer = node->write_snapshot(GroupId(1), LogIndex(2));
        EXPECT_EQ(append(*writer, "x"), ErrorCode::no_space);
    }
    world.run();
    EXPECT_EQ(read(), "old|");
    EXPECT_FALSE(node->failed());
}

}  // namespace
}  // namespace quern::test
