// Reads entries back: from the cache of recent payloads or from the segment files.
#pragma once

#include "system/storage/payload_cache.h"
#include "system/storage/wal_writer.h"

namespace quern::storage {

class LogReader {
public:
    LogReader(Env& env, const GroupLogs& groups, const PayloadCache& cache, const WalWriter& writer)
        : env_(env), groups_(groups), cache_(cache), writer_(writer) {}

    // See NodeStorage::load_entries. Entries still on their way to the log are waited for.
    void load(GroupId group, LogIndex from, LogIndex to, size_t bytes_max,
              Callback<void(Result<std::vector<WalEntry>>)> done);
    // As far as it is in memory, else null.
    const Buffer* payload_in_memory(GroupId group, LogIndex index) const;
    // The payload of one entry of the log or on its way there, checked. not_found if it is neither.
    void payload(GroupId group, LogIndex index, Callback<void(Result<Buffer>)> done);
    // Something became durable: look again for what was waited for.
    void on_batch_durable();

private:
    struct Load;
    void run(std::shared_ptr<Load> load);
    void step(const std::shared_ptr<Load>& load);
    const Position* position(GroupId group, LogIndex index) const;
    void read(const Position& position, Callback<void(Result<Buffer>)> done);

    Env& env_;
    const GroupLogs& groups_;
    const PayloadCache& cache_;
    const WalWriter& writer_;
    std::vector<std::shared_ptr<Load>> waiting_;
    LifeGuard guard_;
};

}  // namespace quern::storage
