// Entries as Raft knows them and as the WAL does; payloads are shared.
#pragma once

#include "system/raft/types.h"
#include "system/storage/types.h"

namespace quern::replica {

inline storage::WalEntry to_wal(GroupId group, const raft::Entry& entry) {
    return {group, entry.index, entry.term, static_cast<uint8_t>(entry.kind), entry.payload};
}

inline raft::Entry from_wal(storage::WalEntry entry) {
    return {entry.index, entry.term, static_cast<raft::EntryKind>(entry.kind),
            std::move(entry.payload)};
}

}  // namespace quern::replica
