// Receipts and message ids as users hold them (scenario S75).
#include "system/queue/receipt.h"

#include <gtest/gtest.h>

namespace quern::queue::test {
namespace {

const Key key = derive_key(as_bytes("a secret of the cluster"), "receipts");
const Receipt receipt{QueueId{0x1122334455667788}, MessageSeq{42}, LeaseEpoch{7}};

bool same(const Receipt& a, const Receipt& b) {
    return a.queue == b.queue && a.seq == b.seq && a.epoch == b.epoch;
}

TEST(Receipt, opens_what_was_sealed) {
    const auto bytes = seal_receipt(key, receipt);
    ASSERT_TRUE(open_receipt(key, bytes).has_value());
    EXPECT_TRUE(same(*open_receipt(key, bytes), receipt));
}

TEST(Receipt, any_flipped_bit_is_refused) {
    for (size_t bit = 0; bit < receipt_bytes * 8; ++bit) {
        auto bytes = seal_receipt(key, receipt);
        bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ (1u << bit % 8));
        const auto opened = open_receipt(key, bytes);
        ASSERT_FALSE(opened.has_value()) << bit;
        ASSERT_EQ(opened.error().code, ErrorCode::receipt_invalid);
    }
}

TEST(Receipt, any_other_length_is_refused) {
    const auto bytes = seal_receipt(key, receipt);
    std::vector<uint8_t> longer(bytes.begin(), bytes.end());
    longer.push_back(0);
    for (size_t size = 0; size <= longer.size(); ++size) {
        const auto opened = open_receipt(key, ByteSpan(longer.data(), size));
        EXPECT_EQ(opened.has_value(), size == receipt_bytes);
    }
}

TEST(Receipt, of_another_key_is_refused) {
    const Key other = derive_key(as_bytes("another secret"), "receipts");
    EXPECT_FALSE(open_receipt(other, seal_receipt(key, receipt)).has_value());
}

TEST(Receipt, text_is_base64url_and_comes_back) {
    const auto bytes = seal_receipt(key, receipt);
    const std::string text = receipt_to_text(bytes);
    EXPECT_EQ(text.size(), 54u);
    EXPECT_EQ(text.find_first_not_of(
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    EXPECT_EQ(receipt_from_text(text).value(), bytes);
}

TEST(Receipt, one_receipt_has_one_text) {
    const std::string text = receipt_to_text(seal_receipt(key, receipt));
    std::string other = text;
    other.back() = other.back() == 'B' ? 'C' : 'B';  // unused bits are set
    EXPECT_FALSE(receipt_from_text(other).has_value());
    for (const std::string& bad : {text + "=", text.substr(1), std::string(54, '+'), std::string()}) {
        EXPECT_EQ(receipt_from_text(bad).error().code, ErrorCode::receipt_invalid);
    }
}

TEST(Receipt, golden_bytes) {
    const Key zero{};
    const auto bytes = seal_receipt(zero, {QueueId{1}, MessageSeq{2}, LeaseEpoch{3}});
    EXPECT_EQ(receipt_to_text(bytes), "AQAAAAMAAAABAAAAAAAAAAIAAAAAAAAAoE7COSzM3s4CTbL0f5L4zg");
}

TEST(MessageIdText, comes_back_and_is_strict) {
    const MessageId id{QueueId{0xabcdef}, MessageSeq{~uint64_t{0}}};
    const std::string text = message_id_to_text(id);
    EXPECT_EQ(text, "0000000000abcdef-ffffffffffffffff");
    EXPECT_EQ(message_id_from_text(text).value(), id);
    for (const char* bad : {"", "0000000000abcdef-fffffffffffffff", "0000000000ABCDEF-ffffffffffffffff",
                            "0000000000abcdef_ffffffffffffffff", "0000000000abcdeg-ffffffffffffffff",
                            "0000000000abcdef-ffffffffffffffff0"}) {
        EXPECT_EQ(message_id_from_text(bad).error().code, ErrorCode::invalid_argument);
    }
}

}  // namespace
}  // namespace quern::queue::test
