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
        read_superblock_file(env_, [self = shared_from_this()](Result<Superblock> superblock) {
            self->on_superblock(std::move(superblock));
        });
    }

private:
    void on_superblock(Result<Superblock> superblock) {
        if (!superblock) return finish(fail(superblock.error()));
        storage_ = std::make_unique<FileNodeStorage>(env_, options_, *superblock);
        auto recovery = std::make_shared<WalRecovery>(
            env_, options_, superblock->node_uuid, storage_->cache(),
            [self = shared_from_this()](Result<RecoveredWal> recovered) {
                self->on_recovered(std::move(recovered));
            });
        recovery->start();
    }
    void on_recovered(Result<RecoveredWal> recovered) {
        if (!recovered) return finish(fail(recovered.error()));
        storage_->recover(std::move(*recovered));
        storage_->snapshots().clean(
            storage_->snapshot_indexes(),
            [self = shared_from_this()](Result<void> done) { self->on_cleaned(std::move(done)); });
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
    std::unique_ptr<FileNodeStorage> storage_;
};

}  // namespace

void NodeStorage::format(Env& env, const Superblock& identity, Callback<void(Result<void>)> done) {
    format_superblock(env, identity, std::move(done));
}

void NodeStorage::read_superblock(Env& env, Callback<void(Result<Superblock>)> done) {
    read_superblock_file(env, std::move(done));
}

void NodeStorage::open(Env& env, const Options& options,
                       Callback<void(Result<std::unique_ptr<NodeStorage>>)> done) {
    std::make_shared<Opening>(env, options, std::move(done))->start();
}

}  // namespace quern::storage
