// Blocking file calls, made on disk lanes. All handle EINTR and short transfers. They read the
// bytes of Buffers but never copy or destroy one.
#pragma once

#include <cstdint>
#include <span>

#include "system/base/buffer.h"
#include "system/base/result.h"

namespace quern::os {

enum class Durability : uint8_t {
    none,         // the page cache
    these_bytes,  // the bytes written, with what is needed to read them back
    whole_file,   // and everything written to the file before
};

Result<void> write_all(int file, uint64_t offset_bytes, const BufferChain& data,
                       Durability durability);

// The count read: less than asked only at the end of the file.
Result<size_t> read_all(int file, uint64_t offset_bytes, std::span<uint8_t> into);

// Reads without blocking, on any thread: true if all of `into` was in the page cache.
bool read_cached(int file, uint64_t offset_bytes, std::span<uint8_t> into);

Result<void> sync_data(int file);
Result<uint64_t> size_of(int file);
Result<void> set_size(int file, uint64_t size_bytes);

// Reserves blocks below size_bytes and extends the file to it; where the file system cannot
// reserve, only zero_fill() does.
Result<void> reserve(int file, uint64_t size_bytes);
Result<void> zero_fill(int file, uint64_t offset_bytes, uint64_t size_bytes);

}  // namespace quern::os
