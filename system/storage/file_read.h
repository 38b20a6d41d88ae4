// Reads a whole file in large pieces and gets past blocks the disk cannot read.
#pragma once

#include <memory>

#include "system/io/disk.h"

namespace quern::storage {

constexpr size_t read_piece_bytes = 4 * 1024 * 1024;
constexpr size_t read_block_bytes = 4096;
// What unreadable blocks are filled with: no checksum holds over it, and it is not absence.
constexpr uint8_t unreadable_fill = 0xee;

struct WholeFile {
    Buffer bytes;
    uint64_t unreadable_end = 0;  // of the last block that was filled; 0: all could be read
};

// The file's bytes, up to `bytes_max`. A piece that gives io_failed is read again block by block;
// blocks that still fail are filled. io_failed only if the file's size cannot be told. `file` is
// kept alive.
void read_whole(std::shared_ptr<File> file, uint64_t bytes_max,
                Callback<void(Result<WholeFile>)> done);

}  // namespace quern::storage
