// Access keys: how they are made, and how their secrets rest in the catalogue. A secret must be
// known in clear to check a signature, so it is encrypted under a key of the cluster that is in no
// snapshot and no log: AES-256-GCM, with the key id as associated data, so that a sealed secret
// cannot be moved to another key id. Sealed form (docs/formats/catalogue.md): format 1 byte, nonce
// 12, ciphertext, tag 16.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "system/base/mac.h"
#include "system/base/result.h"
#include "system/metadata/types.h"

namespace quern::metadata {

// 64 random bits a call; Env's entropy in production.
using RandomSource = std::function<uint64_t()>;

struct GeneratedKey {
    std::string id;      // "QK" and 18 of A-Z 2-7: 90 random bits
    std::string secret;  // 40 of A-Z a-z 0-9 + /: 240 random bits
};
GeneratedKey generate_access_key(const RandomSource& random);

constexpr size_t nonce_bytes = 12;
using Nonce = std::array<uint8_t, nonce_bytes>;
// Must not repeat under one key-encryption key; 96 random bits do for any number of access keys.
Nonce generate_nonce(const RandomSource& random);

// invalid_argument if the secret is empty or longer than limits::secret_bytes_max.
Result<Buffer> seal_secret(const Key& key_encryption_key, const Nonce& nonce,
                           std::string_view key_id, std::string_view secret);
// corrupt if it was not sealed for this key id under this key, or was changed. The caller keeps the
// result no longer than it needs it and passes it to wipe().
Result<std::string> unseal_secret(const Key& key_encryption_key, std::string_view key_id,
                                  ByteSpan sealed);

// Overwrites the text's bytes before they are freed.
void wipe(std::string& secret);

}  // namespace quern::metadata
