// Snapshot files: a header, chunks, a trailer. Layout: docs/formats/snapshot.md.
#pragma once

#include <map>

#include "system/io/env.h"
#include "system/storage/node_storage.h"

namespace quern::storage {

constexpr size_t snapshot_chunk_bytes_max = 4 * 1024 * 1024;
constexpr const char* snapshot_folder = "snapshots";
std::string snapshot_path(GroupId group, LogIndex index);

// All snapshot files of a node.
class SnapshotFiles {
public:
    SnapshotFiles(Env& env, const Uuid& node_uuid) : env_(env), node_uuid_(node_uuid) {}

    // Removes what recovery shows to be of no use: partial files, and files of an index that no
    // group counts.
    void clean(const std::map<GroupId, LogIndex>& current, Callback<void(Result<void>)> done);
    std::unique_ptr<SnapshotWriter> write(GroupId group, LogIndex index);
    // corrupt if there is no such file: the WAL says there should be.
    void read(GroupId group, LogIndex index,
              Callback<void(Result<std::unique_ptr<SnapshotReader>>)> done);
    // Removes the group's snapshots below `index`.
    void remove_below(GroupId group, LogIndex index);

private:
    Env& env_;
    Uuid node_uuid_;
    uint64_t writers_ = 0;
    LifeGuard guard_;
};

}  // namespace quern::storage
