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

Record checkpoint_at(uint64_t index, uint64_t term) {
    Record made = record(RecordKind::checkpoint);
    made.last_index = LogIndex(index);
    made.last_term = Term(term);
    return made;
}

harness::StoppedSegment segment_of(uint64_t number, const std::vector<Buffer>& batches) {
    std::vector<uint8_t> bytes;
    for (const Buffer& each : batches) bytes.insert(bytes.end(), each.span().begin(), each.span().end());
    return {number, [file = Buffer::copy_of(bytes)](uint64_t offset, size_t size) {
                if (offset >= file.size()) return Buffer();
                return file.slice(offset, std::min<size_t>(size, file.size() - offset));
            }};
}

// Of the right size, and no batch.
Buffer rotten(const Buffer& good) {
    MutableBuffer bytes(good.size());
    std::copy(good.span().begin(), good.span().end(), bytes.data());
    bytes.data()[20] ^= 1;
    return std::move(bytes).freeze();
}

harness::StoppedLog read_segments(const std::vector<std::vector<Buffer>>& files) {
    std::vector<harness::StoppedSegment> segments;
    for (const auto& batches : files) segments.push_back(segment_of(segments.size() + 1, batches));
    return harness::StoppedLog::read(segments);
}

class StoppedSegments : public ::testing::Test {
protected:
    const Buffer one_ = batch(1, 1, 0, {record(RecordKind::create), record(RecordKind::entry, 1, 1)});
    const Buffer two_ = batch(2, 1, storage::block_bytes, {record(RecordKind::entry, 2, 1)});
    const Buffer three_ = batch(3, 1, 2 * storage::block_bytes, {record(RecordKind::entry, 3, 1)});
};

// Recovery dropped batch 2 of segment 1, though it can be read, and began segment 2 with that number.
TEST_F(StoppedSegments, lack_what_recovery_dropped) {
    const auto log = read_segments(
        {{one_, two_}, {batch(2, 2, 0, {checkpoint_at(1, 1), record(RecordKind::entry, 2, 3)})}});
    ASSERT_NE(log.find(GroupId(1)), nullptr);
    EXPECT_EQ(log.find(GroupId(1))->last(), LogIndex(2));
    EXPECT_EQ(log.find(GroupId(1))->term_at(LogIndex(2)), Term(3));
    EXPECT_TRUE(log.gaps().empty());
}

TEST_F(StoppedSegments, may_end_with_a_torn_batch) {
    EXPECT_TRUE(read_segments({{one_, two_, rotten(three_)}}).gaps().empty());
    const Buffer next = batch(3, 2, 0, {checkpoint_at(2, 1)});
    EXPECT_TRUE(read_segments({{one_, two_, rotten(three_)}, {next}}).gaps().empty());
}

TEST_F(StoppedSegments, lack_no_batch_that_others_follow) {
    EXPECT_EQ(read_segments({{one_, rotten(two_), three_}}).gaps().size(), 1u);
    const Buffer next = batch(3, 2, 0, {checkpoint_at(2, 1)});
    EXPECT_EQ(read_segments({{one_, rotten(two_)}, {next}}).gaps().size(), 1u);
    EXPECT_EQ(read_segments({{one_, three_}}).gaps().size(), 0u);  // it does not lie where it belongs
    EXPECT_EQ(read_segments({{one_, batch(3, 1, storage::block_bytes, {})}}).gaps().size(), 1u);
}

}  // namespace
}  // namespace quern::test
