// Reads the WAL at start, judges it (WalReplay), and begins a new segment whose checkpoint settles
// for good what was found: a segment written before a restart is never appended to.
#pragma once

#include <map>

#include "system/storage/batch_builder.h"
#include "system/storage/file_read.h"
#include "system/storage/head_ledger.h"
#include "system/storage/segment_set.h"
#include "system/storage/types.h"
#include "system/storage/wal_replay.h"

namespace quern::storage {

struct RecoveredWal {
    GroupLogs groups;
    std::vector<Segment> used;  // oldest first; the last one is current if cursor names it
    std::vector<Segment> spares;
    LogCursor cursor;  // segment 0: the disk is too full for a new segment
    HeadLedger ledger;
    bool was_empty = false;  // there was no batch at all
};

class WalRecovery : public std::enable_shared_from_this<WalRecovery> {
public:
    WalRecovery(Env& env, const Options& options, const Uuid& node_uuid, PayloadCache& cache,
                Callback<void(Result<RecoveredWal>)> done);
    // Keeps itself alive until `done` ran.
    void start();

private:
    struct Found {
        uint64_t number = 0;
        std::shared_ptr<File> file;
        uint64_t bytes = 0;
        bool has_batches = false;
        bool blank = false;  // all zero: a spare
    };

    void on_listed(Result<std::vector<std::string>> names);
    void read_next();
    void on_opened(Result<std::unique_ptr<File>> file);
    void on_read(Result<WholeFile> file);
    void on_all_read();
    void sort_found();
    void on_unused_removed(Result<void> done);
    void build_start();
    void begin_segment(Result<void> done);
    void on_spare_renamed(Result<void> done);
    void on_new_named(Result<void> done);
    void on_new_opened(Result<std::unique_ptr<File>> file);
    void on_new_allocated(Result<void> done);
    void on_new_written(Result<void> done);
    void on_new_renamed(Result<void> done);
    void on_folder_synced(Result<void> done);
    void without_segment(const Error& why);
    void shorten_last();
    void finish(Result<RecoveredWal> result);

    // A callback that keeps this object alive and calls the member.
    template <typename... Args>
    auto to(void (WalRecovery::*member)(Args...)) {
        return [self = shared_from_this(), member](Args... args) {
            (self.get()->*member)(std::move(args)...);
        };
    }

    Env& env_;
    Options options_;
    Uuid node_uuid_;
    Callback<void(Result<RecoveredWal>)> done_;
    WalReplay replay_;
    std::vector<Found> found_;
    size_t next_found_ = 0;
    std::vector<std::string> unused_;
    RecoveredWal recovered_;
    Segment fresh_;
    BufferChain start_;  // of the new segment
    Batch again_;
    LogCursor next_cursor_;
    HeadLedger next_ledger_;
};

}  // namespace quern::storage
