// The superblock's file: made once by format, read at every start.
#pragma once

#include "system/io/env.h"
#include "system/storage/superblock.h"

namespace quern::storage {

constexpr const char* superblock_path = "superblock";

// See NodeStorage::format and NodeStorage::read_superblock.
void format_superblock(Env& env, const Superblock& identity, Callback<void(Result<void>)> done);
void read_superblock_file(Env& env, Callback<void(Result<PickedSuperblock>)> done);
// Writes `picked` with the next sequence and wal_began, one half of the copies after the other, so
// that a quorum of one version is whole at every moment.
void note_wal_began(Env& env, const PickedSuperblock& picked, Callback<void(Result<void>)> done);

}  // namespace quern::storage
