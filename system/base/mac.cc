#include "system/base/mac.h"

#include <algorithm>
#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace quern {

namespace {

// Looked up once: libcrypto's one-call HMAC looks its algorithms up by name in every call.
const EVP_MD* sha256() {
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    QUERN_ASSERT(algorithm != nullptr);
    return algorithm;
}

Digest sha256_of(ByteSpan first, ByteSpan second) {
    Digest digest{};
    unsigned int size = 0;
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const bool good = context != nullptr &&
                      EVP_DigestInit_ex2(context, sha256(), nullptr) == 1 &&
                      EVP_DigestUpdate(context, first.data(), first.size()) == 1 &&
                      EVP_DigestUpdate(context, second.data(), second.size()) == 1 &&
                      EVP_DigestFinal_ex(context, digest.data(), &size) == 1;
    EVP_MD_CTX_free(context);
    QUERN_ASSERT(good && size == digest.size());
    return digest;
}

}  // namespace

// RFC 2104.
Digest hmac_sha256(ByteSpan key, ByteSpan message) {
    constexpr size_t hash_block_bytes = 64;
    std::array<uint8_t, hash_block_bytes> inner{};
    if (key.size() > inner.size()) {
        const Digest shorter = sha256_of(key, {});
        std::copy(shorter.begin(), shorter.end(), inner.begin());
    } else {
        std::copy(key.begin(), key.end(), inner.begin());
    }
    std::array<uint8_t, hash_block_bytes> outer = inner;
    for (uint8_t& byte : inner) byte ^= 0x36;
    for (uint8_t& byte : outer) byte ^= 0x5c;
    const Digest digest = sha256_of(outer, sha256_of(inner, message));
    OPENSSL_cleanse(inner.data(), inner.size());
    OPENSSL_cleanse(outer.data(), outer.size());
    return digest;
}

Key derive_key(ByteSpan secret, std::string_view label) {
    return hmac_sha256(secret, as_bytes(label));
}

bool equal_constant_time(ByteSpan a, ByteSpan b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

namespace {

uint64_t load64(const uint8_t* p) {
    uint64_t v = 0;
    for (int i = 7; i >= 0; --i) v = (v << 8) | p[i];
    return v;
}

struct SipState {
    uint64_t v0, v1, v2, v3;

    static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
    void round() {
        v0 += v1;
        v1 = rotate(v1, 13) ^ v0;
        v0 = rotate(v0, 32);
        v2 += v3;
        v3 = rotate(v3, 16) ^ v2;
        v0 += v3;
        v3 = rotate(v3, 21) ^ v0;
        v2 += v1;
        v1 = rotate(v1, 17) ^ v2;
        v2 = rotate(v2, 32);
    }
    uint64_t fold() const { return v0 ^ v1 ^ v2 ^ v3; }
};

}  // namespace

Tag128 siphash128(const Key& key, ByteSpan message) {
    const uint64_t k0 = load64(key.data());
    const uint64_t k1 = load64(key.data() + 8);
    SipState s{k0 ^ 0x736f6d6570736575ULL, k1 ^ 0x646f72616e646f6dULL ^ 0xee,
               k0 ^ 0x6c7967656e657261ULL, k1 ^ 0x7465646279746573ULL};
    const uint8_t* p = message.data();
    size_t left = message.size();
    for (; left >= 8; left -= 8, p += 8) {
        const uint64_t m = load64(p);
        s.v3 ^= m;
        s.round();
        s.round();
        s.v0 ^= m;
    }
    uint64_t last = static_cast<uint64_t>(message.size()) << 56;
    for (size_t i = 0; i < left; ++i) last |= static_cast<uint64_t>(p[i]) << (8 * i);
    s.v3 ^= last;
    s.round();
    s.round();
    s.v0 ^= last;
    s.v2 ^= 0xee;
    for (int i = 0; i < 4; ++i) s.round();
    Tag128 tag;
    tag.low = s.fold();
    s.v1 ^= 0xdd;
    for (int i = 0; i < 4; ++i) s.round();
    tag.high = s.fold();
    return tag;
}

}  // namespace quern
