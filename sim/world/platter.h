// One simulated disk's content: names and files. It survives processes and power cuts, can be
// wiped, and can be moved into another machine. Names are durable only after sync_directory; a
// power cut keeps any subset, or a prefix, of the changes of names since.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/world/inode.h"
#include "system/base/result.h"
#include "system/io/disk.h"

namespace quern::sim {

using InodeRef = std::shared_ptr<Inode>;

// The folder of "a/b/c" is "a/b", of "c" is "".
std::string folder_of(const std::string& path);
// What a file is for, from its name: letters and '_' of its last part up to the first other
// character
// ("wal/segment-0007.log" is "segment").
std::string file_class(const std::string& path);

class Platter {
public:
    Platter(uint64_t seed, uint64_t identity, uint64_t quota_bytes)
        : seed_(seed), identity_(identity), quota_bytes_(quota_bytes) {}

    Result<InodeRef> open(const std::string& path, OpenMode mode);
    Result<void> rename(const std::string& from, const std::string& to);
    Result<void> remove(const std::string& path);
    std::vector<std::string> list(const std::string& folder) const;
    uint64_t directory_point() const { return order_; }
    void directory_synced(const std::string& folder, uint64_t point);

    uint64_t quota() const { return quota_bytes_; }
    void set_quota(uint64_t bytes) { quota_bytes_ = bytes; }
    uint64_t used() const;
    bool dirty() const;

    void crash(CrashLoss loss, uint64_t ordinal);
    void process_died(uint64_t ordinal);
    void wipe();

    // For faults and checkers. Paths of files, sorted; nullptr if there is none of that name.
    std::vector<std::string> paths() const;
    InodeRef find(const std::string& path) const;
    // The file that name would lead to after a power cut that loses all that was not synced.
    InodeRef find_durable(const std::string& path) const;
    std::vector<std::string> paths_durable() const;
    // The first durable path behind this one; empty if there is none.
    std::string path_durable_after(const std::string& path) const;
    // Changes whenever the durable names may.
    uint64_t durable_version() const { return durable_version_; }
    // The bytes of the file of that durable name after such a power cut; not_found, or io_failed if
    // a sector cannot be read. `pristine`: as if no damage had struck.
    Result<Buffer> durable_image(const std::string& path, bool pristine = false) const;

private:
    struct Change {
        uint64_t order = 0;
        std::string folder;
        std::string name;  // gets `inode`, or goes if there is none
        InodeRef inode;
        std::string gone;  // rename: this name goes with it
    };
    using Names = std::map<std::string, InodeRef>;
    static void apply(Names& names, const Change& change);

    uint64_t seed_;
    uint64_t identity_;
    uint64_t quota_bytes_;
    uint64_t order_ = 0;
    uint64_t files_made_ = 0;
    Names names_;
    Names durable_;
    uint64_t durable_version_ = 0;
    std::vector<Change> changes_;
};

}  // namespace quern::sim
