// The kernel's way to a disk that forgets what was not synced, and what the product does on it.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/chaos/own_mounts.h"
#include "harness/chaos/power_disk.h"
#include "system/base/prng.h"
#include "system/os/data_directory.h"
#include "system/os/os_env.h"
#include "tests/conformance/temporary_folder.h"

namespace quern::harness::chaos {
namespace {

namespace fs = std::filesystem;

class Power : public testing::Test {
protected:
    void SetUp() override {
        os_ = std::move(*os::OsEnv::open({}));
        const auto mounts = own_mounts();
        if (!mounts) GTEST_SKIP() << mounts.error().detail;
        fs::create_directory(place_);
        const fs::path beside = fs::path(QUERN_CHAOS_PROGRAM).parent_path();
        auto disk = PowerDisk::make(*os_, beside / "quern-chaos-disk", place_);
        if (!disk) GTEST_SKIP() << disk.error().detail;
        disk_ = std::move(*disk);
    }

    // Nothing that was not synced survives.
    void lose_power() {
        uint64_t draw = 1;
        while (mix64(draw) % 3 != 0) ++draw;
        const auto done = disk_->lose_power(draw);
        ASSERT_TRUE(done) << done.error().detail;
    }
    std::string read(const std::string& name) const {
        std::ifstream file(place_ + name);
        std::ostringstream text;
        text << file.rdbuf();
        return file ? text.str() : "(none)";
    }
    int open_new(const std::string& name) const {
        return ::open((place_ + name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    void sync_folder() const {
        const int folder = ::open(place_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        EXPECT_EQ(::fsync(folder), 0);
        ::close(folder);
    }

    conformance::TemporaryFolder folder_;
    std::string place_ = folder_.path() + "/disk";
    std::unique_ptr<os::OsEnv> os_;
    std::unique_ptr<Disk> disk_;
};

TEST_F(Power, what_was_not_synced_is_gone) {
    const int file = open_new("/a");
    ASSERT_EQ(::pwrite(file, "old", 3, 0), 3);
    ASSERT_EQ(::fdatasync(file), 0);
    sync_folder();
    ASSERT_EQ(::pwrite(file, "newer", 5, 0), 5);
    ::close(file);
    EXPECT_EQ(read("/a"), "newer");
    lose_power();
    EXPECT_EQ(read("/a"), "old");
}

TEST_F(Power, a_durable_write_stays) {
    const int file = open_new("/a");
    sync_folder();
    char text[] = "durable";
    const iovec part{text, 7};
    ASSERT_EQ(::pwritev2(file, &part, 1, 0, RWF_DSYNC), 7);
    ASSERT_EQ(::pwrite(file, "x", 1, 7), 1);
    ::close(file);
    lose_power();
    EXPECT_EQ(read("/a"), "durable");
}

TEST_F(Power, the_data_directory_is_there_after_a_power_cut) {
    { ASSERT_TRUE(os::DataDirectory::open(place_ + "/var/node1/data")); }
    lose_power();
    EXPECT_TRUE(fs::is_directory(place_ + "/var/node1/data"));
}

TEST_F(Power, so_it_is_if_who_made_it_had_no_time_to_sync) {
    fs::create_directory(place_ + "/data");
    { ASSERT_TRUE(os::DataDirectory::open(place_ + "/data")); }
    lose_power();
    EXPECT_TRUE(fs::is_directory(place_ + "/data"));
}

// A file that is made, written and synced with its folder, as storage does it.
class NodesDisk {
public:
    explicit NodesDisk(const std::string& data_folder) {
        os::OsOptions options;
        options.data_directory = data_folder;
        os_ = std::move(*os::OsEnv::open(options));
        env_ = std::make_unique<Env>(os_->env());
    }
    void make(const std::string& folder, const std::string& name) {
        std::unique_ptr<File> file;
        env_->disk.open(folder + "/" + name, OpenMode::create_new,
                        [&](Result<std::unique_ptr<File>> opened) { file = std::move(*opened); });
        ASSERT_TRUE(wait([&] { return file != nullptr; }));
        int synced = 0;
        const auto count = [&](const Result<void>& done) { synced += done.has_value() ? 1 : 0; };
        file->sync(count);
        env_->disk.sync_directory(folder, count);
        ASSERT_TRUE(wait([&] { return synced == 2; }));
    }

private:
    bool wait(Callback<bool()> done) {
        return os_->run_until(std::move(done), env_->clock.now() + Duration::seconds(20));
    }
    std::unique_ptr<os::OsEnv> os_;
    std::unique_ptr<Env> env_;
};

TEST_F(Power, a_file_in_a_new_folder_is_there_after_a_power_cut) {
    NodesDisk(place_ + "/data").make("bodies/deep", "a");
    lose_power();
    EXPECT_EQ(read("/data/bodies/deep/a"), "");
}

// mkdir, SIGKILL: the next process finds the folder and has not made it.
TEST_F(Power, so_it_is_if_who_made_the_folder_had_no_time_to_sync) {
    { ASSERT_TRUE(os::DataDirectory::open(place_ + "/data")); }
    fs::create_directories(place_ + "/data/bodies/deep");
    NodesDisk(place_ + "/data").make("bodies/deep", "a");
    lose_power();
    EXPECT_EQ(read("/data/bodies/deep/a"), "");
}

}  // namespace
}  // namespace quern::harness::chaos
