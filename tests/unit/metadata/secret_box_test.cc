#include "system/metadata/secret_box.h"

#include <gtest/gtest.h>

#include <set>

#include "system/base/limits.h"
#include "system/base/prng.h"

namespace quern::metadata {
namespace {

constexpr std::string_view key_id = "QKABCDEFGHIJKLMNOPQR";
constexpr std::string_view secret = "0123456789012345678901234567890123456789";

RandomSource source(uint64_t seed) {
    return [prng = Prng(seed)]() mutable { return prng.next(); };
}
Key kek(uint8_t first) {
    Key key{};
    key[0] = first;
    return key;
}
Buffer sealed_secret() { return *seal_secret(kek(1), generate_nonce(source(5)), key_id, secret); }

TEST(SecretBox, what_was_sealed_opens) {
    const Buffer sealed = sealed_secret();
    EXPECT_EQ(sealed.size(), 1 + nonce_bytes + secret.size() + 16);
    EXPECT_EQ(sealed.text().find(secret.substr(0, 8)), std::string_view::npos);
    EXPECT_EQ(unseal_secret(kek(1), key_id, sealed.span()).value(), secret);
}

// Ciphertext and tag as another implementation of AES-256-GCM gives them.
TEST(SecretBox, golden_bytes) {
    const Buffer sealed = *seal_secret(kek(1), Nonce{1, 2, 3}, "QKID", "s");
    const std::vector<uint8_t> expected = {1,  1,   2, 3,   0,   0,   0,   0,   0,   0,
                                           0,  0,   0, 67,  174, 81,  71,  234, 176, 70,
                                           85, 132, 6, 226, 107, 218, 253, 124, 219, 17};
    EXPECT_EQ(std::vector<uint8_t>(sealed.span().begin(), sealed.span().end()), expected);
}

TEST(SecretBox, every_changed_bit_is_noticed) {
    const Buffer sealed = sealed_secret();
    for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        std::vector<uint8_t> bytes(sealed.span().begin(), sealed.span().end());
        bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
        EXPECT_FALSE(unseal_secret(kek(1), key_id, {bytes.data(), bytes.size()})) << bit;
    }
}

TEST(SecretBox, every_cut_is_noticed) {
    const Buffer sealed = sealed_secret();
    for (size_t size = 0; size < sealed.size(); ++size) {
        const auto opened = unseal_secret(kek(1), key_id, sealed.span().first(size));
        ASSERT_FALSE(opened) << size;
        EXPECT_EQ(opened.error().code, ErrorCode::corrupt);
    }
    std::vector<uint8_t> long_bytes(limits::secret_sealed_bytes_max + 1, 1);
    EXPECT_FALSE(unseal_secret(kek(1), key_id, {long_bytes.data(), long_bytes.size()}));
}

TEST(SecretBox, it_opens_only_with_its_key_and_for_its_id) {
    const Buffer sealed = sealed_secret();
    EXPECT_FALSE(unseal_secret(kek(2), key_id, sealed.span()));
    EXPECT_FALSE(unseal_secret(kek(1), "QKABCDEFGHIJKLMNOPQS", sealed.span()));
    EXPECT_FALSE(unseal_secret(kek(1), "", sealed.span()));
}

TEST(SecretBox, limits_of_secrets) {
    const Nonce nonce = generate_nonce(source(1));
    EXPECT_FALSE(seal_secret(kek(1), nonce, key_id, ""));
    EXPECT_TRUE(seal_secret(kek(1), nonce, key_id, std::string(limits::secret_bytes_max, 'x')));
    EXPECT_FALSE(
        seal_secret(kek(1), nonce, key_id, std::string(limits::secret_bytes_max + 1, 'x')));
}

TEST(SecretBox, generated_keys_have_their_form_and_differ) {
    const RandomSource random = source(9);
    std::set<std::string> seen;
    std::set<char> id_characters;
    std::set<char> secret_characters;
    for (int i = 0; i < 200; ++i) {
        const GeneratedKey key = generate_access_key(random);
        ASSERT_EQ(key.id.size(), 20u);
        ASSERT_EQ(key.secret.size(), 40u);
        EXPECT_TRUE(key.id.starts_with("QK"));
        EXPECT_TRUE(seen.insert(key.id).second && seen.insert(key.secret).second);
        id_characters.insert(key.id.begin() + 2, key.id.end());
        secret_characters.insert(key.secret.begin(), key.secret.end());
    }
    EXPECT_EQ(id_characters.size(), 32u);
    EXPECT_EQ(secret_characters.size(), 64u);
}

TEST(SecretBox, nonces_use_all_their_bytes) {
    const Nonce ones = generate_nonce([] { return UINT64_MAX; });
    for (const uint8_t byte : ones)
        EXPECT_EQ(byte, 0xff);
    const RandomSource random = source(3);
    EXPECT_NE(generate_nonce(random), generate_nonce(random));
}

TEST(SecretBox, a_wiped_secret_is_gone) {
    std::string text(secret);
    wipe(text);
    EXPECT_TRUE(text.empty());
}

}  // namespace
}  // namespace quern::metadata
