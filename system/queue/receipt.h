// Receipts as users hold them: an opaque string of queue, message and lease epoch with a 128-bit MAC
// under a key of the cluster. Not forgeable, not transferable between queues.
#pragma once

#include <string>

#include "system/base/mac.h"
#include "system/base/result.h"
#include "system/queue/types.h"

namespace quern::queue {

// Fixed-length bytes (docs/formats/receipt.md); the native protocol carries them raw, text interfaces
// as base64url.
constexpr size_t receipt_bytes = 40;

std::array<uint8_t, receipt_bytes> seal_receipt(const Key& key, const Receipt& receipt);
// receipt_invalid if the bytes are not a receipt made with this key.
Result<Receipt> open_receipt(const Key& key, ByteSpan bytes);

std::string receipt_to_text(ByteSpan bytes);
Result<std::array<uint8_t, receipt_bytes>> receipt_from_text(std::string_view text);

// "QQQQQQQQQQQQQQQQ-SSSSSSSSSSSSSSSS": both numbers in hexadecimal.
std::string message_id_to_text(MessageId id);
Result<MessageId> message_id_from_text(std::string_view text);

}  // namespace quern::queue
