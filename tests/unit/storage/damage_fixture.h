// A node with one group, on a disk that the test may damage while the node is down.
#pragma once

#include <gtest/gtest.h>

#include "system/storage/bytes.h"
#include "system/storage/wal_replay.h"
#include "tests/unit/storage/mem_world.h"

namespace quern::test {

using namespace storage;

struct Damage : ::testing::Test {
    MemWorld world;
    std::unique_ptr<NodeStorage> node;
    std::vector<RecoveredGroup> groups;

    void SetUp() override {
        world.options.segment_bytes = 1 << 20;
        world.options.payload_cache_bytes = 1 << 20;
        ASSERT_TRUE(world.format().has_value());
        ASSERT_EQ(restart(), ErrorCode::ok);
    }
    void stop() {
        node.reset();
        world.forget();
    }
    ErrorCode restart() {
        stop();
        auto opened = world.open();
        if (!opened) return opened.error().code;
        node = std::move(*opened);
        groups = node->take_recovered();
        return ErrorCode::ok;
    }
    // One batch an entry: 1:a, 2:b, ... of group 1, written from index `first` on.
    void write(uint64_t first, uint64_t last, size_t size = 100) {
        if (first == 1) {
            ASSERT_TRUE(world.commit(*node, {create_group(1), hard_state(1, 4, 2)}).has_value());
        }
        for (uint64_t i = first; i <= last; ++i) {
            const char letter = static_cast<char>('a' + (i - 1) % 26);
            ASSERT_TRUE(
                world.commit(*node, {entries(1, i, 4, {std::string(size, letter)})}).has_value());
        }
    }
    std::string segment() const {
        std::string last;
        for (const std::string& path : world.disk.paths()) {
            if (path.starts_with("wal/") && path.ends_with(".seg") &&
                !all_zero(const_cast<MemWorld&>(world).disk.inode(path).bytes)) {
                last = path;
            }
        }
        return last;
    }
    ParsedSegment parsed() {
        const std::string path = segment();
        return parse_segment(Buffer::copy_of(ByteSpan(world.disk.inode(path).bytes)),
                             std::stoull(path.substr(4, 10)), node_tag(world.identity.node_uuid));
    }
    // The batch with the group's entry `index`.
    ParsedBatch batch_of(uint64_t index) {
        for (ParsedBatch& batch : parsed().batches) {
            for (const Record& r : batch.head.records) {
                if (r.kind == RecordKind::entry && r.index.value == index) return batch;
            }
        }
        return {};
    }
    void flip_payload(uint64_t index) {
        const ParsedBatch batch = batch_of(index);
        for (const Record& r : batch.head.records) {
            if (r.kind == RecordKind::entry) {
                world.disk.flip(segment(), batch.head.offset_bytes + r.offset_bytes + 5);
            }
        }
    }
    void flip_head(uint64_t index, uint64_t at = 20) {
        world.disk.flip(segment(), batch_of(index).head.offset_bytes + at);
    }
    // What the next batch repeats.
    void flip_copies_behind(uint64_t index) {
        const ParsedBatch next = batch_of(index + 1);
        const uint64_t at = next.head.offset_bytes + head_bytes(next.head.records);
        for (uint64_t i = at; i < next.head.offset_bytes + next.head.payload_start; i += 16) {
            world.disk.flip(segment(), i);
        }
    }
    void overwrite(uint64_t from, const std::vector<uint8_t>& bytes) {
        Inode& inode = world.disk.inode(segment());
        std::copy(bytes.begin(), bytes.end(), inode.bytes.begin() + static_cast<int64_t>(from));
        inode.durable = inode.bytes;
    }
    ErrorCode load(uint64_t index) {
        ErrorCode code = ErrorCode::cancelled;
        node->load_entries(GroupId(1), LogIndex(index), LogIndex(index), SIZE_MAX,
                           [&](const Result<std::vector<WalEntry>>& loaded) {
                               code = loaded ? ErrorCode::ok : loaded.error().code;
                           });
        world.run();
        return code;
    }
};

}  // namespace quern::test
