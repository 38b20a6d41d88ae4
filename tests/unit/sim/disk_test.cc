// The fault-free disk, and what a power cut leaves of it.
#include <gtest/gtest.h>

#include "tests/unit/sim/files.h"

namespace quern::sim {
namespace {

TEST(SimDisk, write_read_size) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    Files files(world, m);
    auto file = files.open("a/b", OpenMode::create_new);
    ASSERT_TRUE(files.write(*file, 3, "hello"));
    EXPECT_EQ(files.read(*file, 0, 100), std::string("\0\0\0hello", 8));
    EXPECT_EQ(files.read(*file, 5, 2), "ll");
    EXPECT_EQ(files.read(*file, 8, 10), "");
    EXPECT_EQ(files.size(*file), 8u);
    EXPECT_EQ(files.list("a"), (std::vector<std::string>{"b"}));
    EXPECT_EQ(files.list(""), (std::vector<std::string>{}));
}

TEST(SimDisk, open_modes) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    Files files(world, m);
    EXPECT_EQ(files.open_error("x", OpenMode::existing), ErrorCode::not_found);
    EXPECT_EQ(files.open_error("x", OpenMode::create_new), ErrorCode::ok);
    EXPECT_EQ(files.open_error("x", OpenMode::create_new), ErrorCode::already_exists);
    EXPECT_EQ(files.open_error("x", OpenMode::create_or_open), ErrorCode::ok);
}

TEST(SimDisk, destroyed_file_does_not_complete_but_may_reach_the_disk) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    Files files(world, m);
    auto file = files.open("x", OpenMode::create_new);
    file->write_at(0, Buffer::copy_of("abc"), [](Result<void>) { FAIL(); });
    file.reset();
    world.run_for(Duration::seconds(1));
    auto again = files.open("x", OpenMode::existing);
    EXPECT_EQ(files.read(*again, 0, 10), "abc");
}

