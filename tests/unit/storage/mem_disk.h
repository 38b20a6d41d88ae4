// A small deterministic disk in memory, with the crash model of system/io/disk.h: what was not
// synced survives a crash in any subset of 512-byte sectors; names survive in the order of their
// changes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>

#include "system/base/prng.h"
#include "system/io/env.h"

namespace quern::test {

struct Inode {
    std::vector<uint8_t> bytes;    // as the running node sees them
    std::vector<uint8_t> durable;  // what a crash leaves at least
    std::set<uint64_t> dirty;      // sectors
};
using InodePtr = std::shared_ptr<Inode>;

class MemDisk final : public Disk {
public:
    explicit MemDisk(Loop& loop) : loop_(loop) {}

    void open(const std::string& path, OpenMode mode,
              Callback<void(Result<std::unique_ptr<File>>)> done) override;
    void rename(const std::string& from, const std::string& to,
                Callback<void(Result<void>)> done) override;
    void remove(const std::string& path, Callback<void(Result<void>)> done) override;
    void list(const std::string& folder,
              Callback<void(Result<std::vector<std::string>>)> done) override;
    void sync_directory(const std::string& folder, Callback<void(Result<void>)> done) override;
    void space(Callback<void(Result<DiskSpace>)> done) override;

    // Changes of the disk so far; crash_at stops the world inside the n-th one.
    uint64_t changes = 0;
    uint64_t crash_at = UINT64_MAX;
    bool crashed = false;
    // Power loss: keeps a random part of what was not durable.
    void crash(Prng& random);
    // The process ends, the host goes on: all that was written stays, durable or not.
    void kill() {
        crashed = false;
        crash_at = UINT64_MAX;
    }
    // Everything not durable is gone.
    void crash_losing_all();

    uint64_t capacity_bytes = UINT64_MAX;
    uint64_t used_bytes() const;
    bool fail_next_sync = false;
    bool lose_next_write = false;                           // acknowledged, never done
    std::set<std::pair<std::string, uint64_t>> unreadable;  // (path, 4 KiB block)

    Inode& inode(const std::string& path) { return *names_.at(path); }
    bool exists(const std::string& path) const { return names_.contains(path); }
    std::vector<std::string> paths() const;
    void flip(const std::string& path, uint64_t offset_bytes);

    // For MemFile: true if the world stops in this change.
    bool change();
    bool room_for(uint64_t more_bytes) const { return used_bytes() + more_bytes <= capacity_bytes; }
    Loop& loop() { return loop_; }

private:
    struct NameChange {
        std::string from;  // empty: created
        std::string to;    // empty: removed
        InodePtr inode;
    };
    static std::string folder_of(const std::string& path);
    static void apply(std::map<std::string, InodePtr>& names, const NameChange& change);

    Loop& loop_;
    std::map<std::string, InodePtr> names_;
    std::map<std::string, InodePtr> durable_names_;
    std::vector<NameChange> name_changes_;
};

}  // namespace quern::test
