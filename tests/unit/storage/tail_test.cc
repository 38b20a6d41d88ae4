// The end of the log, where damage looks most like a write that was never finished: what was written whole is told
// from that, and costs the node rather than an acknowledged entry (docs/formats/wal.md, R10).
#include "tests/unit/storage/damage_fixture.h"

namespace quern::test {
namespace {

using WalTail = Damage;

TEST_F(WalTail, a_rotten_head_at_the_end_stops_the_node) {
    write(1, 9);
    stop();
    flip_head(9, 10);
    EXPECT_EQ(restart(), ErrorCode::corrupt);
}

// Nothing repeats it yet: rot may cost the node, but never the entry without a word. Some rot struck so hard that
// nothing of the head looked like one (seed 8589 of a campaign).
TEST_F(WalTail, rot_in_the_head_of_the_last_batch_is_told) {
    write(1, 9);
    stop();
    const std::string path = segment();
    const std::vector<uint8_t> good = world.disk.inode(path).bytes;
    const ParsedBatch last = batch_of(9);
    const size_t head = head_bytes(last.head.records);
    const auto told = [&] {
        const ParsedSegment damaged = parse_segment(Buffer::copy_of(world.disk.inode(path).bytes), 1,
                                                    node_tag(world.identity.node_uuid));
        PayloadCache cache(1 << 20);
        WalReplay replay(world.identity.node_uuid, cache);
        if (!replay.add(damaged) || !replay.finish()) return true;
        const GroupLogs logs = replay.take_groups();
        return logs.at(GroupId(1)).last() == LogIndex(9);
    };
    for (size_t bit = 0; bit < head * 8; ++bit) {
        world.disk.inode(path).bytes = good;
        world.disk.inode(path).bytes[last.head.offset_bytes + bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
        EXPECT_TRUE(told()) << bit;
    }
    Prng prng(7);
    for (int attempt = 0; attempt < 300; ++attempt) {
        world.disk.inode(path).bytes = good;
        const uint64_t flips = 2 + prng.below(62);
        for (uint64_t i = 0; i < flips; ++i) {
            const uint64_t bit = prng.below(512 * 8);
            world.disk.inode(path).bytes[last.head.offset_bytes + bit / 8] ^=
                static_cast<uint8_t>(1U << bit % 8);
        }
        EXPECT_TRUE(told()) << attempt;
    }
}

TEST_F(WalTail, an_unreadable_block_at_the_end_stops_the_node) {
    write(1, 9);
    stop();
    world.disk.unreadable.insert({segment(), batch_of(9).head.offset_bytes / block_bytes});
    EXPECT_EQ(restart(), ErrorCode::corrupt);
}

// Seed 11443 of a campaign: the batch before it had been lost by the disk, so nothing followed the last good one.
TEST_F(WalTail, an_unreadable_block_behind_a_lost_batch_stops_the_node) {
    write(1, 9);
    stop();
    world.disk.unreadable.insert({segment(), batch_of(9).head.offset_bytes / block_bytes});
    overwrite(batch_of(8).head.offset_bytes, std::vector<uint8_t>(block_bytes));
    EXPECT_EQ(restart(), ErrorCode::corrupt);
}

TEST_F(WalTail, a_rotten_head_behind_a_lost_batch_stops_the_node) {
    write(1, 9);
    stop();
    const uint64_t tag = node_tag(world.identity.node_uuid);
    const uint64_t at = batch_of(9).head.offset_bytes;
    overwrite(batch_of(8).head.offset_bytes, std::vector<uint8_t>(block_bytes));
    std::vector<uint8_t> bytes = world.disk.inode(segment()).bytes;
    for (size_t bit = 0; bit < head_fixed_bytes * 8; ++bit) {
        const auto flip = static_cast<uint8_t>(1U << bit % 8);
        bytes[at + bit / 8] ^= flip;
        const ParsedSegment parsed = parse_segment(Buffer::copy_of(bytes), 1, tag);
        // A place before its own would make it a copy, and a field that nobody reads may say anything.
        const uint64_t place = load_le<uint64_t>(&bytes[at + 24]);
        const bool copy = place < at && place % block_bytes == 0;
        EXPECT_EQ(parsed.written_behind, !copy) << bit;
        bytes[at + bit / 8] ^= flip;
    }
}

// Copies lie anywhere in a batch, also at the start of a block, and a torn write may have cut one off.
TEST_F(WalTail, a_torn_copy_of_a_head_is_no_head) {
    write(1, 9);
    stop();
    const uint64_t last = batch_of(9).head.offset_bytes;
    std::vector<uint8_t> bytes = world.disk.inode(segment()).bytes;
    std::copy_n(bytes.begin() + static_cast<int64_t>(last), head_fixed_bytes,
                bytes.begin() + static_cast<int64_t>(last + 2 * block_bytes));
    const ParsedSegment parsed =
        parse_segment(Buffer::copy_of(bytes), 1, node_tag(world.identity.node_uuid));
    EXPECT_TRUE(parsed.more_follows);
    EXPECT_FALSE(parsed.written_behind);
}

// Seed 43880: a torn batch was all that could be read of the log, and what it knew of the ones before took the log's
// lost start for its beginning.
struct LostStart : Damage {
    ErrorCode restart_with_torn_tail_alone(bool copies) {
        write(1, 8);
        EXPECT_TRUE(world.commit(*node, {entries(1, 9, 4, {std::string(20'000, 'x')})}).has_value());
        stop();
        const ParsedBatch last = batch_of(9);
        const uint64_t at = last.head.offset_bytes;
        const size_t head = head_bytes(last.head.records);
        if (!copies) overwrite(at + head, std::vector<uint8_t>(last.head.payload_start - head, 0x33));
        overwrite(at + 3 * block_bytes, std::vector<uint8_t>(2 * block_bytes));
        EXPECT_TRUE(parsed().batches.back().could_be_torn);
        for (uint64_t block = 0; block < at / block_bytes; ++block) {
            world.disk.unreadable.insert({segment(), block});
        }
        return restart();
    }
};

TEST_F(LostStart, is_told_though_a_torn_tail_knows_some_of_it) {
    EXPECT_EQ(restart_with_torn_tail_alone(true), ErrorCode::corrupt);
}

TEST_F(LostStart, is_told_though_nothing_but_a_torn_tail_is_left) {
    EXPECT_EQ(restart_with_torn_tail_alone(false), ErrorCode::corrupt);
}

// Whole sectors of it are zeros, as if they had never been written.
TEST_F(WalTail, an_unreadable_block_of_a_blank_payload_is_no_torn_write) {
    write(1, 8);
    ASSERT_TRUE(world.commit(*node, {entries(1, 9, 4, {std::string(20'000, '\0')})}).has_value());
    stop();
    world.disk.unreadable.insert({segment(), batch_of(9).head.offset_bytes / block_bytes + 2});
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(9));
}

// Seed 173: as blank as if a part of it had never been written, and rotten elsewhere.
TEST_F(WalTail, rot_in_a_blank_payload_is_no_torn_write) {
    write(1, 8);
    const std::string blank = "number" + std::string(20'000, '\0') + "end";
    ASSERT_TRUE(world.commit(*node, {entries(1, 9, 4, {blank})}).has_value());
    stop();
    EXPECT_GT(batch_of(9).head.blank_sectors, 35u);
    flip_payload(9);
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(9));
}

TEST_F(WalTail, a_torn_write_of_a_payload_with_blank_sectors_is_dropped) {
    write(1, 8);
    const std::string blank = "number" + std::string(20'000, '\0') + "end";
    ASSERT_TRUE(world.commit(*node, {entries(1, 9, 4, {blank})}).has_value());
    stop();
    const ParsedBatch last = batch_of(9);
    const uint64_t end = last.head.offset_bytes + payload_end(last.head);
    overwrite(end - 3, std::vector<uint8_t>(3));
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_FALSE(groups.at(0).faulty_from);
    EXPECT_EQ(groups[0].entries.size(), 8u);
}

// In room that nobody has written to, for all that can be told.
TEST_F(WalTail, an_unreadable_block_in_a_spare_stops_the_node) {
    write(1, 9);
    stop();
    const std::string last = segment();
    const auto spare = [&] {
        for (const std::string& path : world.disk.paths()) {
            if (path.starts_with("wal/") && path.ends_with(".seg") && path > last) return path;
        }
        return std::string();
    }();
    ASSERT_NE(spare, "");
    world.disk.unreadable.insert({spare, 7});
    EXPECT_EQ(restart(), ErrorCode::corrupt);
}

// By a client that guesses the place: it does not know the tag.
TEST_F(WalTail, a_forged_head_and_a_whole_one_that_strayed_are_not_ours) {
    write(1, 9);
    stop();
    const uint64_t tag = node_tag(world.identity.node_uuid);
    std::vector<uint8_t> bytes = world.disk.inode(segment()).bytes;
    const uint64_t at = batch_of(9).head.offset_bytes + 2 * block_bytes;
    const auto put = [&](uint64_t number, uint64_t offset, uint64_t with_tag) {
        Head head;
        head.tag = with_tag;
        head.sequence = 100;
        head.segment = number;
        head.offset_bytes = offset;
        head.payload_start = head_fixed_bytes;
        head.batch_bytes = block_bytes;
        const Buffer encoded = encode_head(head);
        std::copy(encoded.span().begin(), encoded.span().end(), bytes.begin() + static_cast<int64_t>(at));
        return parse_segment(Buffer::copy_of(bytes), 1, tag).written_behind;
    };
    const auto rotten = [&] {
        bytes[at + 40] ^= 1;
        return parse_segment(Buffer::copy_of(bytes), 1, tag).written_behind;
    };
    EXPECT_FALSE(put(1, at, ~tag));
    EXPECT_FALSE(rotten());
    EXPECT_FALSE(put(2, at, tag));
    EXPECT_TRUE(rotten());
}

TEST_F(WalTail, a_last_segment_of_which_nothing_can_be_read_stops_the_node) {
    write(1, 1);
    const std::string first = segment();
    for (uint64_t i = 2; segment() == first && i < 20; ++i) write(i, i, 200'000);
    ASSERT_NE(segment(), first);
    const std::string last = segment();
    const uint64_t used = parsed().used_bytes;
    stop();
    for (uint64_t block = 0; block < used / block_bytes; ++block) {
        world.disk.unreadable.insert({last, block});
    }
    EXPECT_EQ(restart(), ErrorCode::corrupt);
}

}  // namespace
}  // namespace quern::test
