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
    void vote(uint64_t term, bool create = false) {
        GroupChange change;
        change.group = GroupId(1);
        change.create = create;
        // Keeps the segment.
        if (create) change.entries = {{GroupId(1), LogIndex(1), Term(1), 1, Buffer::copy_of("x")}};
        change.has_hard_state = true;
        change.term = Term(term);
        change.voted_for = NodeId(1);
        node->write({std::move(change)}, [](const Result<void>& done) { ASSERT_TRUE(done); });
        world.run_for(Duration::seconds(1));
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
    open();
    vote(2);
    EXPECT_EQ(term_found(), Term(2));
    vote(3);
    EXPECT_EQ(term_found(), Term(3));
}

}  // namespace
}  // namespace quern::test
