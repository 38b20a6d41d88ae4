// Keyed authentication: HMAC-SHA256 for handshakes and keys, a 128-bit SipHash for receipts (a short
// input, made and checked for every message). Comparison takes the same time whatever differs.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "system/base/buffer.h"

namespace quern {

using Digest = std::array<uint8_t, 32>;
using Key = std::array<uint8_t, 32>;

Digest hmac_sha256(ByteSpan key, ByteSpan message);
// A key for one purpose, from a secret: HMAC-SHA256(secret, label).
Key derive_key(ByteSpan secret, std::string_view label);
bool equal_constant_time(ByteSpan a, ByteSpan b);

struct Tag128 {
    uint64_t high = 0;
    uint64_t low = 0;
};
// SipHash-2-4 with 128-bit output (Aumasson and Bernstein, 2012) under the first 16 bytes of `key`.
Tag128 siphash128(const Key& key, ByteSpan message);

}  // namespace quern
