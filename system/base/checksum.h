// Checksums. crc32c guards bytes on disk and on the wire; hash64 (XXH3) identifies contents and feeds
// rolling hashes. Neither resists an attacker; mac.h does.
#pragma once

#include <cstdint>

#include "system/base/buffer.h"
#include "system/base/prng.h"

namespace quern {

// CRC-32C (Castagnoli), as in RFC 3720; `seed` continues an earlier call over the bytes before.
uint32_t crc32c(ByteSpan bytes, uint32_t seed = 0);

// XXH3, 64 bits.
uint64_t hash64(ByteSpan bytes, uint64_t seed = 0);

// Order-sensitive rolling hash of integers and bytes; equal on every platform.
class RollingHash {
public:
    void add(uint64_t word) { value_ = mix64(value_ ^ word) + (value_ << 1); }
    void add(ByteSpan bytes) { add(hash64(bytes)); }
    uint64_t value() const { return value_; }
    void set(uint64_t value) { value_ = value; }

private:
    uint64_t value_ = 0x243f6a8885a308d3ULL;
};

}  // namespace quern
