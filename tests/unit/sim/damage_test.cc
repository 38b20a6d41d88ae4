// Faults of disks, in operation and at rest.
#include "sim/world/disk_damage.h"

#include <gtest/gtest.h>

#include "tests/unit/sim/files.h"

namespace quern::sim {
namespace {

class Damage : public testing::Test {
protected:
    Damage() {
        file = files.open("wal-1", OpenMode::create_new);
        files.sync_directory("");
        files.write(*file, 0, std::string(8192, 'a'));
        files.sync(*file);
    }
    Platter& platter() { return m.disk().platter(); }
    uint64_t count(FaultKind kind) { return world.counters().count(kind); }

    World world{{.seed = 5}};
    Machine& m = world.add_machine({.name = "m"});
    Files files{world, m};
    Atlas anything{1, {"m"}, 0, AtlasScope::beyond_limits};
    std::unique_ptr<File> file;
};

TEST_F(Damage, bit_rot_flips_one_bit_and_keeps_the_pristine_bytes) {
    EXPECT_EQ(damage_disk(world, m, anything, {FaultKind::bit_rot, 7, 1, "wal"}), 1u);
    const std::string now = files.read(*file, 0, 8192);
    int bits = 0;
    for (const char c : now)
        bits += __builtin_popcount(static_cast<unsigned char>(c ^ 'a'));
    EXPECT_EQ(bits, 1);
    EXPECT_EQ(platter().durable_image("wal-1", true)->text(), std::string(8192, 'a'));
    EXPECT_EQ(platter().durable_image("wal-1")->text(), now);
    EXPECT_EQ(count(FaultKind::bit_rot), 1u);
}

TEST_F(Damage, the_newest_bytes_can_be_aimed_at) {
    for (uint64_t key = 1; key <= 20; ++key) {
        ASSERT_EQ(damage_disk(world, m, anything, {FaultKind::bit_rot, key, 1, "wal", 100}), 1u);
    }
    const std::string now = files.read(*file, 0, 8192);
    EXPECT_EQ(now.substr(0, 8092), std::string(8092, 'a'));
    EXPECT_NE(now.substr(8092), std::string(100, 'a'));
}

TEST_F(Damage, the_newest_bytes_are_the_last_that_are_not_zero) {
    files.write(*file, 0, std::string(700, 'b') + std::string(7492, '\0'));
    files.sync(*file);
    EXPECT_EQ(platter().find("wal-1")->durable_end(), 700u);
    ASSERT_EQ(damage_disk(world, m, anything, {FaultKind::bit_rot, 3, 1, "wal", 10}), 1u);
    const std::string now = files.read(*file, 0, 8192);
    EXPECT_EQ(now.substr(0, 690), std::string(690, 'b'));
    EXPECT_NE(now.substr(690, 10), std::string(10, 'b'));
}

TEST_F(Damage, sectors_in_a_row_become_unreadable) {
    auto bad = [&] {
        int count = 0;
        for (uint64_t sector = 0; sector < 8192 / sector_bytes; ++sector) {
            count += platter().find("wal-1")->damaged(sector) ? 1 : 0;
        }
        return count;
    };
    EXPECT_EQ(damage_disk(world, m, anything, {FaultKind::latent_error, 7, 1, "wal", 1, 5}), 1u);
    EXPECT_EQ(bad(), 1);  // the last one of the file
    for (uint64_t key = 1; key <= 4; ++key) {
        EXPECT_EQ(damage_disk(world, m, anything, {FaultKind::latent_error, key, 1, "wal", 8192, 5}), 1u);
    }
    EXPECT_GT(bad(), 5);
}

TEST_F(Damage, what_was_never_written_is_zero_until_it_is_damaged_or_written) {
    constexpr size_t size = 64 * 1024;
    auto spare = files.open("spare-1", OpenMode::create_new);
    EXPECT_EQ(files.allocate(*spare, size), ErrorCode::ok);
    files.sync(*spare);
    files.sync_directory("");
    Inode& inode = *platter().find("spare-1");
    EXPECT_TRUE(inode.untouched(0, size));
    EXPECT_EQ(files.read(*spare, 0, size), std::string(size, '\0'));
    ASSERT_TRUE(inode.flip_bit(40'000, 3));
    EXPECT_FALSE(inode.untouched(0, size));
    EXPECT_NE(files.read(*spare, 0, size), std::string(size, '\0'));
    EXPECT_EQ(files.read(*spare, 0, 39'000), std::string(39'000, '\0'));
    ASSERT_TRUE(inode.make_unreadable(40'000 / sector_bytes));
    EXPECT_EQ(files.read(*spare, 0, size), "error");
    files.write(*spare, 100, "x");
    EXPECT_FALSE(inode.untouched(0, 200));  // not durable yet
    EXPECT_TRUE(inode.untouched(200, 1'000));
    EXPECT_EQ(files.read(*spare, 0, 200), std::string(100, '\0') + "x" + std::string(99, '\0'));
    files.sync(*spare);
    EXPECT_FALSE(inode.untouched(0, 200));
}

TEST_F(Damage, overwriting_a_sector_heals_it) {
    damage_disk(world, m, anything, {FaultKind::latent_error, 7, 3, ""});
    EXPECT_EQ(files.read(*file, 0, 8192), "error");
    EXPECT_FALSE(platter().durable_image("wal-1").has_value());
    files.write(*file, 0, std::string(8192, 'b'));
    files.sync(*file);
    EXPECT_EQ(files.read(*file, 0, 8192), std::string(8192, 'b'));
}

TEST_F(Damage, a_class_that_has_no_files_is_not_struck) {
    EXPECT_EQ(damage_disk(world, m, anything, {FaultKind::bit_rot, 7, 1, "snapshot"}), 0u);
    EXPECT_EQ(count(FaultKind::bit_rot), 0u);
}

TEST_F(Damage, a_write_makes_a_truncated_file_as_long_as_it_reaches) {
    EXPECT_EQ(damage_disk(world, m, anything, {FaultKind::file_truncated, 9, 1, ""}), 1u);
    const uint64_t cut = files.size(*file);
    ASSERT_LT(cut, 8191u);
    files.write(*file, cut, "x");
    EXPECT_EQ(files.size(*file), cut + 1);
    files.sync(*file);
    EXPECT_EQ(files.size(*file), cut + 1);
}

TEST_F(Damage, a_truncated_file_loses_its_tail_and_reads_zeros_when_it_grows_again) {
    EXPECT_EQ(damage_disk(world, m, anything, {FaultKind::file_truncated, 9, 1, ""}), 1u);
    const uint64_t size = files.size(*file);
    EXPECT_LT(size, 8192u);
    EXPECT_EQ(files.read(*file, 0, 10'000), std::string(size, 'a'));
    EXPECT_EQ(platter().durable_image("wal-1", true)->text(), std::string(8192, 'a'));
    files.write(*file, 8192, "tail");
    files.sync(*file);
    const std::string again = files.read(*file, 0, 10'000);
    ASSERT_EQ(again.size(), 8196u);
    EXPECT_EQ(again.substr(8192), "tail");
    EXPECT_EQ(again.substr(8000, 192), std::string(192, '\0'));
}

TEST_F(Damage, a_lost_write_keeps_old_bytes_though_the_sync_succeeded) {
    file->write_at(0, Buffer::copy_of(std::string(4096, 'b')), [](Result<void>) {});
    EXPECT_EQ(damage_disk(world, m, anything, {FaultKind::lost_write, 3, 1, ""}), 1u);
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(files.sync(*file), ErrorCode::ok);
    EXPECT_EQ(count(FaultKind::lost_write), 1u);
    const std::string now = files.read(*file, 0, 4096);
    EXPECT_EQ(std::count(now.begin(), now.end(), 'a'), 512);
    EXPECT_EQ(platter().durable_image("wal-1", true)->text().substr(0, 4096),
              std::string(4096, 'b'));
}

// As long as nothing of the log is synced behind it, no node could tell such a lie from a torn write.
TEST_F(Damage, a_lie_about_the_logs_last_sync_is_taken_back_at_death) {
    for (const bool another_sync : {false, true}) {
        files.write(*file, 0, std::string(4096, another_sync ? 'c' : 'b'));
        damage_disk(world, m, anything, {FaultKind::lost_write, 3, 1, ""});
        EXPECT_EQ(files.sync(*file), ErrorCode::ok);
        if (another_sync) {
            files.write(*file, 8192, "behind it");
            EXPECT_EQ(files.sync(*file), ErrorCode::ok);
        }
        m.power_loss(CrashLoss::everything);
        m.start();
        file = files.open("wal-1", OpenMode::existing);
        const std::string now = files.read(*file, 0, 4096);
        EXPECT_EQ(std::count(now.begin(), now.end(), another_sync ? 'c' : 'b'), another_sync ? 3584 : 4096);
    }
}

// A new segment is synced, too; it shows nothing of the batch before.
TEST_F(Damage, a_lie_is_taken_back_though_a_new_segment_was_synced) {
    files.write(*file, 0, std::string(4096, 'b'));
    damage_disk(world, m, anything, {FaultKind::lost_write, 3, 1, ""});
    EXPECT_EQ(files.sync(*file), ErrorCode::ok);
    const auto spare = files.open("wal-2", OpenMode::create_new);
    EXPECT_EQ(files.allocate(*spare, 65'536), ErrorCode::ok);
    EXPECT_EQ(files.sync(*spare), ErrorCode::ok);
    damage_disk(world, m, anything, {FaultKind::lost_write, 4, 1, ""});
    EXPECT_EQ(files.sync(*spare), ErrorCode::ok);  // with another lie in wait, and nothing to lie about
    m.power_loss(CrashLoss::everything);
    m.start();
    file = files.open("wal-1", OpenMode::existing);
    EXPECT_EQ(files.read(*file, 0, 4096), std::string(4096, 'b'));
}

TEST_F(Damage, a_lie_is_not_taken_back_once_another_segment_was_written_to) {
    const auto next = files.open("wal-2", OpenMode::create_new);
    files.sync_directory("");
    files.write(*file, 0, std::string(4096, 'b'));
    damage_disk(world, m, anything, {FaultKind::lost_write, 3, 1, ""});
    EXPECT_EQ(files.sync(*file), ErrorCode::ok);
    files.write(*next, 0, "behind it");
    EXPECT_EQ(files.sync(*next), ErrorCode::ok);
    m.power_loss(CrashLoss::everything);
    m.start();
    file = files.open("wal-1", OpenMode::existing);
    const std::string now = files.read(*file, 0, 4096);
    EXPECT_EQ(std::count(now.begin(), now.end(), 'b'), 3584);
}

// The older bytes have good batches behind them: that they are gone can be seen.
TEST_F(Damage, what_a_misdirected_write_fell_upon_is_not_given_back_at_death) {
    files.write(*file, 0, std::string(512, 'b'));
    damage_disk(world, m, anything, {FaultKind::misdirected_write, 3, 1, ""});
    EXPECT_EQ(files.sync(*file), ErrorCode::ok);
    m.power_loss(CrashLoss::everything);
    m.start();
    file = files.open("wal-1", OpenMode::existing);
    const std::string now = files.read(*file, 0, 8192);
    EXPECT_EQ(now.substr(0, 512), std::string(512, 'b'));
    EXPECT_EQ(std::count(now.begin(), now.end(), 'b'), 1024);
    EXPECT_EQ(std::count(now.begin(), now.end(), 'a'), 7168);
}

// All sectors are of this sync, so wherever it went, it went over new bytes.
TEST_F(Damage, a_write_misdirected_within_one_sync_is_taken_back_whole) {
    for (uint64_t key = 1; key <= 8; ++key) {
        const std::string bytes(8192, static_cast<char>('b' + key));
        files.write(*file, 0, bytes);
        damage_disk(world, m, anything, {FaultKind::misdirected_write, key, 1, ""});
        EXPECT_EQ(files.sync(*file), ErrorCode::ok);
        m.power_loss(CrashLoss::everything);
        m.start();
        file = files.open("wal-1", OpenMode::existing);
        EXPECT_EQ(files.read(*file, 0, 8192), bytes);
    }
}

TEST_F(Damage, rot_beside_a_lie_stays_when_the_lie_is_taken_back) {
    const InodeRef inode = platter().find_durable("wal-1");
    ASSERT_TRUE(inode->flip_bit(300, 1));
    files.write(*file, 0, std::string(100, 'b'));  // the one sector that can be lost
    damage_disk(world, m, anything, {FaultKind::lost_write, 3, 1, ""});
    EXPECT_EQ(files.sync(*file), ErrorCode::ok);
    EXPECT_EQ(files.read(*file, 0, 1), "a");
    ASSERT_TRUE(inode->flip_bit(400, 1));
    m.power_loss(CrashLoss::everything);
    m.start();
    file = files.open("wal-1", OpenMode::existing);
    std::string expected = std::string(100, 'b') + std::string(412, 'a');
    expected[300] ^= 2;
    expected[400] ^= 2;
    EXPECT_EQ(files.read(*file, 0, 512), expected);
}

TEST_F(Damage, a_misdirected_write_spoils_two_places) {
    files.write(*file, 0, std::string(512, 'b'));
    damage_disk(world, m, anything, {FaultKind::misdirected_write, 3, 1, ""});
    EXPECT_EQ(files.sync(*file), ErrorCode::ok);
    EXPECT_EQ(count(FaultKind::misdirected_write), 2u);
    const std::string now = files.read(*file, 0, 8192);
    EXPECT_EQ(now.substr(0, 512), std::string(512, '\0'));
    EXPECT_EQ(std::count(now.begin(), now.end(), 'b'), 512);
}

TEST_F(Damage, a_failed_sync_may_lose_its_data_while_the_next_succeeds) {
    int lost = 0;
    int kept = 0;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        World other({.seed = seed});
        Machine& n = other.add_machine({.name = "n"});
        Files f(other, n);
        auto log = f.open("log", OpenMode::create_new);
        f.sync_directory("");
        f.write(*log, 0, std::string(512, 'a'));
        f.sync(*log);
        f.write(*log, 0, std::string(512, 'b'));
        n.disk().fail_syncs(1, "");
        EXPECT_EQ(f.sync(*log), ErrorCode::io_failed);
        EXPECT_EQ(f.sync(*log), ErrorCode::ok);  // the liar
        EXPECT_EQ(f.read(*log, 0, 512), std::string(512, 'b'));
        log.reset();
        n.power_loss(CrashLoss::nothing);
        n.start();
        log = f.open("log", OpenMode::existing);
        (f.read(*log, 0, 1) == "a" ? lost : kept) += 1;
    }
    EXPECT_GT(lost, 0);
    EXPECT_GT(kept, 0);
}

TEST_F(Damage, write_errors_strike_the_named_class_and_end) {
    auto other = files.open("body-1", OpenMode::create_new);
    m.disk().fail_writes(1, "wal");
    EXPECT_TRUE(files.write(*other, 0, "x"));
    EXPECT_EQ(files.write_error(*file, 0, "x"), ErrorCode::io_failed);
    EXPECT_TRUE(files.write(*file, 0, "x"));
    EXPECT_EQ(count(FaultKind::write_error), 1u);
}

TEST_F(Damage, a_stuck_disk_completes_when_it_is_freed_and_never_if_the_process_dies) {
    m.disk().set_stuck(true);
    int done = 0;
    file->sync([&](Result<void>) { ++done; });
    world.run_for(Duration::seconds(1000));
    EXPECT_EQ(done, 0);
    m.disk().set_stuck(false);
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(done, 1);
    m.disk().set_stuck(true);
    file->sync([&](Result<void>) { ++done; });
    world.run_for(Duration::seconds(1));
    m.kill();
    m.disk().set_stuck(false);
    m.start();
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(done, 1);
}

TEST_F(Damage, a_full_disk_refuses_growth_but_not_overwriting) {
    m.disk().set_full(true);
    EXPECT_EQ(files.write_error(*file, 8000, std::string(400, 'x')), ErrorCode::no_space);
    EXPECT_TRUE(files.write(*file, 0, "x"));
    EXPECT_EQ(files.open_error("new", OpenMode::create_new), ErrorCode::no_space);
    EXPECT_EQ(files.space().free_bytes, 0u);
    m.disk().set_full(false);
    EXPECT_TRUE(files.write(*file, 8000, std::string(400, 'x')));
}

TEST_F(Damage, a_wiped_disk_is_empty) {
    file.reset();
    m.power_loss();
    platter().wipe();
    m.start();
    EXPECT_EQ(files.list(""), (std::vector<std::string>{}));
}

TEST_F(Damage, durable_image_holds_synced_bytes_and_synced_names_only) {
    files.write(*file, 0, "unsynced");
    EXPECT_EQ(platter().durable_image("wal-1")->text(), std::string(8192, 'a'));
    files.open("unsynced-name", OpenMode::create_new);
    EXPECT_EQ(platter().durable_image("unsynced-name").error().code, ErrorCode::not_found);
    files.rename("wal-1", "wal-2");
    EXPECT_TRUE(platter().durable_image("wal-1").has_value());
    files.sync_directory("");
    EXPECT_FALSE(platter().durable_image("wal-1").has_value());
    EXPECT_TRUE(platter().durable_image("wal-2").has_value());
}

}  // namespace
}  // namespace quern::sim
