// A disk that can be filled to the last block, by the kernel's own means, and the count of who filled it.
#include "harness/chaos/small_disk.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "harness/chaos/own_mounts.h"
#include "tests/conformance/temporary_folder.h"

namespace quern::harness::chaos {
namespace {

constexpr uint64_t size_bytes = 16u << 20;
constexpr uint64_t large_bytes = 100'000;

class SmallDiskTest : public testing::TestWithParam<SmallDiskKind> {
protected:
    void SetUp() override {
        const auto mounts = own_mounts();
        if (!mounts) GTEST_SKIP() << mounts.error().detail;
        std::filesystem::create_directory(place_);
        auto disk = SmallDisk::make(place_, GetParam(), size_bytes);
        if (!disk) GTEST_SKIP() << disk.error().detail;
        disk_ = std::move(*disk);
    }
    // 0, or why not all of them could be written.
    int write(const std::string& name, uint64_t bytes) const {
        const int file = ::open((place_ + name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0) return errno;
        const std::string content(bytes, 'x');
        const ssize_t written = ::pwrite(file, content.data(), content.size(), 0);
        const int error = written < 0 ? errno : (static_cast<uint64_t>(written) < bytes ? ENOSPC : 0);
        ::close(file);
        return error;
    }

    conformance::TemporaryFolder folder_;
    std::string place_ = folder_.path() + "/disk";
    std::unique_ptr<Disk> disk_;
};

TEST_P(SmallDiskTest, is_full_until_it_is_freed) {
    struct statfs room {};
    ASSERT_EQ(::statfs(place_.c_str(), &room), 0);
    EXPECT_LE(static_cast<uint64_t>(room.f_blocks) * static_cast<uint64_t>(room.f_bsize), size_bytes);
    EXPECT_EQ(write("/before", large_bytes), 0);
    for (int time = 0; time < 2; ++time) {
        const auto filled = disk_->fill();
        ASSERT_TRUE(filled) << filled.error().detail;
        EXPECT_EQ(write("/meanwhile", large_bytes), ENOSPC);
        const auto freed = disk_->free();
        ASSERT_TRUE(freed) << freed.error().detail;
        EXPECT_EQ(write("/after", large_bytes), 0);
    }
    EXPECT_FALSE(disk_->free());  // nothing is left to free
}

TEST_P(SmallDiskTest, takes_itself_away) {
    ASSERT_EQ(write("/a", 1), 0);
    disk_.reset();
    EXPECT_TRUE(std::filesystem::is_empty(place_));
    EXPECT_FALSE(std::filesystem::exists(place_ + ".img"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, SmallDiskTest, testing::Values(SmallDiskKind::loop, SmallDiskKind::tmpfs),
                         [](const auto& kind) { return kind.param == SmallDiskKind::loop ? "loop" : "tmpfs"; });

class CountedDisk final : public Disk {
public:
    explicit CountedDisk(std::string& deeds) : deeds_(deeds) {}
    Result<void> fill() override {
        deeds_ += "fill ";
        return {};
    }
    Result<void> free() override {
        deeds_ += "free ";
        return {};
    }

private:
    std::string& deeds_;
};

TEST(Disks, are_full_until_they_were_freed_as_often_as_they_were_filled) {
    std::string deeds;
    Disks disks;
    disks.put(2, std::make_unique<CountedDisk>(deeds));
    EXPECT_TRUE(disks.fill(2));
    EXPECT_TRUE(disks.fill(2));
    EXPECT_TRUE(disks.free(2));
    EXPECT_EQ(deeds, "fill ");
    EXPECT_TRUE(disks.free(2));
    EXPECT_EQ(deeds, "fill free ");
    EXPECT_FALSE(disks.fill(1));  // a plain folder
    EXPECT_FALSE(disks.lose_power(2, 1));
}

}  // namespace
}  // namespace quern::harness::chaos
