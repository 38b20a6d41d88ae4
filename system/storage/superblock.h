// The superblock: who this data directory belongs to, kept in several copies in one file. Layout
// and rules: docs/formats/superblock.md.
#pragma once

#include "system/base/result.h"
#include "system/storage/types.h"

namespace quern::storage {

constexpr uint32_t format_version_current = 1;
constexpr size_t superblock_copies = 8;
// Copies stand this far apart, so that one damaged stretch of the disk hits one of them.
constexpr size_t superblock_stride_bytes = 64 * 1024;
constexpr size_t superblock_copy_bytes = 4096;
constexpr size_t superblock_file_bytes =
    (superblock_copies - 1) * superblock_stride_bytes + superblock_copy_bytes;
// So many copies must agree.
constexpr size_t superblock_quorum = 2;

struct PickedSuperblock {
    Superblock superblock;
    uint64_t sequence = 1;  // grows with every rewrite
    // A WAL was begun: from then on an empty one is a lost one, never a fresh start.
    bool wal_began = false;
    bool degraded = false;  // some copies are bad or older
};

// The whole file.
Buffer encode_superblock(const PickedSuperblock& picked);

// The newest superblock that a quorum of good copies agrees on. corrupt: there is none.
// data_version_unknown: the quorum was written by another format version.
Result<PickedSuperblock> pick_superblock(ByteSpan file);

}  // namespace quern::storage
