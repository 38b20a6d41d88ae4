// What a node keeps on its disk, as values.
#pragma once

#include <cstdint>
#include <vector>

#include "system/base/body_ref.h"
#include "system/base/buffer.h"
#include "system/base/ids.h"

namespace quern::storage {

// The identity of a data directory. A wiped disk is a new node: its uuid never comes back.
struct Superblock {
    uint32_t format_version = 0;  // set by format()
    ClusterId cluster;
    NodeUuid node_uuid;
    NodeId node;
};

// One entry of one group's log. `kind` is raft::EntryKind, opaque here.
struct WalEntry {
    GroupId group;
    LogIndex index;
    Term term;
    uint8_t kind = 0;
    Buffer payload;  // bytes of the command batch; shared, never copied
};

// Changes that become durable together or not at all as far as one group is concerned. Applied in
// the order: remove/create, truncate, snapshot, entries, hard state.
struct GroupChange {
    GroupId group;
    LogIndex
        truncate_from;  // 0: none. Explicitly recorded, so replay never resurrects (pitfall 12)
    // Consecutive; the first follows the last one kept, or stands in the place of one that is there:
    // of the same term it replaces a damaged copy and what follows stays, else the log ends there.
    std::vector<WalEntry> entries;
    bool has_hard_state = false;
    Term term;
    NodeId voted_for;
    // 0: none; else the durable snapshot with this index replaces the log up to it. Entries above
    // it are kept iff keep_suffix.
    LogIndex snapshot_index;
    Term snapshot_term;
    bool keep_suffix = true;
    bool create = false;  // the group's first record on this node; carries its incarnation
    Uuid incarnation;
    bool remove = false;  // forget the group; its files may go
};

struct RecoveredGroup {
    GroupId group;
    Uuid incarnation;
    Term term;
    NodeId voted_for;
    LogIndex snapshot_index;  // 0: none
    Term snapshot_term;
    // (snapshot_index, last], payloads present for the newest ones up to the cache's budget.
    std::vector<WalEntry> entries;
    // Damage (not a torn tail) was found at this index; entries end just before it. 0: none. The
    // node may have acknowledged entries up to lost_last, where the log ends; term 0: not known.
    LogIndex faulty_from;
    LogIndex lost_last;
    Term lost_last_term;
};

enum class SpaceState : uint8_t {
    ok,
    soft,  // alarm only
    hard,  // refuse sends and creates; deletes, purges and lease changes go on from the reserve
};

struct Options {
    uint64_t segment_bytes = 64ull << 20;  // WAL segment, preallocated
    uint32_t reserve_segments = 2;         // preallocated ahead; what lies there is the reserve
    uint64_t payload_cache_bytes = 64ull << 20;
    uint64_t body_segment_bytes = 64ull << 20;
    uint64_t soft_free_bytes = 1ull << 30;
    uint64_t hard_free_bytes = 256ull << 20;
};

}  // namespace quern::storage
