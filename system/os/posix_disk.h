// Disk over posix files below one data directory. Private to this room (includes Asio).
//
// Three lanes, so that the log never waits behind a long sync and reads wait behind neither:
// `durable` does write_at_durable, `background` does plain writes, syncs, allocation and removal,
// `reads` does reads and the quick metadata calls. Overlapping operations on one file that the
// caller has not waited for have no order; a truncate or allocate waits for the file's writes and
// holds up later ones.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>

#include "system/io/disk.h"
#include "system/os/disk_lane.h"

namespace quern::os {

// What all files of a disk share.
struct DiskCore {
    explicit DiskCore(EventLoop& loop)
        : durable(loop, "disk-durable"),
          background(loop, "disk-background"),
          reads(loop, "disk-reads") {}

    // After the first failed sync every later one fails too, whatever the kernel says: the pages it
    // dropped are counted as clean by then.
    std::atomic<bool> sync_failed = false;
    // Whose own names are durable, as this process knows. Touched on the background lane alone.
    std::set<std::string> anchored_folders;
    DiskLane durable;
    DiskLane background;
    DiskLane reads;
};

// Runs a sync under the latch of `core`.
template <typename Sync>
Result<void> latched(DiskCore& core, Sync sync) {
    if (core.sync_failed.load()) return fail(ErrorCode::io_failed, "an earlier sync failed");
    Result<void> result = sync();
    if (!result) core.sync_failed.store(true);
    return result;
}

class PosixDisk final : public Disk {
public:
    // `root` is a descriptor of the data directory, kept by the caller; -1: every operation fails
    // with not_supported.
    PosixDisk(EventLoop& loop, int root) : core_(loop), root_(root) {}

    void open(const std::string& path, OpenMode mode,
              Callback<void(Result<std::unique_ptr<File>>)> done) override;
    void rename(const std::string& from, const std::string& to,
                Callback<void(Result<void>)> done) override;
    void remove(const std::string& path, Callback<void(Result<void>)> done) override;
    void list(const std::string& folder,
              Callback<void(Result<std::vector<std::string>>)> done) override;
    void sync_directory(const std::string& folder, Callback<void(Result<void>)> done) override;
    void space(Callback<void(Result<DiskSpace>)> done) override;

private:
    DiskCore core_;
    int root_;
};

// Takes over the descriptor.
std::unique_ptr<File> make_file(DiskCore& core, int descriptor);

}  // namespace quern::os
