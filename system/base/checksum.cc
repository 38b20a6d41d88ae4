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
constexpr size_t lane_bytes = 64;  // most frames are of a few hundred bytes
using Shift = std::array<std::array<uint32_t, 256>, 4>;

// What a lane of zeros makes of a checksum, by each of its bytes: the xor of what it makes of the bits.
constexpr Shift make_shift() {
    Shift shift{};
    for (uint32_t bit = 0; bit < 32; ++bit) {
        uint32_t crc = 1U << bit;
        for (size_t i = 0; i < lane_bytes; ++i) crc = (crc >> 8) ^ table[crc & 0xff];
        std::array<uint32_t, 256>& of_byte = shift[bit / 8];
        const uint32_t lowest = 1U << (bit % 8);
        for (uint32_t rest = 0; rest < lowest; ++rest) of_byte[lowest + rest] = crc ^ of_byte[rest];
    }
    return shift;
}

constexpr Shift shift_table = make_shift();

uint32_t shift_lane(uint64_t crc) {
    return shift_table[0][crc & 0xff] ^ shift_table[1][crc >> 8 & 0xff] ^ shift_table[2][crc >> 16 & 0xff] ^
           shift_table[3][crc >> 24 & 0xff];
}

uint64_t word_at(const uint8_t* p) {
    uint64_t word;
    __builtin_memcpy(&word, p, 8);
    return word;
}

// The SSE 4.2 instruction, eight bytes a step. The processor begins one each cycle and takes three for it, so
// three lanes go side by side and are joined by what follows them (V. Gopal and others, Fast CRC Computation for
// iSCSI Polynomial Using CRC32 Instruction, Intel 2011).
__attribute__((target("sse4.2"))) uint32_t crc_hardware(uint32_t seed, const uint8_t* p, size_t n) {
    uint64_t wide = ~seed;
    for (; n >= 3 * lane_bytes; n -= 3 * lane_bytes, p += 3 * lane_bytes) {
        uint64_t second = 0;
        uint64_t third = 0;
        for (size_t i = 0; i < lane_bytes; i += 8) {
            wide = __builtin_ia32_crc32di(wide, word_at(p + i));
            second = __builtin_ia32_crc32di(second, word_at(p + lane_bytes + i));
            third = __builtin_ia32_crc32di(third, word_at(p + 2 * lane_bytes + i));
        }
        wide = shift_lane(shift_lane(wide) ^ second) ^ third;
    }
    for (; n >= 8; n -= 8, p += 8) wide = __builtin_ia32_crc32di(wide, word_at(p));
    uint32_t narrow = static_cast<uint32_t>(wide);
    if ((n & 4) != 0) {
        uint32_t word;
        __builtin_memcpy(&word, p, 4);
        narrow = __builtin_ia32_crc32si(narrow, word);
        p += 4;
    }
    for (n &= 3; n > 0; --n, ++p) narrow = __builtin_ia32_crc32qi(narrow, *p);
    return ~narrow;
}
#endif

}  // namespace

uint32_t crc32c(ByteSpan bytes, uint32_t seed) {
#if defined(__x86_64__)
    static const bool hardware = __builtin_cpu_supports("sse4.2") != 0;
    if (hardware) return crc_hardware(seed, bytes.data(), bytes.size());
#endif
    return ~crc_portable(~seed, bytes.data(), bytes.size());
}

uint64_t hash64(ByteSpan bytes, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace quern
