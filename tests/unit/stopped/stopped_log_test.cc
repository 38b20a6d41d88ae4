// What is read of a stopped node's log is what recovery would find, and what lies under its snapshot.
#include <algorithm>

#include "system/base/checksum.h"
#include "tests/unit/stopped/stopped_nodes.h"

namespace quern::test {
namespace {

using StoppedLogs = StoppedNodes;

TEST_F(StoppedLogs, hold_what_was_written) {
    append(1, 1, 1);
    append(1, 2, 1, Buffer::copy_of("two"));
    storage::GroupChange vote;
    vote.has_hard_state = true;
    vote.term = Term(3);
    vote.voted_for = NodeId(2);
    write(1, std::move(vote));
    const auto log = log_of(1);
    EXPECT_EQ(log.last(), LogIndex(2));
    EXPECT_EQ(log.find(LogIndex(2))->payload.text(), "two");
    EXPECT_EQ(log.find(LogIndex(2))->kind, raft::EntryKind::command);
    EXPECT_EQ(log.hard_state, (raft::HardState{Term(3), NodeId(2)}));
    EXPECT_EQ(log.find(LogIndex(3)), nullptr);
}

TEST_F(StoppedLogs, end_where_they_were_cut) {
    for (uint64_t i = 1; i <= 4; ++i) append(1, i, 1);
    storage::GroupChange cut;
    cut.truncate_from = LogIndex(3);
    write(1, std::move(cut));
    EXPECT_EQ(log_of(1).last(), LogIndex(2));
    append(1, 3, 2);
    append(1, 2, 3);  // another term ends the old log there
    const auto log = log_of(1);
    EXPECT_EQ(log.last(), LogIndex(2));
    EXPECT_EQ(log.term_at(LogIndex(2)), Term(3));
}

TEST_F(StoppedLogs, go_on_over_restarts_and_segments) {
    const Buffer big = Buffer::copy_of(std::string(20'000, 'x'));
    for (uint64_t i = 1; i <= 9; ++i) {
        append(1, i, 1, big);
        if (i % 4 == 0) restart(1);
    }
    const auto log = log_of(1);
    EXPECT_EQ(log.base, LogIndex(0));
    EXPECT_EQ(log.last(), LogIndex(9));
}

TEST_F(StoppedLogs, keep_what_their_own_snapshot_covers) {
    for (uint64_t i = 1; i <= 4; ++i) append(1, i, 1);
    snapshot(1, 3, 1);
    const auto log = log_of(1);
    EXPECT_EQ(log.base, LogIndex(0));
    EXPECT_EQ(log.snapshot, LogIndex(3));
    EXPECT_EQ(log.last(), LogIndex(4));
}

TEST_F(StoppedLogs, begin_behind_a_snapshot_of_another_log) {
    for (uint64_t i = 1; i <= 4; ++i) append(1, i, 1);
    snapshot(1, 3, 2, false);
    const auto log = log_of(1);
    EXPECT_EQ(log.base, LogIndex(3));
    EXPECT_EQ(log.last(), LogIndex(3));
    EXPECT_TRUE(log.holds(LogIndex(2), Term(2)));
    EXPECT_FALSE(log.holds(LogIndex(4), Term(1)));
}

TEST_F(StoppedLogs, end_at_a_snapshot_that_what_follows_does_not_go_on_from) {
    for (uint64_t i = 1; i <= 4; ++i) append(1, i, 1);
    snapshot(1, 3, 1, false);
    const auto log = log_of(1);
    EXPECT_EQ(log.base, LogIndex(0));
    EXPECT_EQ(log.last(), LogIndex(3));
}

TEST_F(StoppedLogs, begin_with_the_oldest_segment_that_is_left) {
    const Buffer big = Buffer::copy_of(std::string(20'000, 'x'));
    for (uint64_t i = 1; i <= 4; ++i) append(1, i, 1, big);
    snapshot(1, 4, 1);
    restart(1);
    for (uint64_t i = 5; i <= 9; ++i) append(1, i, 2, big);
    const auto log = log_of(1);
    EXPECT_EQ(log.base, LogIndex(4));
    EXPECT_EQ(log.snapshot, LogIndex(4));
    EXPECT_EQ(log.snapshot_term, Term(1));
    EXPECT_EQ(log.last(), LogIndex(9));
}

using storage::Record;
using storage::RecordKind;

Buffer batch(uint64_t sequence, uint64_t segment, uint64_t offset, std::vector<Record> records) {
    storage::Head head;
    head.tag = 1;
    head.sequence = sequence;
    head.segment = segment;
    head.offset_bytes = offset;
    head.batch_bytes = storage::block_bytes;
    head.payload_start = 1'024;
    for (Record& r : records) {
        r.group = GroupId(1);
        r.payload_crc = r.kind == RecordKind::entry ? crc32c({}) : 0;
        r.offset_bytes = r.kind == RecordKind::entry ? 1'024 : 0;
    }
    head.records = std::move(records);
    MutableBuffer bytes(storage::block_bytes);
    std::fill(bytes.span().begin(), bytes.span().end(), uint8_t{0});
    const Buffer encoded = storage::encode_head(head);
    std::copy(encoded.span().begin(), encoded.span().end(), bytes.data());
    return std::move(bytes).freeze();
}

Record record(RecordKind kind, uint64_t index = 0, uint64_t term = 0) {
    Record r;
    r.kind = kind;
    r.index = LogIndex(index);
    r.term = Term(term);
    return r;
}

// Recovery dropped batch 2 of segment 1, though it can be read, and began segment 2 with that number.
TEST(StoppedSegments, lack_what_recovery_dropped) {
    Record checkpoint = record(RecordKind::checkpoint);
    checkpoint.last_index = LogIndex(1);
    checkpoint.last_term = Term(1);
    const std::vector<Buffer> first = {
        batch(1, 1, 0, {record(RecordKind::create), record(RecordKind::entry, 1, 1)}),
        batch(2, 1, storage::block_bytes, {record(RecordKind::entry, 2, 1)})};
    const Buffer second = batch(2, 2, 0, {checkpoint, record(RecordKind::entry, 2, 3)});
    std::vector<harness::StoppedSegment> segments;
    segments.push_back({1, [first](uint64_t offset, size_t size) {
                            const uint64_t number = offset / storage::block_bytes;
                            return number < first.size() ? first[number].slice(0, std::min(size, first[number].size()))
                                                         : Buffer();
                        }});
    segments.push_back({2, [second](uint64_t offset, size_t size) {
                            return offset == 0 ? second.slice(0, std::min(size, second.size())) : Buffer();
                        }});
    const auto log = harness::StoppedLog::read(segments);
    ASSERT_NE(log.find(GroupId(1)), nullptr);
    EXPECT_EQ(log.find(GroupId(1))->last(), LogIndex(2));
    EXPECT_EQ(log.find(GroupId(1))->term_at(LogIndex(2)), Term(3));
}

}  // namespace
}  // namespace quern::test
