// Snapshots on the node's own disk: writing one while the group goes on, and reading it back at start.
// The file's first chunk is a header (index, term, configuration); the rest is the machine's state.
#pragma once

#include <memory>
#include <vector>

#include "system/io/env.h"
#include "system/raft/raft.h"
#include "system/replica/state_machine.h"
#include "system/storage/node_storage.h"

namespace quern::replica {

Buffer encode_snapshot_header(const raft::SnapshotMeta& meta);
Result<raft::SnapshotMeta> decode_snapshot_header(const Buffer& chunk);

struct LoadedSnapshot {
    raft::SnapshotMeta meta;
    std::vector<Buffer> chunks;  // of the state
};
void read_local_snapshot(storage::NodeStorage& storage, GroupId group,
                         Callback<void(Result<LoadedSnapshot>)> done);

// Steps: chunks one after another → live bodies carried out of the log → bodies synced → file finished →
// record in the WAL → done. Destroying it at any step leaves the old snapshot in force.
class LocalSnapshotTask {
public:
    // Gets bodies that are damaged here from peers, as far as it can.
    using Mend = Callback<void(std::vector<BodyRef>, Callback<void()>)>;
    LocalSnapshotTask(storage::NodeStorage& storage, GroupId group, raft::SnapshotMeta meta,
                      std::unique_ptr<SnapshotSource> source, Mend mend,
                      Callback<void(Result<raft::SnapshotMeta>)> done);
    void start();

private:
    void append_next();
    void carry_next();
    void carry(bool mended);
    void find_damaged(size_t from);
    void sync_bodies();
    void finish_file();
    void record();
    void end(Result<raft::SnapshotMeta> result);

    storage::NodeStorage& storage_;
    GroupId group_;
    raft::SnapshotMeta meta_;
    std::unique_ptr<SnapshotSource> source_;
    Mend mend_;
    std::vector<BodyRef> live_;  // carried over now
    std::vector<BodyRef> damaged_;
    std::unique_ptr<storage::SnapshotWriter> writer_;
    Callback<void(Result<raft::SnapshotMeta>)> done_;
    LifeGuard guard_;
};

}  // namespace quern::replica
