// Lays out one batch: records and payloads to a chain of buffers and the offsets of the payloads.
#pragma once

#include "system/storage/head_ledger.h"
#include "system/storage/wal_format.h"

namespace quern::storage {

// Where the log goes on.
struct LogCursor {
    uint64_t tag = 0;
    uint64_t sequence = 1;  // of the next batch
    uint64_t previous_hash = 0;
    uint64_t segment = 0;
    uint64_t offset_bytes = 0;
};

struct Batch {
    Head head;          // records with their offsets
    BufferChain bytes;  // payloads are shared, not copied; a multiple of block_bytes
};

// An upper bound of the size of a batch with these contents.
uint64_t batch_bytes_bound(size_t head_size, size_t copies_size,
                           const std::vector<Buffer>& payloads);

// Makes the batch at `cursor` and moves the cursor and the ledger behind it. `payloads` belong to
// the entry records, in order.
Batch build_batch(LogCursor& cursor, HeadLedger& ledger, std::vector<Record> records,
                  const std::vector<Buffer>& payloads, const std::vector<Buffer>& copies);

}  // namespace quern::storage
