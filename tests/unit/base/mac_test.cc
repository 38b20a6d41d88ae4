#include "system/base/mac.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace quern {
namespace {

std::string hex(const Digest& digest) {
    std::string text;
    for (const uint8_t byte : digest) text += fmt::format("{:02x}", byte);
    return text;
}

// RFC 4231, cases 1, 2 and 6; the last key is longer than a block of the hash.
TEST(HmacSha256, KnownVectors) {
    EXPECT_EQ(hex(hmac_sha256(as_bytes(std::string(20, '\x0b')), as_bytes("Hi There"))),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex(hmac_sha256(as_bytes(std::string(131, '\xaa')),
                              as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// Python: hmac.new(b"", b"", "sha256").hexdigest()
TEST(HmacSha256, EmptyKeyAndMessage) {
    EXPECT_EQ(hex(hmac_sha256({}, {})),
              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

}  // namespace
}  // namespace quern
