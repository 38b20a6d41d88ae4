#include "system/metadata/secret_box.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

#include "system/base/limits.h"

namespace quern::metadata {

namespace {

constexpr uint8_t sealed_format = 1;
constexpr size_t header_bytes = 1 + nonce_bytes;
constexpr size_t tag_bytes = 16;
static_assert(header_bytes + limits::secret_bytes_max + tag_bytes <=
              limits::secret_sealed_bytes_max);

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// The next `count` characters of an alphabet of 2^bits characters.
std::string draw_text(const RandomSource& random, std::string_view alphabet, int bits,
                      size_t count) {
    std::string text;
    while (text.size() < count) {
        uint64_t word = random();
        for (int used = 0; used + bits <= 60 && text.size() < count; used += bits) {
            text += alphabet[word & (alphabet.size() - 1)];
            word >>= bits;
        }
    }
    return text;
}

Context begin(const Key& key, const uint8_t* nonce, std::string_view key_id, bool encrypt) {
    Context context(EVP_CIPHER_CTX_new());
    QUERN_ASSERT(context != nullptr);
    int unused = 0;
    const int direction = encrypt ? 1 : 0;
    const ByteSpan associated = as_bytes(key_id);
    const bool ready = EVP_CipherInit_ex2(context.get(), EVP_aes_256_gcm(), key.data(), nonce,
                                          direction, nullptr) == 1 &&
                       EVP_CipherUpdate(context.get(), nullptr, &unused, associated.data(),
                                        static_cast<int>(associated.size())) == 1;
    QUERN_ASSERT(ready);
    return context;
}

}  // namespace

GeneratedKey generate_access_key(const RandomSource& random) {
    constexpr std::string_view base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    constexpr std::string_view base64 =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return {"QK" + draw_text(random, base32, 5, 18), draw_text(random, base64, 6, 40)};
}

Nonce generate_nonce(const RandomSource& random) {
    const uint64_t words[2] = {random(), random()};
    Nonce nonce{};
    for (size_t i = 0; i < nonce.size(); ++i) {
        nonce[i] = static_cast<uint8_t>(words[i / 8] >> (8 * (i % 8)));
    }
    return nonce;
}

Result<Buffer> seal_secret(const Key& key_encryption_key, const Nonce& nonce,
                           std::string_view key_id, std::string_view secret) {
    if (secret.empty() || secret.size() > limits::secret_bytes_max) {
        return fail(Error(ErrorCode::invalid_argument, "a secret has 1 to 128 characters",
                          limits::secret_bytes_max, static_cast<int64_t>(secret.size())));
    }
    MutableBuffer sealed(header_bytes + secret.size() + tag_bytes);
    uint8_t* out = sealed.data();
    out[0] = sealed_format;
    std::copy(nonce.begin(), nonce.end(), out + 1);
    const Context context = begin(key_encryption_key, nonce.data(), key_id, true);
    const ByteSpan clear = as_bytes(secret);
    int written = 0;
    int finished = 0;
    const bool done =
        EVP_CipherUpdate(context.get(), out + header_bytes, &written, clear.data(),
                         static_cast<int>(clear.size())) == 1 &&
        EVP_CipherFinal_ex(context.get(), out + header_bytes + written, &finished) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes,
                            out + header_bytes + secret.size()) == 1;
    QUERN_ASSERT(done && static_cast<size_t>(written + finished) == secret.size());
    return std::move(sealed).freeze();
}

Result<std::string> unseal_secret(const Key& key_encryption_key, std::string_view key_id,
                                  ByteSpan sealed) {
    const Failure damaged = fail(ErrorCode::corrupt, "the sealed secret does not open");
    if (sealed.size() <= header_bytes + tag_bytes || sealed[0] != sealed_format ||
        sealed.size() > limits::secret_sealed_bytes_max) {
        return damaged;
    }
    const ByteSpan hidden = sealed.subspan(header_bytes, sealed.size() - header_bytes - tag_bytes);
    std::array<uint8_t, tag_bytes> tag{};
    std::copy(sealed.end() - tag_bytes, sealed.end(), tag.begin());
    const Context context = begin(key_encryption_key, sealed.data() + 1, key_id, false);
    std::string secret(hidden.size(), '\0');
    auto* out = reinterpret_cast<uint8_t*>(secret.data());
    int written = 0;
    int finished = 0;
    const bool opened =
        EVP_CipherUpdate(context.get(), out, &written, hidden.data(),
                         static_cast<int>(hidden.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1 &&
        EVP_CipherFinal_ex(context.get(), out + written, &finished) == 1;
    if (!opened) {
        wipe(secret);
        return damaged;
    }
    return secret;
}

void wipe(std::string& secret) {
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

}  // namespace quern::metadata
