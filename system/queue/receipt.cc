#include "system/queue/receipt.h"

#include <optional>

#include "system/base/planted_bug.h"

namespace quern::queue {

namespace {

// docs/formats/receipt.md
constexpr uint8_t receipt_version = 1;
constexpr size_t epoch_at = 4;
constexpr size_t queue_at = 8;
constexpr size_t seq_at = 16;
constexpr size_t mac_at = 24;
constexpr size_t text_chars = (receipt_bytes * 8 + 5) / 6;
constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using Bytes = std::array<uint8_t, receipt_bytes>;

void put(Bytes& out, size_t at, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) out[at + i] = static_cast<uint8_t>(value >> (8 * i));
}

uint64_t get(ByteSpan in, size_t at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value |= static_cast<uint64_t>(in[at + i]) << (8 * i);
    return value;
}

void put_mac(const Key& key, Bytes& out) {
    const Tag128 tag = siphash128(key, ByteSpan(out.data(), mac_at));
    put(out, mac_at, tag.low, 8);
    put(out, mac_at + 8, tag.high, 8);
}

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

std::optional<uint64_t> hex(std::string_view text) {
    uint64_t value = 0;
    for (const char c : text) {
        const int digit = digit_of(c);
        if (digit < 0) return std::nullopt;
        value = value << 4 | static_cast<uint64_t>(digit);
    }
    return value;
}

}  // namespace

Bytes seal_receipt(const Key& key, const Receipt& receipt) {
    Bytes out{};
    out[0] = receipt_version;
    put(out, epoch_at, receipt.epoch.value, 4);
    put(out, queue_at, receipt.queue.value, 8);
    put(out, seq_at, receipt.seq.value, 8);
    put_mac(key, out);
    return out;
}

Result<Receipt> open_receipt(const Key& key, ByteSpan bytes) {
    if (bytes.size() != receipt_bytes) return fail(ErrorCode::receipt_invalid);
    Receipt receipt;
    receipt.epoch = LeaseEpoch{static_cast<uint32_t>(get(bytes, epoch_at, 4))};
    receipt.queue = QueueId{get(bytes, queue_at, 8)};
    receipt.seq = MessageSeq{get(bytes, seq_at, 8)};
    // Sealing again covers version and unused bytes as well.
    const Bytes expected = seal_receipt(key, receipt);
    if (!equal_constant_time(bytes, expected) && !PLANTED(receipt_not_authenticated)) return fail(ErrorCode::receipt_invalid);
    return receipt;
}

std::string receipt_to_text(ByteSpan bytes) {
    QUERN_ASSERT(bytes.size() == receipt_bytes);
    std::string text;
    text.reserve(text_chars);
    uint32_t pending = 0;
    unsigned bits = 0;
    for (const uint8_t byte : bytes) {
        pending = pending << 8 | byte;
        for (bits += 8; bits >= 6; bits -= 6) text.push_back(alphabet[pending >> (bits - 6) & 63]);
    }
    text.push_back(alphabet[pending << (6 - bits) & 63]);
    return text;
}

Result<Bytes> receipt_from_text(std::string_view text) {
    if (text.size() != text_chars) return fail(ErrorCode::receipt_invalid);
    Bytes out{};
    uint32_t pending = 0;
    unsigned bits = 0;
    size_t at = 0;
    for (const char c : text) {
        const size_t value = alphabet.find(c);
        if (value == std::string_view::npos) return fail(ErrorCode::receipt_invalid);
        pending = pending << 6 | static_cast<uint32_t>(value);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        out[at++] = static_cast<uint8_t>(pending >> bits);
    }
    // One receipt has one text: the bits that are left over are zero.
    if ((pending & ((1U << bits) - 1)) != 0) return fail(ErrorCode::receipt_invalid);
    return out;
}

std::string message_id_to_text(MessageId id) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(33, '-');
    for (size_t i = 0; i < 16; ++i) {
        text[i] = digits[id.queue.value >> (60 - 4 * i) & 15];
        text[17 + i] = digits[id.seq.value >> (60 - 4 * i) & 15];
    }
    return text;
}

Result<MessageId> message_id_from_text(std::string_view text) {
    if (text.size() == 33 && text[16] == '-') {
        const auto queue = hex(text.substr(0, 16));
        const auto seq = hex(text.substr(17));
        if (queue && seq) return MessageId{QueueId{*queue}, MessageSeq{*seq}};
    }
    return fail(ErrorCode::invalid_argument, "not a message id");
}

}  // namespace quern::queue
