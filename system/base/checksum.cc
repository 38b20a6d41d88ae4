#include "system/base/checksum.h"

#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace quern {

namespace {

constexpr uint32_t polynomial = 0x82f63b78;  // reflected

constexpr std::array<uint32_t, 256> make_table() {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
        table[i] = crc;
    }
    return table;
}

constexpr std::array<uint32_t, 256> table = make_table();

uint32_t crc_portable(uint32_t crc, const uint8_t* p, size_t n) {
    for (; n > 0; --n, ++p) crc = (crc >> 8) ^ table[(crc ^ *p) & 0xff];
    return crc;
}

#if defined(__x86_64__)
// The SSE 4.2 instruction, eight bytes a step.
__attribute__((target("sse4.2"))) uint32_t crc_hardware(uint32_t crc, const uint8_t* p, size_t n) {
    uint64_t wide = crc;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word;
        __builtin_memcpy(&word, p, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    uint32_t narrow = static_cast<uint32_t>(wide);
    if ((n & 4) != 0) {
        uint32_t word;
        __builtin_memcpy(&word, p, 4);
        narrow = __builtin_ia32_crc32si(narrow, word);
        p += 4;
    }
    for (n &= 3; n > 0; --n, ++p) narrow = __builtin_ia32_crc32qi(narrow, *p);
    return narrow;
}
#endif

}  // namespace

uint32_t crc32c(ByteSpan bytes, uint32_t seed) {
    uint32_t crc = ~seed;
#if defined(__x86_64__)
    static const bool hardware = __builtin_cpu_supports("sse4.2") != 0;
    if (hardware) return ~crc_hardware(crc, bytes.data(), bytes.size());
#endif
    return ~crc_portable(crc, bytes.data(), bytes.size());
}

uint64_t hash64(ByteSpan bytes, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace quern
