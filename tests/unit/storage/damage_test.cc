// Damage is told from absence: flagged, located, never dropped, never served (faults.md 1, R10,
// R15).
#include "tests/unit/storage/damage_fixture.h"

namespace quern::test {
namespace {

TEST_F(Damage, a_bit_in_the_middle_marks_the_entry_and_drops_nothing) {
    write(1, 9);
    stop();
    flip_payload(4);
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(4));
    EXPECT_EQ(groups[0].entries.size(), 3u);
    EXPECT_EQ(groups[0].term, Term(4));
    EXPECT_EQ(load(4), ErrorCode::corrupt);
    // It stays so until it is repaired,
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(4));
    // and with the same entry from a peer the log is whole again: 5 to 9 were never lost.
    ASSERT_TRUE(world.commit(*node, {entries(1, 4, 4, {std::string(100, 'd')})}).has_value());
    EXPECT_EQ(load(4), ErrorCode::ok);
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(0));
    EXPECT_EQ(groups[0].entries.size(), 9u);
}

TEST_F(Damage, another_term_in_its_place_ends_the_old_log) {
    write(1, 9);
    stop();
    flip_payload(4);
    ASSERT_EQ(restart(), ErrorCode::ok);
    ASSERT_TRUE(world.commit(*node, {entries(1, 4, 6, {"new"})}).has_value());
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(0));
    ASSERT_EQ(groups[0].entries.size(), 4u);
    EXPECT_EQ(groups[0].entries[3].payload.text(), "new");
}

TEST_F(Damage, a_damaged_head_costs_nothing_while_a_copy_is_good) {
    write(1, 9);
    stop();
    flip_head(4);
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(0));
    EXPECT_EQ(groups[0].entries.size(), 9u);
}

TEST_F(Damage, head_and_payload_together_still_tell_which_entry_it_was) {
    write(1, 9);
    stop();
    flip_payload(4);
    flip_head(4);
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(4));
    ASSERT_TRUE(world.commit(*node, {entries(1, 4, 4, {std::string(100, 'd')})}).has_value());
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).entries.size(), 9u);
}

TEST_F(Damage, the_ledger_helps_when_head_and_near_copy_are_gone) {
    write(1, 200);
    stop();
    flip_copies_behind(20);
    flip_head(20);
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(0));
    EXPECT_EQ(groups[0].entries.size(), 200u);
}

TEST_F(Damage, three_chunks_in_a_row_near_the_start_are_located) {
    write(1, 200);
    stop();
    const uint64_t from = batch_of(10).head.offset_bytes;
    overwrite(from, std::vector<uint8_t>(3 * 64 * 1024, 0x55));
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(10));
    EXPECT_EQ(groups[0].term, Term(4));
    EXPECT_EQ(groups[0].voted_for, NodeId(2));
}

TEST_F(Damage, lost_batches_that_no_copy_names_stop_the_node) {
    write(1, 9);
    stop();
    flip_copies_behind(4);
    flip_head(4);
    EXPECT_EQ(restart(), ErrorCode::corrupt);
}

TEST_F(Damage, a_torn_tail_is_dropped_only_while_nothing_follows) {
    write(1, 9, 3000);
    stop();
    const uint64_t sector = batch_of(9).head.offset_bytes + 1024;
    overwrite(sector, std::vector<uint8_t>(512, 0));
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(0));
    EXPECT_EQ(groups[0].entries.size(), 8u);
    // A pause: the closing batch proves that the last one had completed.
    write(9, 9, 3000);
    world.run_for(Duration::milliseconds(100));
    stop();
    overwrite(batch_of(9).head.offset_bytes + 1024, std::vector<uint8_t>(512, 0));
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(9));
    EXPECT_EQ(groups[0].entries.size(), 8u);
}

TEST_F(Damage, the_last_batch_rots_without_looking_torn) {
    write(1, 9);
    stop();
    flip_payload(9);
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(9));
    EXPECT_EQ(groups[0].entries.size(), 8u);
}

TEST_F(Damage, after_a_restart_the_last_entry_is_protected_too) {
    write(1, 9);
    ASSERT_EQ(restart(), ErrorCode::ok);
    const std::string old = world.disk.paths().at(1);
    ASSERT_EQ(old, "wal/0000000001.seg");
    stop();
    Inode& inode = world.disk.inode(old);
    const auto at = std::search_n(inode.bytes.begin(), inode.bytes.end(), 50, uint8_t{'i'});
    ASSERT_NE(at, inode.bytes.end());
    *at ^= 1;
    ASSERT_EQ(restart(), ErrorCode::ok);
    // Nothing had proved the last batch durable, so it was written once more.
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(0));
    EXPECT_EQ(groups[0].entries.size(), 9u);
}

TEST_F(Damage, a_lost_write_is_noticed_by_the_next_one) {
    write(1, 5);
    world.disk.lose_next_write = true;
    write(6, 9);
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(6));
    EXPECT_EQ(groups[0].entries.size(), 5u);
}

