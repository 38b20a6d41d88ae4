// NodeStorage on files: composes the log, the snapshots, the bodies and the space watch.
#pragma once

#include "system/storage/body_store.h"
#include "system/storage/log_reader.h"
#include "system/storage/node_storage.h"
#include "system/storage/snapshot_file.h"
#include "system/storage/space_watch.h"
#include "system/storage/wal_recovery.h"

namespace quern::storage {

class FileNodeStorage final : public NodeStorage,
                              private WalWriter::Listener,
                              private BodyStore::Listener {
public:
    FileNodeStorage(Env& env, const Options& options, const Superblock& superblock);

    // Recovery, before anything else is called; in this order.
    PayloadCache& cache() { return cache_; }
    void recover(RecoveredWal recovered);
    SnapshotFiles& snapshots() { return snapshots_; }
    BodyStore& bodies() { return bodies_; }
    std::map<GroupId, LogIndex> snapshot_indexes() const;
    void start();

    const Superblock& superblock() const override { return superblock_; }
    std::vector<RecoveredGroup> take_recovered() override;
    void write(std::vector<GroupChange> changes, Callback<void(Result<void>)> durable) override;
    bool failed() const override { return writer_.failed(); }
    void load_entries(GroupId group, LogIndex from, LogIndex to, size_t bytes_max,
                      Callback<void(Result<std::vector<WalEntry>>)> done) override;
    RecoveredGroup log_of(GroupId group) const override;
    std::vector<LostEntry> lost_entries(GroupId group, size_t count_max) const override;
    std::optional<Buffer> body_cached(GroupId group, const BodyRef& body) override;
    void read_body(GroupId group, const BodyRef& body,
                   Callback<void(Result<Buffer>)> done) override;
    std::unique_ptr<SnapshotWriter> write_snapshot(GroupId group, LogIndex index) override;
    void read_snapshot(GroupId group,
                       Callback<void(Result<std::unique_ptr<SnapshotReader>>)> done) override;
    void carry_over(GroupId group, std::vector<BodyRef> live,
                    Callback<void(Result<void>)> done) override;
    void store_body(GroupId group, const BodyRef& body, Buffer bytes,
                    Callback<void(Result<void>)> done) override;
    void sync_bodies(GroupId group, Callback<void(Result<void>)> done) override;
    void drop_body(GroupId group, const BodyRef& body) override;
    void drop_all_bodies(GroupId group) override;
    void retain_bodies(GroupId group, const BodyRef& after, const BodyRef& through,
                       const std::vector<BodyRef>& live) override;
    std::vector<GroupId> groups_pinning_oldest_segment() const override;
    uint64_t wal_bytes() const override { return writer_.segments().used_bytes(); }
    SpaceState space() const override;
    bool holds_writes() const override { return writer_.holds_writes(); }

private:
    // What is cleared away once a change is durable.
    struct Marker {
        GroupId group;
        LogIndex keep_from;      // snapshot files below it may go
        std::optional<Uuid> ended;  // the incarnation whose bodies may go
    };
    void on_batch_durable() override;
    void on_bodies_failed(const Error& error) override;
    void on_durable(Result<void> done, std::vector<Marker> markers,
                    Callback<void(Result<void>)> durable);

    Env& env_;
    Superblock superblock_;
    GroupLogs groups_;
    PayloadCache cache_;
    WalWriter writer_;
    LogReader reader_;
    SnapshotFiles snapshots_;
    BodyStore bodies_;
    SpaceWatch space_;
    std::vector<RecoveredGroup> recovered_;
    LifeGuard guard_;
};

}  // namespace quern::storage
