#include "harness/chaos/small_disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "harness/chaos/shell.h"

namespace quern::harness::chaos {

namespace {

constexpr uint64_t block_bytes = 4096;

Result<std::unique_ptr<Disk>> refused(const Error& error) { return fail(error); }

Result<void> mount_loop(const std::string& place, uint64_t size_bytes) {
    const std::string image = place + ".img";
    const int file = ::open(image.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool made = file >= 0 && ::ftruncate(file, static_cast<off_t>(size_bytes)) == 0;
    if (file >= 0) ::close(file);
    if (!made) return fail(ErrorCode::io_failed, image + " cannot be made");
    // No blocks for root alone: the nodes may run as root.
    auto done = run_program({"mkfs.ext4", "-q", "-m", "0", image});
    if (done) done = run_program({"mount", "-o", "loop", image, place});
    if (!done) return fail(done.error());
    return {};
}

Result<void> mount_tmpfs(const std::string& place, uint64_t size_bytes) {
    const auto done = run_program({"mount", "-t", "tmpfs", "-o", fmt::format("size={}", size_bytes), "tmpfs",
                                   place});
    if (!done) return fail(done.error());
    return {};
}

}  // namespace

Result<std::unique_ptr<Disk>> SmallDisk::make(const std::string& place, SmallDiskKind kind,
                                              uint64_t size_bytes) {
    const Result<void> mounted = kind == SmallDiskKind::loop ? mount_loop(place, size_bytes)
                                                             : mount_tmpfs(place, size_bytes);
    if (!mounted) return refused(mounted.error());
    return std::unique_ptr<Disk>(new SmallDisk(place));
}

SmallDisk::~SmallDisk() {
    ::umount2(place_.c_str(), MNT_DETACH);
    ::unlink((place_ + ".img").c_str());
}

// Ever smaller pieces, until not one block is left.
Result<void> SmallDisk::fill() {
    const int file = ::open(ballast().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return fail(ErrorCode::io_failed, ballast() + " cannot be made");
    uint64_t size = 0;
    int error = 0;
    for (uint64_t piece = small_disk_bytes; piece >= block_bytes;) {
        if (::fallocate(file, 0, static_cast<off_t>(size), static_cast<off_t>(piece)) == 0) {
            size += piece;
        } else if (errno != EINTR) {
            error = errno;
            piece /= 2;
        }
    }
    ::close(file);
    if (error != ENOSPC) return fail(ErrorCode::io_failed, ballast() + " cannot grow");
    return {};
}

Result<void> SmallDisk::free() {
    if (::unlink(ballast().c_str()) != 0) return fail(ErrorCode::io_failed, ballast() + " cannot be removed");
    return {};
}

}  // namespace quern::harness::chaos
