#include "system/storage/node_storage.h"

#include "system/storage/node_storage_files.h"
#include "system/storage/superblock_file.h"

namespace quern::storage {

namespace {

// Superblock, then the WAL, then what the WAL says about snapshots and bodies.
class Opening : public std::enable_shared_from_this<Opening> {
public:
    Opening(Env& env, const Options& options,
            Callback<void(Result<std::unique_ptr<NodeStorage>>)> done)
        : env_(env), options_(options), done_(std::move(done)) {}

    void start() {
        read_superblock_file(env_, [self = shared_from_this()](Result<PickedSuperblock> picked) {
            self->on_superblock(std::move(picked));
        });
    }

private:
    void on_superblock(Result<PickedSuperblock> picked) {
        if (!picked) return finish(fail(picked.error()));
        picked_ = std::move(*picked);
        if (picked_.wal_began) return read_wal();
        // Format may have been killed before its last sync: no WAL without a superblock.
        env_.disk.sync_directory("", [self = shared_from_this()](const Result<void>& synced) {
            if (!synced) return self->finish(fail(synced.error()));
            self->read_wal();
        });
    }
    void read_wal() {
        storage_ = std::make_unique<FileNodeStorage>(env_, options_, picked_.superblock);
        auto recovery = std::make_shared<WalRecovery>(
            env_, options_, picked_.superblock.node_uuid, storage_->cache(),
            [self = shared_from_this()](Result<RecoveredWal> recovered) {
                self->on_recovered(std::move(recovered));
            });
        recovery->start();
    }
    void on_recovered(Result<RecoveredWal> recovered) {
        if (!recovered) return finish(fail(recovered.error()));
        if (recovered->was_empty && picked_.wal_began) {
            return finish(fail(ErrorCode::corrupt, "the WAL is gone"));
        }
        recovered_ = std::move(*recovered);
        if (picked_.wal_began) return on_began({});
        note_wal_began(env_, picked_, [self = shared_from_this()](Result<void> noted) {
            self->on_began(std::move(noted));
        });
    }
    void on_began(const Result<void>& done) {
        if (!done) return finish(fail(done.error()));
        storage_->recover(std::move(recovered_));
        storage_->snapshots().clean(storage_->snapshot_indexes(),
                                    [self = shared_from_this()](Result<void> noted) {
                                        self->on_cleaned(std::move(noted));
                                    });
    }
    void on_cleaned(const Result<void>& done) {
        if (!done) return finish(fail(done.error()));
        storage_->bodies().recover([self = shared_from_this()](const Result<void>& recovered) {
            self->on_bodies(recovered);
        });
    }
    void on_bodies(const Result<void>& done) {
        if (!done) return finish(fail(done.error()));
        storage_->start();
        finish(std::move(storage_));
    }
    void finish(Result<std::unique_ptr<NodeStorage>> result) {
        Callback<void(Result<std::unique_ptr<NodeStorage>>)> done = std::move(done_);
        done(std::move(result));
    }

    Env& env_;
    Options options_;
    Callback<void(Result<std::unique_ptr<NodeStorage>>)> done_;
    PickedSuperblock picked_;
    RecoveredWal recovered_;
    std::unique_ptr<FileNodeStorage> storage_;
};

}  // namespace

void NodeStorage::format(Env& env, const Superblock& identity, Callback<void(Result<void>)> done) {
    format_superblock(env, identity, std::move(done));
}

void NodeStorage::read_superblock(Env& env, Callback<void(Result<Superblock>)> done) {
    read_superblock_file(env, [done = std::move(done)](Result<PickedSuperblock> picked) mutable {
        if (!picked) return done(fail(picked.error()));
        done(picked->superblock);
    });
}

void NodeStorage::open(Env& env, const Options& options,
                       Callback<void(Result<std::unique_ptr<NodeStorage>>)> done) {
    std::make_shared<Opening>(env, options, std::move(done))->start();
}

}  // namespace quern::storage
