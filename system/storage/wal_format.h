// The byte layout of the write-ahead log. Tables, reasons and the rule for changing it:
// docs/formats/wal.md.
//
// A segment file is a run of batches; a batch starts at a multiple of block_bytes and is
//
//     head    fixed part (80 bytes) and record table        guarded by head_crc
//     copies  heads of earlier batches, verbatim            each guarded by its own head_crc
//     payload of each entry record, each at a multiple of 16 guarded by the record's payload_crc
//     zeros   up to the next multiple of block_bytes
//
// No block that holds acknowledged bytes is ever written again.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "system/base/buffer.h"
#include "system/base/ids.h"

namespace quern::storage {

// The largest physical sector in use: a torn write of one batch cannot reach into its neighbour.
constexpr uint64_t block_bytes = 4096;
// The smallest one: a torn write leaves each of these as it was or as it should be.
constexpr uint64_t sector_bytes = 512;
constexpr uint64_t payload_align_bytes = 16;
constexpr uint32_t head_magic = 0x31425751;  // "QWB1"
constexpr size_t head_fixed_bytes = 80;
// Bounds a decoder trusts before it allocates. A head never comes near it: the writer closes a
// batch at batch_bytes_target, and a checkpoint takes 80 bytes a group.
constexpr size_t head_bytes_max = 16 * 1024 * 1024;
constexpr uint64_t batch_bytes_target = 8 * 1024 * 1024;
// Reading stops there; positions in a segment fit 32 bits of payload_align_bytes.
constexpr uint64_t segment_bytes_max = uint64_t{4} << 30;
// Heads are repeated a second time, this far away or farther (see HeadLedger).
constexpr uint64_t ledger_window_bytes = 256 * 1024;

enum class RecordKind : uint8_t {
    segment = 1,     // first record of a segment
    checkpoint = 2,  // one group's state at the start of the segment; only in its first batch
    create = 3,
    remove = 4,
    truncate = 5,
    snapshot = 6,
    entry = 7,
    hard_state = 8,
};

// One record of a batch's table. Fields not named for a kind are zero and take no room on disk.
struct Record {
    RecordKind kind{};
    GroupId group;
    LogIndex index;  // entry; truncate: first index cut; snapshot; checkpoint: snapshot index
    Term term;       // entry, snapshot; checkpoint: snapshot term
    // entry
    uint8_t entry_kind = 0;
    uint32_t size_bytes = 0;
    uint32_t payload_crc = 0;
    uint32_t offset_bytes = 0;  // from the start of the batch
    // snapshot
    bool keep_suffix = false;
    bool distrust_suffix = false;  // kept as missing: it is not known that they go on from the snapshot
    // hard_state, checkpoint
    Term current_term;
    NodeId voted_for;
    // create, checkpoint; segment: the node's uuid
    Uuid uuid;
    // checkpoint
    LogIndex last_index;
    Term last_term;
    LogIndex lowest_cut;  // the lowest index cut or overwritten during the segment before; 0: none
    // segment
    uint64_t segment_bytes = 0;
    uint64_t spare_bytes = 0;  // the least size of a spare segment from here on
};

struct Head {
    uint64_t tag = 0;       // of the node (node_tag): a foreign or forged batch is none
    uint64_t sequence = 0;  // counts batches through all segments, from 1
    uint64_t segment = 0;
    uint64_t offset_bytes = 0;   // of the batch in its segment
    uint64_t previous_hash = 0;  // hash64 of the previous batch's head; 0 for sequence 1
    uint64_t payload_start = 0;  // of the payload area, from the start of the batch
    uint64_t batch_bytes = 0;    // whole batch, multiple of block_bytes
    uint32_t copies = 0;
    // Sectors up to the end of the last payload that are all zeros though they are written: if more are, some of
    // the batch never reached the disk. 0 also in logs of before this was noted.
    uint32_t blank_sectors = 0;
    std::vector<Record> records;
};

// Where the last payload ends, from the start of the batch.
uint64_t payload_end(const Head& head);

uint64_t node_tag(const Uuid& node_uuid);

// Size of a record on disk.
size_t record_bytes(RecordKind kind);
size_t head_bytes(const std::vector<Record>& records);

// The head's bytes, checksummed.
Buffer encode_head(const Head& head);

struct DecodedHead {
    Head head;
    size_t bytes = 0;   // of the head
    uint64_t hash = 0;  // hash64 of the head's bytes
};

// The head at the start of `bytes`, which may go on behind it. Nothing if there is none or it is
// damaged. Says nothing about where the bytes were found: compare segment and offset.
std::optional<DecodedHead> decode_head(ByteSpan bytes);

// The copies behind a head that was decoded from `batch`. Damaged ones are left out.
std::vector<DecodedHead> decode_copies(ByteSpan batch, const DecodedHead& own);

}  // namespace quern::storage
