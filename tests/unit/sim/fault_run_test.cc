// Plans in effect: faults begin, overlap, end, and are taken back.
#include "sim/faults/fault_run.h"

#include <gtest/gtest.h>

#include "sim/faults/plan_generate.h"
#include "tests/unit/sim/chatter.h"

namespace quern::sim {
namespace {

class FaultRunTest : public testing::Test {
protected:
    FaultRunTest() {
        for (const char* name : {"n1", "n2", "n3"})
            world.add_machine({.name = name});
    }
    FaultRun& run(const std::string& text) {
        auto plan = FaultPlan::parse(text);
        QUERN_ASSERT(plan.has_value());
        runs.push_back(std::make_unique<FaultRun>(world, atlas, std::move(*plan)));
        runs.back()->start();
        return *runs.back();
    }
    void until(double seconds) { world.run_until(SimTime{static_cast<int64_t>(seconds * 1e9)}); }

    World world{{.seed = 21}};
    Atlas atlas{21, {"n1", "n2", "n3"}, 1, AtlasScope::beyond_limits};
    std::vector<std::unique_ptr<FaultRun>> runs;
};

TEST_F(FaultRunTest, overlapping_partitions_end_one_by_one) {
    run("1 partition at=1 for=4 a=n1 b=n2,n3\n"
        "2 partition_one_way at=2 for=1 a=n1 b=n2\n");
    Fabric& fabric = world.fabric();
    until(1.5);
    EXPECT_TRUE(fabric.blocked(0, 1) && fabric.blocked(1, 0) && fabric.blocked(2, 0));
    EXPECT_FALSE(fabric.blocked(1, 2));
    until(3.5);
    EXPECT_TRUE(fabric.blocked(0, 1));
    until(5.5);
    EXPECT_FALSE(fabric.blocked(0, 1) || fabric.blocked(1, 0) || fabric.blocked(2, 0));
}

TEST_F(FaultRunTest, a_machine_starts_when_the_last_fault_that_holds_it_down_ends) {
    run("1 kill at=1 for=1 a=n1\n"
        "2 power_loss at=1.5 for=2 a=n1,n2\n");
    until(1.2);
    EXPECT_FALSE(world.machine(0).running());
    until(2.5);
    EXPECT_FALSE(world.machine(0).running());
    EXPECT_FALSE(world.machine(0).powered());
    EXPECT_FALSE(world.machine(1).running());
    until(4);
    EXPECT_TRUE(world.machine(0).running());
    EXPECT_TRUE(world.machine(1).running());
    EXPECT_EQ(world.machine(0).life(), 2u);
    EXPECT_EQ(world.counters().count(FaultKind::kill), 1u);
    EXPECT_EQ(world.counters().count(FaultKind::power_loss), 2u);
}

TEST_F(FaultRunTest, a_crash_waits_for_a_write_to_be_under_way) {
    run("1 power_loss at=1 for=4 a=n1 write_pending_ms=1000\n");
    until(1.5);
    Machine& m = world.machine(0);
    EXPECT_TRUE(m.running());
    m.env().disk.open("f", OpenMode::create_new, [&](Result<std::unique_ptr<File>> file) {
        (*file)->write_at(0, Buffer::copy_of("x"), [](Result<void>) {});
    });
    until(1.51);
    EXPECT_FALSE(m.running());
}

TEST_F(FaultRunTest, a_crash_without_a_write_comes_at_the_end_of_its_window) {
    run("1 kill at=1 for=4 a=n1 write_pending_ms=500\n");
    until(1.4);
    EXPECT_TRUE(world.machine(0).running());
    until(1.6);
    EXPECT_FALSE(world.machine(0).running());
}

TEST_F(FaultRunTest, down_again_soon_after_it_came_up) {
    run("1 kill at=1 for=1 a=n1 again_ms=100\n");
    until(2.15);
    EXPECT_FALSE(world.machine(0).running());
    until(3);
    EXPECT_TRUE(world.machine(0).running());
    EXPECT_EQ(world.machine(0).life(), 3u);
}

TEST_F(FaultRunTest, a_pause_outlives_a_restart) {
    run("1 pause at=1 for=5 a=n1\n"
        "2 kill at=2 for=1 a=n1\n");
    until(4);
    EXPECT_TRUE(world.machine(0).running());
    EXPECT_TRUE(world.machine(0).paused());
    until(7);
    EXPECT_FALSE(world.machine(0).paused());
}

TEST_F(FaultRunTest, clocks_come_back) {
    run("1 clock_jump at=1 for=2 a=n1 ms=-5000\n"
        "2 clock_freeze at=1 for=2 a=n2\n"
        "3 clock_drift at=1 for=2 a=n3 ppb=1000\n");
    until(2);
    EXPECT_LT(world.machine(0).env().clock.wall().latest, world.wall_now());
    EXPECT_LT(world.machine(1).env().clock.wall().latest, world.wall_now());
    EXPECT_EQ(world.machine(2).clock().options().drift_ppb, 1000);
    until(4);
    for (uint32_t i = 0; i < 3; ++i) {
        const WallReading wall = world.machine(i).env().clock.wall();
        EXPECT_LE(wall.earliest, world.wall_now());
        EXPECT_GE(wall.latest, world.wall_now());
    }
    EXPECT_EQ(world.machine(2).clock().options().drift_ppb, 0);
}

TEST_F(FaultRunTest, swapped_disks_are_swapped_back) {
    for (uint32_t i = 0; i < 2; ++i) {
        Disk& disk = world.machine(i).env().disk;
        disk.open("disk" + std::to_string(i), OpenMode::create_new,
                  [](Result<std::unique_ptr<File>>) {});
        disk.sync_directory("", [](Result<void>) {});
    }
    until(0.5);
    for (uint32_t i = 0; i < 2; ++i) {
        world.machine(i).env().disk.sync_directory("", [](Result<void>) {});
    }
    run("1 disks_swapped at=1 for=1 a=n1 b=n2\n");
    until(2);
    EXPECT_NE(world.machine(0).disk().platter().find("disk1"), nullptr);
    until(3);
    EXPECT_NE(world.machine(0).disk().platter().find("disk0"), nullptr);
    EXPECT_EQ(world.machine(0).life(), 3u);
}

TEST_F(FaultRunTest, heal_all_takes_everything_back_at_once) {
    FaultRun& faults =
        run("1 partition at=1 for=100 a=n1 b=n2,n3\n"
            "2 power_loss at=1 for=100 a=n2\n"
            "3 pause at=1 for=100 a=n3\n"
            "4 disk_stuck at=1 for=100 a=n1\n"
            "5 kill at=50 for=1 a=n1\n");
    until(2);
    faults.heal_all();
    EXPECT_EQ(faults.active_count(), 0u);
    EXPECT_FALSE(world.fabric().blocked(0, 1));
    EXPECT_TRUE(world.machine(1).running());
    EXPECT_FALSE(world.machine(2).paused());
    until(200);
    EXPECT_EQ(world.machine(0).life(), 1u);
}

TEST_F(FaultRunTest, heal_core_leaves_the_others_as_broken_as_they_are) {
    FaultRun& faults =
        run("1 partition at=1 for=100 a=n1 b=n2,n3\n"
            "2 kill at=1 for=10 a=n3\n"
            "3 kill at=1 for=10 a=n2\n");
    until(2);
    faults.heal_core({&world.machine(0), &world.machine(1)});
    until(200);
    EXPECT_FALSE(world.fabric().blocked(0, 1) || world.fabric().blocked(1, 0));
    EXPECT_TRUE(world.fabric().blocked(0, 2) && world.fabric().blocked(2, 0));
    EXPECT_TRUE(world.machine(1).running());
    EXPECT_FALSE(world.machine(2).running());
}

TEST(FaultRunChaos, any_plan_on_talking_machines_ends_with_all_of_them_talking) {
    std::array<uint64_t, fault_kind_count> struck{};
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        Chatter chatter(seed, Chatter::plan_of(seed));
        chatter.world.run_until(SimTime{Duration::seconds(12).ns});
        chatter.faults.heal_all();
        const auto before = chatter.talked();
        chatter.world.run_for(Duration::seconds(5));
        const auto after = chatter.talked();
        for (size_t i = 0; i < after.size(); ++i)
            EXPECT_GT(after[i], before[i]) << "seed " << seed;
        for (size_t i = 0; i < fault_kind_count; ++i) {
            struck[i] += chatter.world.counters().count(static_cast<FaultKind>(i));
        }
    }
    for (size_t i = 0; i < fault_kind_count; ++i) {
        EXPECT_GT(struck[i], 0u) << fault_kind_name(static_cast<FaultKind>(i));
    }
}

TEST(FaultRunChaos, one_seed_gives_one_hash) {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        uint64_t hashes[2];
        for (int turn = 0; turn < 2; ++turn) {
            Chatter chatter(seed, Chatter::plan_of(seed));
            if (turn == 1) chatter.world.trace().keep(1000);
            chatter.world.run_until(SimTime{Duration::seconds(12).ns});
            hashes[turn] = chatter.world.hash();
        }
        EXPECT_EQ(hashes[0], hashes[1]) << "seed " << seed;
    }
    Chatter one(1, Chatter::plan_of(1));
    Chatter two(2, Chatter::plan_of(2));
    one.world.run_for(Duration::seconds(2));
    two.world.run_for(Duration::seconds(2));
    EXPECT_NE(one.world.hash(), two.world.hash());
}

TEST(FaultRunChaos, taking_the_last_fault_out_changes_nothing_before_it) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        FaultPlan plan = Chatter::plan_of(seed);
        if (plan.faults.size() < 2) continue;
        FaultPlan shorter = plan;
        const SimTime last = plan.faults.back().at;
        shorter.faults.pop_back();
        if (shorter.faults.back().at == last) continue;
        Chatter whole(seed, plan);
        Chatter less(seed, shorter);
        whole.world.trace().keep(100);
        less.world.trace().keep(100);
        const SimTime before{last.ns - 1};
        whole.world.run_until(before);
        less.world.run_until(before);
        EXPECT_EQ(whole.world.hash(), less.world.hash()) << "seed " << seed;
        EXPECT_EQ(whole.world.trace().text(), less.world.trace().text());
    }
}

}  // namespace
}  // namespace quern::sim