TEST(SimDisk, zeros_are_bytes_like_others) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    Files files(world, m);
    auto file = files.open("x", OpenMode::create_new);
    std::string expected(40'000, '\0');
    const auto put = [&](size_t at, const std::string& bytes) {
        files.write(*file, at, bytes);
        files.sync(*file);
        expected.replace(at, bytes.size(), bytes);
        EXPECT_TRUE(files.read(*file, 0, 100'000) == expected) << "after " << bytes.size() << " at " << at;
    };
    put(39'999, std::string(1, '\0'));
    put(1'000, std::string(3'000, '\0'));
    put(1'500, std::string(20, 'a'));
    put(16'380, "across a border");
    put(1'510, std::string(3'000, '\0'));
    put(1'020, "b" + std::string(1'030, '\0') + "c");
    files.truncate(*file, 1'505);
    files.truncate(*file, 40'000);
    files.sync(*file);
    expected = expected.substr(0, 1'505) + std::string(40'000 - 1'505, '\0');
    EXPECT_TRUE(files.read(*file, 0, 100'000) == expected);
}

TEST(SimDisk, known_zeros_overwrite_what_was_there) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    Files files(world, m);
    auto file = files.open("x", OpenMode::create_new);
    files.write(*file, 0, std::string(6'000, 'a'));
    files.sync(*file);
    BufferChain chain(Buffer::copy_of("head"));
    chain.append(Buffer::zeros(Buffer::zeros_max - 4));
    file->write_at(0, std::move(chain), [](Result<void> done) { EXPECT_TRUE(done); });
    world.run_for(Duration::seconds(1));
    files.sync(*file);
    EXPECT_EQ(files.read(*file, 0, 6'000), "head" + std::string(4'092, '\0') + std::string(1'904, 'a'));
}

TEST(SimDisk, truncate_cuts_and_extends_with_zeros) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    Files files(world, m);
    auto file = files.open("x", OpenMode::create_new);
    files.write(*file, 0, std::string(2000, 'x'));
    files.sync(*file);
    files.write(*file, 900, std::string(1200, 'y'));
    files.truncate(*file, 1000);
    EXPECT_EQ(files.size(*file), 1000u);
    files.truncate(*file, 3000);
    const std::string expected =
        std::string(900, 'x') + std::string(100, 'y') + std::string(2000, '\0');
    EXPECT_EQ(files.read(*file, 0, 5000), expected);
    files.sync(*file);
    EXPECT_EQ(files.read(*file, 0, 5000), expected);
}

TEST(SimDisk, power_cut_that_loses_everything_keeps_what_was_synced) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    Files files(world, m);
    auto file = files.open("x", OpenMode::create_new);
    files.sync_directory("");
    files.write(*file, 0, std::string(1000, 'a'));
    files.sync(*file);
    files.write(*file, 500, std::string(1000, 'b'));
    file.reset();
    m.power_loss(CrashLoss::everything);
    m.start();
    auto again = files.open("x", OpenMode::existing);
    EXPECT_EQ(files.read(*again, 0, 5000), std::string(1000, 'a'));
}

TEST(SimDisk, a_sync_covers_only_writes_that_completed_before_it_started) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    Files files(world, m);
    auto file = files.open("x", OpenMode::create_new);
    files.sync_directory("");
    files.write(*file, 0, "first");
    bool synced = false;
    file->sync([&](Result<void> r) { synced = r.has_value(); });
    file->write_at(100, Buffer::copy_of("second"), [](Result<void>) {});
    world.run_until([&] { return synced; }, Duration::seconds(1));
    ASSERT_TRUE(synced);
    world.run_for(Duration::seconds(1));
    file.reset();
    m.power_loss(CrashLoss::everything);
    m.start();
    auto again = files.open("x", OpenMode::existing);
    EXPECT_EQ(files.read(*again, 0, 5000), "first");
}

TEST(SimDisk, durable_writes_survive_whatever_completes_first) {
    for (uint64_t seed = 1; seed <= 30; ++seed) {
        World world({.seed = seed});
        Machine& m = world.add_machine({.name = "m"});
        Files files(world, m);
        auto file = files.open("x", OpenMode::create_new);
        files.sync_directory("");
        int done = 0;
        for (uint64_t i = 0; i < 4; ++i) {
            file->write_at_durable(i * 700, Buffer::copy_of(std::string(700, 'a' + char(i))),
                                   [&](Result<void> r) { done += r ? 1 : 0; });
        }
        ASSERT_TRUE(world.run_until([&] { return done == 4; }, Duration::seconds(1)));
        file.reset();
        m.power_loss();
        m.start();
        auto again = files.open("x", OpenMode::existing);
        EXPECT_EQ(files.read(*again, 0, 5000), std::string(700, 'a') + std::string(700, 'b') +
                                                   std::string(700, 'c') + std::string(700, 'd'));
    }
}

TEST(SimDisk, every_sector_survives_or_not_by_itself) {
    bool mixed = false;
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        World world({.seed = seed});
        Machine& m = world.add_machine({.name = "m"});
        Files files(world, m);
        auto file = files.open("x", OpenMode::create_new);
        files.sync_directory("");
        files.write(*file, 0, std::string(8192, 'o'));
        files.sync(*file);
        files.write(*file, 0, std::string(8192, 'n'));
        file.reset();
        m.power_loss(CrashLoss::sectors_512);
        m.start();
        auto again = files.open("x", OpenMode::existing);
        const std::string text = files.read(*again, 0, 10'000);
        ASSERT_EQ(text.size(), 8192u);
        size_t fresh = 0;
        for (size_t s = 0; s < 16; ++s) {
            const std::string sector = text.substr(s * 512, 512);
            const bool is_new = sector == std::string(512, 'n');
            EXPECT_TRUE(is_new || sector == std::string(512, 'o'));
            fresh += is_new ? 1 : 0;
            // A new sector before an old one and one after it: no prefix.
        }
        mixed = mixed || (fresh > 2 && fresh < 14 && text[0] == 'o');
    }
    EXPECT_TRUE(mixed);
}

TEST(SimDisk, names_survive_only_after_sync_directory) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    Files files(world, m);
    files.open("d/kept", OpenMode::create_new);
    files.open("d/removed", OpenMode::create_new);
    files.sync_directory("d");
    files.open("d/lost", OpenMode::create_new);
    files.remove("d/removed");
    files.rename("d/kept", "d/renamed");
    EXPECT_EQ(files.list("d"), (std::vector<std::string>{"lost", "renamed"}));
    m.power_loss(CrashLoss::everything);
    m.start();
    EXPECT_EQ(files.list("d"), (std::vector<std::string>{"kept", "removed"}));
    files.rename("d/kept", "d/renamed");
    files.sync_directory("d");
    m.power_loss(CrashLoss::everything);
    m.start();
    EXPECT_EQ(files.list("d"), (std::vector<std::string>{"removed", "renamed"}));
}

TEST(SimDisk, a_killed_process_leaves_its_writes_in_the_page_cache) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    Files files(world, m);
    auto file = files.open("x", OpenMode::create_new);
    files.sync_directory("");
    files.write(*file, 0, "cached");
    file.reset();
    m.kill();
    m.start();
    auto again = files.open("x", OpenMode::existing);
    EXPECT_EQ(files.read(*again, 0, 10), "cached");
    again.reset();
    m.power_loss(CrashLoss::everything);
    m.start();
    auto third = files.open("x", OpenMode::existing);
    EXPECT_EQ(files.read(*third, 0, 10), "");
}

TEST(SimDisk, preallocated_room_is_never_refused) {
    World world;
    MachineOptions options{.name = "m"};
    options.disk.quota_bytes = 10'000;
    Machine& m = world.add_machine(options);
    Files files(world, m);
    auto log = files.open("log", OpenMode::create_new);
    EXPECT_EQ(files.allocate(*log, 8'000), ErrorCode::ok);
    auto other = files.open("other", OpenMode::create_new);
    EXPECT_FALSE(files.write(*other, 0, std::string(3'000, 'x')));
    EXPECT_TRUE(files.write(*other, 0, std::string(2'000, 'x')));
    EXPECT_EQ(files.space().free_bytes, 0u);
    EXPECT_TRUE(files.write(*log, 7'000, std::string(1'000, 'x')));
    EXPECT_FALSE(files.write(*log, 8'000, "x"));
    files.remove("other");
    EXPECT_EQ(files.space().free_bytes, 2'000u);
    EXPECT_EQ(files.allocate(*log, 20'000), ErrorCode::no_space);
}

}  // namespace
}  // namespace quern::sim