TEST_F(Damage, a_batch_in_the_wrong_place_is_no_batch) {
    write(1, 9);
    stop();
    const ParsedBatch from = batch_of(7);
    const ParsedBatch to = batch_of(5);
    const Inode& inode = world.disk.inode(segment());
    const auto begin = inode.bytes.begin() + static_cast<int64_t>(from.head.offset_bytes);
    overwrite(to.head.offset_bytes, {begin, begin + block_bytes});
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(5));
    EXPECT_EQ(groups[0].entries.size(), 4u);
}

TEST_F(Damage, unreadable_blocks_are_damage) {
    write(1, 9);
    stop();
    world.disk.unreadable.insert({segment(), batch_of(4).head.offset_bytes / block_bytes});
    ASSERT_EQ(restart(), ErrorCode::ok);
    EXPECT_EQ(groups.at(0).faulty_from, LogIndex(4));
}

TEST_F(Damage, an_entry_that_rots_while_running_is_never_served) {
    world.options.payload_cache_bytes = 0;
    ASSERT_EQ(restart(), ErrorCode::ok);
    write(1, 9);
    EXPECT_EQ(load(4), ErrorCode::ok);
    flip_payload(4);
    EXPECT_EQ(load(4), ErrorCode::corrupt);
    Result<Buffer> body;
    node->read_body(GroupId(1), {LogIndex(4), 0, 3},
                    [&](Result<Buffer> b) { body = std::move(b); });
    world.run();
    EXPECT_EQ(body.error().code, ErrorCode::corrupt);
}

TEST_F(Damage, a_log_file_cut_short_stops_the_node) {
    write(1, 9);
    stop();
    Inode& inode = world.disk.inode(segment());
    inode.bytes.resize(batch_of(7).head.offset_bytes);
    EXPECT_EQ(restart(), ErrorCode::corrupt);
    inode.bytes.resize(100);
    EXPECT_EQ(restart(), ErrorCode::corrupt);
    inode.bytes.clear();
    EXPECT_EQ(restart(), ErrorCode::corrupt);
}

TEST_F(Damage, a_swapped_disk_is_foreign) {
    write(1, 3);
    stop();
    const auto bytes = world.disk.inode(segment()).bytes;
    MemWorld other;
    other.options = world.options;
    other.identity.node_uuid = {8, 8};
    ASSERT_TRUE(other.format().has_value());
    ASSERT_TRUE(other.open().has_value());
    other.forget();
    other.disk.inode("wal/0000000001.seg").bytes = bytes;
    EXPECT_EQ(other.open().error().code, ErrorCode::data_foreign);
}

// Only who forges checksums gets such a number past them; memory for a batch of each must not be asked for.
TEST_F(Damage, a_batch_numbered_beyond_what_segments_hold_is_out_of_sequence) {
    write(1, 4);
    stop();
    const auto bytes = world.disk.inode(segment()).bytes;
    const uint64_t most = bytes.size() / block_bytes + 1;
    const auto numbered = [&](uint64_t beyond) {
        ParsedSegment parsed = parse_segment(Buffer::copy_of(bytes), 1, node_tag(world.identity.node_uuid));
        parsed.batches.back().head.sequence = parsed.batches.front().head.sequence + beyond;
        PayloadCache cache(1 << 20);
        WalReplay replay(world.identity.node_uuid, cache);
        EXPECT_TRUE(replay.add(std::move(parsed)).has_value());
        (void)replay.finish();
        return replay.findings().size();  // one for each batch that is not there
    };
    EXPECT_GT(numbered(most - 1), most / 2);
    EXPECT_EQ(numbered(most), 0u);
}

TEST_F(Damage, any_single_flipped_bit_is_survived_or_told) {
    write(1, 12, 300);
    world.run_for(Duration::milliseconds(100));
    stop();
    const std::string path = segment();
    const std::vector<uint8_t> good = world.disk.inode(path).bytes;
    const uint64_t used = parsed().used_bytes;
    for (uint64_t at = 0; at < used; at += good[at] == 0 ? 509 : 13) {
        world.disk.inode(path).bytes = good;
        world.disk.flip(path, at);
        const ParsedSegment segment = parse_segment(Buffer::copy_of(world.disk.inode(path).bytes),
                                                    1, node_tag(world.identity.node_uuid));
        PayloadCache cache(1 << 20);
        WalReplay replay(world.identity.node_uuid, cache);
        ASSERT_TRUE(replay.add(segment).has_value()) << at;
        ASSERT_TRUE(replay.finish().has_value()) << at;
        const GroupLogs logs = replay.take_groups();
        const GroupLog& log = logs.at(GroupId(1));
        EXPECT_EQ(log.term, Term(4)) << at;
        EXPECT_EQ(log.voted_for, NodeId(2)) << at;
        ASSERT_EQ(log.last(), LogIndex(12)) << at;
        for (uint64_t i = 1; i <= 12; ++i) {
            const Buffer* payload = cache.find(GroupId(1), LogIndex(i));
            if (payload == nullptr || log.at(LogIndex(i))->damaged()) continue;
            EXPECT_EQ(payload->text(), std::string(300, static_cast<char>('a' + i - 1))) << at;
        }
    }
}

}  // namespace
}  // namespace quern::test
