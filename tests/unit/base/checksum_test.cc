#include "system/base/checksum.h"

#include <gtest/gtest.h>

#include <vector>

#include "system/base/prng.h"

namespace quern {
namespace {

// Bit by bit, as RFC 3720, appendix B.4, and its examples have it.
uint32_t plain_crc32c(ByteSpan bytes) {
    uint32_t crc = 0xffffffff;
    for (const uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

TEST(Crc32c, known_values) {
    EXPECT_EQ(crc32c({}), 0u);
    EXPECT_EQ(crc32c(std::vector<uint8_t>(32, 0)), 0x8a9136aau);
    EXPECT_EQ(crc32c(std::vector<uint8_t>(32, 0xff)), 0x62a8ab43u);
    EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283u);
}

// Long ones are taken in three lanes side by side: lengths around one, two and more rounds of that.
TEST(Crc32c, every_length_and_alignment_is_as_bit_by_bit) {
    Prng prng(1);
    std::vector<uint8_t> bytes(1'300);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(prng.next());
    for (size_t size = 0; size + 8 <= bytes.size(); ++size) {
        const ByteSpan part = ByteSpan(bytes).subspan(size % 8, size);
        ASSERT_EQ(crc32c(part), plain_crc32c(part)) << size;
    }
}

TEST(Crc32c, goes_on_from_what_came_before) {
    Prng prng(2);
    std::vector<uint8_t> bytes(2'000);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(prng.next());
    const uint32_t whole = crc32c(bytes);
    for (size_t cut = 0; cut <= bytes.size(); cut += 37) {
        const ByteSpan all(bytes);
        ASSERT_EQ(crc32c(all.subspan(cut), crc32c(all.first(cut))), whole) << cut;
    }
}

}  // namespace
}  // namespace quern
