// What the witness takes for durable: it reads a disk as recovery would leave it.
#include <gtest/gtest.h>

#include "harness/durable_log.h"
#include "sim/world/world.h"
#include "system/storage/node_storage.h"
#include "system/storage/wal_parse.h"

namespace quern::test {
namespace {

using namespace storage;

struct DurableDisk : ::testing::Test {
    sim::World world{{.seed = 1}};
    sim::Machine& machine = world.add_machine({.name = "s1"});
    harness::DurableLog log{machine};
    Superblock identity{0, {1, 2}, {3, 4}, NodeId(1)};
    std::unique_ptr<NodeStorage> node;

    void SetUp() override {
        NodeStorage::format(machine.env(), identity, [](const Result<void>&) {});
        world.run_for(Duration::seconds(1));
        open();
    }
    void open() {
        Options options;
        options.segment_bytes = 64 * 1024;
        NodeStorage::open(machine.env(), options, [this](Result<std::unique_ptr<NodeStorage>> opened) {
            if (opened) node = std::move(*opened);
        });
        world.run_for(Duration::seconds(1));
        ASSERT_NE(node, nullptr);
    }
    void write(GroupChange change) {
        change.group = GroupId(1);
        node->write({std::move(change)}, [](const Result<void>& done) { ASSERT_TRUE(done); });
        world.run_for(Duration::seconds(1));
    }
    static WalEntry entry(uint64_t index, uint64_t term) {
        return {GroupId(1), LogIndex(index), Term(term), 1, Buffer::copy_of("x")};
    }
    void append(uint64_t index, uint64_t term) {
        GroupChange change;
        change.entries = {entry(index, term)};
        write(std::move(change));
    }
    void vote(uint64_t term, bool create = false) {
        GroupChange change;
        change.create = create;
        if (create) change.entries = {entry(1, 1)};  // keeps the segment
        change.has_hard_state = true;
        change.term = Term(term);
        change.voted_for = NodeId(1);
        write(std::move(change));
    }
    Term term_found() {
        log.look();
        const harness::DurableLog::Group* group = log.find(GroupId(1));
        return group != nullptr ? group->hard_state.term : Term{};
    }
};

TEST_F(DurableDisk, is_read_as_it_grows) {
    vote(1, true);
    EXPECT_EQ(term_found(), Term(1));
    vote(2);
    EXPECT_EQ(term_found(), Term(2));
}

TEST_F(DurableDisk, what_recovery_dropped_is_behind_it) {
    vote(1, true);
    EXPECT_EQ(term_found(), Term(1));
    const std::string path = "wal/0000000001.seg";
    auto image = machine.disk().platter().durable_image(path, true);
    ASSERT_TRUE(image.has_value());
    const ParsedSegment parsed = parse_segment(std::move(*image), 1, node_tag(identity.node_uuid));
    const ParsedBatch& last = parsed.batches.back();
    ASSERT_TRUE(last.head.records.empty());  // it closes the log, and nothing else
    node.reset();
    machine.kill();
    const sim::InodeRef inode = machine.disk().platter().find_durable(path);
    ASSERT_TRUE(inode->flip_bit(last.head.offset_bytes + 10, 1));
    machine.start();
    log.look();  // recovery has decided nothing yet (seed 63852)
    open();
    EXPECT_EQ(term_found(), Term(1));
    vote(2);
    EXPECT_EQ(term_found(), Term(2));
    vote(3);
    EXPECT_EQ(term_found(), Term(3));
}

// Whoever has no room for another segment uses up its number.
TEST_F(DurableDisk, is_read_across_numbers_that_were_left_out) {
    vote(1, true);
    EXPECT_EQ(term_found(), Term(1));
    sim::Platter& platter = machine.disk().platter();
    const uint64_t quota = platter.quota();
    const auto append_big = [this](uint64_t index) {
        GroupChange change;
        change.entries = {{GroupId(1), LogIndex(index), Term(1), 1, Buffer::copy_of(std::string(20'000, 'x'))}};
        write(std::move(change));
    };
    platter.set_quota(platter.used());
    for (uint64_t index = 2; index <= 4; ++index) append_big(index);  // it rolls, and makes no spare
    platter.set_quota(quota);
    for (uint64_t index = 5; index <= 12; ++index) append_big(index);
    log.look();
    EXPECT_EQ(log.find(GroupId(1))->last(), LogIndex(12));
    EXPECT_EQ(platter.find_durable("wal/0000000004.seg"), nullptr);
    EXPECT_NE(platter.find_durable("wal/0000000006.seg"), nullptr);
    log.start_over();
    EXPECT_EQ(log.find(GroupId(1))->last(), LogIndex(12));
}

// Seed 7971 of a campaign: the segment of a damaged entry went, the next one's checkpoint still said where
// the log had ended, and the entry that a later leader put there was not seen.
TEST_F(DurableDisk, another_entry_in_place_of_the_last_one_ends_the_old_log) {
    vote(1, true);
    append(2, 1);
    append(3, 1);
    const std::string path = "wal/0000000001.seg";
    const ParsedSegment parsed = parse_segment(*machine.disk().platter().durable_image(path, true), 1,
                                               node_tag(identity.node_uuid));
    uint64_t payload = 0;
    for (const ParsedBatch& batch : parsed.batches) {
        for (const Record& r : batch.head.records) {
            if (r.kind != RecordKind::entry || r.index != LogIndex(3)) continue;
            payload = batch.head.offset_bytes + r.offset_bytes;
        }
    }
    ASSERT_NE(payload, 0U);
    node.reset();
    machine.kill();
    ASSERT_TRUE(machine.disk().platter().find_durable(path)->flip_bit(payload, 1));
    machine.start();
    open();
    log.look();
    EXPECT_EQ(log.find(GroupId(1))->last(), LogIndex(3));
    append(3, 2);
    sim::Platter& platter = machine.disk().platter();
    ASSERT_TRUE(platter.remove(path));
    platter.directory_synced("wal", platter.directory_point());
    log.start_over();  // what is read anew begins at the checkpoint
    EXPECT_TRUE(log.find(GroupId(1))->holds(LogIndex(3), Term(2)));
    EXPECT_FALSE(log.find(GroupId(1))->holds(LogIndex(3), Term(1)));
}

}  // namespace
}  // namespace quern::test
