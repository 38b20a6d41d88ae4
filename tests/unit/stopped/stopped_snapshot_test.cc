// Snapshots of stopped nodes against the logs beside them.
#include "harness/stopped/log_follower.h"
#include "system/base/checksum.h"
#include "system/storage/snapshot_format.h"
#include "system/wire/command_codec.h"
#include "tests/unit/stopped/stopped_nodes.h"

namespace quern::test {
namespace {

using namespace harness;

Buffer queue_made(uint32_t number) {
    queue::Command command;
    command.queue = QueueId(number);
    command.record_version = CatalogueVersion(number);
    command.operation = queue::EnsureQueue{};
    return wire::encode_commands(ClusterTime{number * 1'000}, {command});
}

class SnapshotsOfThree : public StoppedNodes {
protected:
    void SetUp() override {
        StoppedNodes::SetUp();
        for (uint32_t index = 1; index <= 4; ++index) append_to_all(index, 1, queue_made(index));
    }
    // Node `node` counts a snapshot at `index`; its file holds the state at `held`.
    void put(uint32_t node, uint64_t index, uint64_t held) {
        snapshot(node, index, 1);
        const Buffer image = Buffer::copy_of(state_at(held)->image());
        snapshots_[NodeId(node)] = {{group, LogIndex(index), Term(1), {image}}};
    }
    static std::unique_ptr<LogFollower> state_at(uint64_t index) {
        auto follower = LogFollower::from_nothing(group);
        for (uint32_t i = 1; i <= index; ++i) {
            EXPECT_TRUE(follower->apply({LogIndex(i), Term(1), raft::EntryKind::command, queue_made(i)}));
        }
        return follower;
    }
    // What was before index 5 is gone from all the logs.
    void begin_behind_a_snapshot() {
        for (uint32_t node = 1; node <= 3; ++node) {
            snapshot(node, 5, 2, false);  // of another log
            append(node, 6, 2, queue_made(6));
        }
    }
    std::string snapshots_verdict() {
        Verdict verdict;
        judged_ = judge_snapshots(logs(), snapshots_, 0, verdict);
        return verdict.good() ? "" : verdict.violations().front().invariant;
    }

    StoppedSnapshots snapshots_;
    uint64_t judged_ = 0;
};

TEST_F(SnapshotsOfThree, are_what_the_log_leads_to) {
    put(1, 2, 2);
    put(2, 4, 4);
    put(3, 4, 4);
    EXPECT_EQ(snapshots_verdict(), "");
    EXPECT_EQ(judged_, 3u);
}

TEST_F(SnapshotsOfThree, one_of_which_is_of_another_moment) {
    put(1, 2, 2);
    put(2, 4, 3);
    EXPECT_EQ(snapshots_verdict(), "R14");
}

TEST_F(SnapshotsOfThree, one_of_which_does_not_decode) {
    put(1, 2, 2);
    snapshots_[NodeId(1)].front().chunks = {Buffer::copy_of("nonsense")};
    EXPECT_EQ(snapshots_verdict(), "R14");
}

TEST_F(SnapshotsOfThree, one_of_which_is_missing) {
    put(1, 2, 2);
    put(2, 3, 3);
    snapshots_.erase(NodeId(2));
    EXPECT_EQ(snapshots_verdict(), "R10");
}

TEST_F(SnapshotsOfThree, are_followed_from_the_oldest_where_no_log_goes_back) {
    begin_behind_a_snapshot();
    const auto follower = state_at(5);
    const std::vector<Buffer> at_five = {Buffer::copy_of(follower->image())};
    for (uint32_t node = 1; node <= 3; ++node) snapshots_[NodeId(node)] = {{group, LogIndex(5), Term(2), at_five}};
    EXPECT_EQ(snapshots_verdict(), "");
    EXPECT_EQ(judged_, 2u);
    ASSERT_TRUE(follower->apply({LogIndex(6), Term(2), raft::EntryKind::command, queue_made(6)}));
    snapshot(3, 6, 2);
    snapshots_[NodeId(3)] = {{group, LogIndex(6), Term(2), at_five}};
    EXPECT_EQ(snapshots_verdict(), "R14");
    snapshots_[NodeId(3)] = {{group, LogIndex(6), Term(2), {Buffer::copy_of(follower->image())}}};
    EXPECT_EQ(snapshots_verdict(), "");
}

TEST_F(SnapshotsOfThree, the_oldest_of_which_is_of_another_moment) {
    begin_behind_a_snapshot();
    for (const uint64_t held : {4u, 5u, 6u}) {
        const std::vector<Buffer> image = {Buffer::copy_of(state_at(held)->image())};
        for (uint32_t node = 1; node <= 3; ++node) snapshots_[NodeId(node)] = {{group, LogIndex(5), Term(2), image}};
        EXPECT_EQ(snapshots_verdict(), held == 5 ? "" : "R14");
    }
}

TEST_F(SnapshotsOfThree, an_entry_before_one_of_which_is_no_command) {
    append_to_all(5, 1, Buffer::copy_of("nonsense"));
    put(1, 2, 2);
    snapshot(2, 5, 1);
    snapshots_[NodeId(2)] = {{group, LogIndex(5), Term(1), {Buffer::copy_of("any")}}};
    EXPECT_EQ(snapshots_verdict(), "R15");
}

Buffer frame(const Buffer& chunk, uint32_t ordinal, bool last) {
    storage::SnapshotFrame made;
    made.size_bytes = static_cast<uint32_t>(chunk.size());
    made.ordinal = ordinal;
    made.chunk_crc = crc32c(chunk.span());
    made.last = last;
    return storage::encode_snapshot_frame(made);
}

std::vector<uint8_t> file_of(const std::vector<Buffer>& chunks) {
    std::vector<Buffer> parts = {storage::encode_snapshot_header({{1, 2}, GroupId(3), LogIndex(7)})};
    for (const Buffer& chunk : chunks) {
        parts.push_back(frame(chunk, static_cast<uint32_t>(parts.size() / 2), false));
        parts.push_back(chunk);
    }
    parts.push_back(frame({}, static_cast<uint32_t>(chunks.size()), true));
    return joined(parts);
}

TEST(SnapshotFile, is_read_if_it_is_whole) {
    const uint8_t header[16] = {7, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0};
    std::vector<uint8_t> file = file_of({Buffer::copy_of(header), Buffer::copy_of("state"), Buffer::copy_of("more")});
    const auto parsed = parse_snapshot(Buffer::copy_of(file));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->group, GroupId(3));
    EXPECT_EQ(parsed->index, LogIndex(7));
    EXPECT_EQ(parsed->term, Term(2));
    ASSERT_EQ(parsed->chunks.size(), 2u);
    EXPECT_EQ(parsed->chunks[1].text(), "more");
    for (size_t size = 0; size < file.size(); ++size) {
        EXPECT_FALSE(parse_snapshot(Buffer::copy_of({file.data(), size}))) << size;
    }
    file[file.size() - storage::snapshot_frame_bytes - 1] ^= 1;
    EXPECT_FALSE(parse_snapshot(Buffer::copy_of(file)));
}

}  // namespace
}  // namespace quern::test
