// Power loss at every single change of the disk, and at random ones: everything acknowledged is
// there, and nothing but acknowledged or submitted writes.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/unit/storage/log_model.h"

namespace quern::test {
namespace {

using namespace storage;

std::vector<uint64_t> draws_of(uint64_t seed, size_t count) {
    Prng random(seed);
    std::vector<uint64_t> draws;
    for (size_t i = 0; i < count; ++i)
        draws.push_back(random.next());
    return draws;
}

TEST(Crash, after_each_disk_operation_recovery_finds_what_was_acknowledged) {
    const auto draws = draws_of(7, 90);
    LoggedRun whole(1);
    whole.run(draws, 3);
    const uint64_t changes = whole.world.disk.changes;
    ASSERT_EQ(whole.acknowledged(), draws.size());
    ASSERT_EQ(whole.crash_and_check(0), "");
    for (uint64_t at = 1; at <= changes; ++at) {
        LoggedRun run(at);
        run.world.disk.crash_at = at;
        run.run(draws, 3);
        ASSERT_EQ(run.crash_and_check(static_cast<int>(at % 3)), "") << "crash at change " << at;
    }
}

// What recovery shows is acted upon: it must survive a power loss, though a killed process may
// never have synced it, or its sync may have failed and left clean pages behind.
TEST(Crash, what_recovery_shows_is_durable) {
    for (const bool sync_fails : {false, true}) {
        MemWorld world;
        ASSERT_TRUE(world.format().has_value());
        auto node = *world.open();
        ASSERT_TRUE(world.commit(*node, {create_group(1), entries(1, 1, 1, {"a"})}).has_value());
        world.disk.fail_next_sync = sync_fails;
        if (!sync_fails) world.disk.crash_at = world.disk.changes + 1;
        const GroupChange change = entries(1, 2, 1, {"b"});
        EXPECT_FALSE(world.commit(*node, {change, hard_state(1, 5, 6)}).has_value());
        node.reset();
        world.forget();
        world.disk.kill();
        if (sync_fails) world.disk.inode("wal/0000000001.seg").dirty.clear();
        node = *world.open();
        const std::string shown = text_of(node->take_recovered().at(0));
        EXPECT_EQ(shown, "1@1:a 2@1:b");
        node.reset();
        world.forget();
        world.disk.crash_losing_all();
        node = *world.open();
        const auto groups = node->take_recovered();
        EXPECT_EQ(text_of(groups.at(0)), shown);
        EXPECT_EQ(groups[0].voted_for, NodeId(6));
        EXPECT_EQ(groups[0].faulty_from, LogIndex(0));
    }
}

// Removals that were under way when power failed may hold in any subset and order.
TEST(Crash, segments_given_up_come_back_without_a_gap) {
    for (uint64_t seed = 0; seed < 30; ++seed) {
        MemWorld world;
        ASSERT_TRUE(world.format().has_value());
        auto node = *world.open();
        ASSERT_TRUE(world.commit(*node, {create_group(1)}).has_value());
        for (uint64_t i = 1; i <= 30; ++i) {
            const std::string large(20'000, 'a');
            ASSERT_TRUE(world.commit(*node, {entries(1, i, 1, {large})}).has_value());
        }
        GroupChange snapshot;
        snapshot.group = GroupId(1);
        snapshot.snapshot_index = LogIndex(29);
        snapshot.snapshot_term = Term(1);
        snapshot.keep_suffix = true;
        ASSERT_TRUE(world.commit(*node, {snapshot}).has_value());
        world.disk.crash_at = world.disk.changes + 1 + seed / 2;
        world.run();
        node.reset();
        world.forget();
        Prng random(seed);
        world.disk.crash(random);
        world.findings.clear();
        auto again = world.open();
        ASSERT_TRUE(again.has_value()) << again.error().to_string();
        EXPECT_EQ(world.findings, std::vector<std::string>()) << "seed " << seed;
        EXPECT_EQ((*again)->take_recovered().at(0).entries.size(), 1u);
    }
}

TEST(Crash, a_segment_that_grew_keeps_its_size) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
        MemWorld world;
        ASSERT_TRUE(world.format().has_value());
        auto node = *world.open();
        const std::string larger(world.options.segment_bytes + 5'000, 'a');
        ASSERT_TRUE(world.commit(*node, {create_group(1)}).has_value());
        ASSERT_TRUE(world.commit(*node, {entries(1, 1, 1, {larger})}).has_value());
        node.reset();
        world.forget();
        Prng random(seed);
        world.disk.crash(random);
        auto again = world.open();
        ASSERT_TRUE(again.has_value()) << again.error().to_string();
        EXPECT_EQ((*again)->take_recovered().at(0).entries.size(), 1u);
    }
}

TEST(Crash, again_and_again_under_random_writes) {
    EXPECT_TRUE(rc::check([](uint64_t seed) {
        LoggedRun run(seed);
        Prng random(seed);
        const uint64_t lives = *rc::gen::inRange<uint64_t>(1, 8);
        for (uint64_t life = 0; life < lives; ++life) {
            run.world.disk.crash_at = run.world.disk.changes + 1 + random.below(60);
            run.run(draws_of(random.next(), random.below(25)), 1 + random.below(5));
            const std::string wrong = run.crash_and_check(static_cast<int>(random.below(3)));
            if (!wrong.empty()) RC_FAIL(wrong);
        }
    }));
}

}  // namespace
}  // namespace quern::test
