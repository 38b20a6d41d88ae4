// The layout itself: every record kind survives, every flipped bit is told, and the bytes never
// change.
#include "system/storage/wal_format.h"

#include <gtest/gtest.h>

#include <map>

#include "system/base/checksum.h"
#include "system/storage/batch_builder.h"

namespace quern::test {
namespace {

using namespace storage;

std::vector<Record> all_kinds() {
    std::vector<Record> records(8);
    records[0].kind = RecordKind::segment;
    records[0].uuid = {1, 2};
    records[0].segment_bytes = 1 << 26;
    records[0].spare_bytes = 1 << 25;
    records[1].kind = RecordKind::checkpoint;
    records[1].group = GroupId(3);
    records[1].uuid = {4, 5};
    records[1].current_term = Term(6);
    records[1].voted_for = NodeId(7);
    records[1].index = LogIndex(8);
    records[1].term = Term(9);
    records[1].last_index = LogIndex(10);
    records[1].last_term = Term(11);
    records[1].lowest_cut = LogIndex(12);
    records[2].kind = RecordKind::create;
    records[2].uuid = {13, 14};
    records[3].kind = RecordKind::remove;
    records[3].group = GroupId(15);
    records[4].kind = RecordKind::truncate;
    records[4].index = LogIndex(16);
    records[5].kind = RecordKind::snapshot;
    records[5].index = LogIndex(17);
    records[5].term = Term(18);
    records[5].keep_suffix = true;
    records[6].kind = RecordKind::entry;
    records[6].group = GroupId(19);
    records[6].index = LogIndex(20);
    records[6].term = Term(21);
    records[6].entry_kind = 2;
    records[6].size_bytes = 5;
    records[6].payload_crc = crc32c(as_bytes("hello"));
    records[7].kind = RecordKind::hard_state;
    records[7].current_term = Term(22);
    records[7].voted_for = NodeId(23);
    return records;
}

Batch sample(HeadLedger& ledger) {
    LogCursor cursor{node_tag({1, 2}), 24, 25, 26, 27 * block_bytes};
    return build_batch(cursor, ledger, all_kinds(), {Buffer::copy_of("hello")}, {});
}

TEST(WalFormat, every_record_kind_is_read_back) {
    HeadLedger ledger;
    const Batch batch = sample(ledger);
    const Buffer bytes = batch.bytes.flatten();
    const auto decoded = decode_head(bytes.span());
    ASSERT_TRUE(decoded.has_value());
    const Head& head = decoded->head;
    EXPECT_EQ(head.sequence, 24u);
    EXPECT_EQ(head.previous_hash, 25u);
    EXPECT_EQ(head.segment, 26u);
    EXPECT_EQ(head.offset_bytes, 27 * block_bytes);
    EXPECT_EQ(head.tag, node_tag({1, 2}));
    ASSERT_EQ(head.records.size(), 8u);
    EXPECT_EQ(head.records[0].segment_bytes, 1u << 26);
    EXPECT_EQ(head.records[0].spare_bytes, 1u << 25);
    EXPECT_EQ(head.records[1].lowest_cut, LogIndex(12));
    EXPECT_EQ(head.records[1].voted_for, NodeId(7));
    EXPECT_TRUE(head.records[5].keep_suffix);
    const Record& entry = head.records[6];
    EXPECT_EQ(entry.entry_kind, 2);
    EXPECT_EQ(bytes.slice(entry.offset_bytes, entry.size_bytes).text(), "hello");
    EXPECT_EQ(encode_head(head).text(), bytes.slice(0, decoded->bytes).text());
}

TEST(WalFormat, golden_bytes_of_version_1) {
    HeadLedger ledger;
    const Buffer bytes = sample(ledger).bytes.flatten();
    EXPECT_EQ(bytes.size(), block_bytes);
    EXPECT_EQ(hash64(bytes.span()), 10284810024964623672u);
}

TEST(WalFormat, any_flipped_bit_of_a_head_makes_it_none) {
    HeadLedger ledger;
    const Buffer good = sample(ledger).bytes.flatten();
    const size_t size = decode_head(good.span())->bytes;
    std::vector<uint8_t> bytes(good.data(), good.data() + good.size());
    for (size_t bit = 0; bit < size * 8; ++bit) {
        bytes[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
        EXPECT_FALSE(decode_head(bytes).has_value()) << bit;
        bytes[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    }
    EXPECT_FALSE(decode_head(ByteSpan(bytes).first(size - 1)).has_value());
}

TEST(WalFormat, payloads_are_shared_not_copied) {
    const Buffer payload = Buffer::copy_of(std::string(100, 'x'));
    HeadLedger ledger;
    LogCursor cursor{1, 1, 0, 1, 0};
    Record entry;
    entry.kind = RecordKind::entry;
    entry.index = LogIndex(1);
    entry.term = Term(1);
    entry.size_bytes = 100;
    const Batch batch = build_batch(cursor, ledger, {entry}, {payload}, {});
    bool found = false;
    for (const Buffer& part : batch.bytes.parts())
        found = found || part.data() == payload.data();
    EXPECT_TRUE(found);
}

TEST(HeadLedger, each_head_is_repeated_next_and_a_window_later) {
    HeadLedger ledger;
    std::map<std::string, int> repeated;
    uint64_t added = 0;
    for (int i = 0; i < 500; ++i) {
        for (const Buffer& copy : ledger.take(false))
            ++repeated[std::string(copy.text())];
        ledger.add(Buffer::copy_of(std::to_string(i)), 16 * 1024);
        ++added;
    }
    for (const Buffer& copy : ledger.take(true))
        ++repeated[std::string(copy.text())];
    EXPECT_EQ(repeated.size(), added);
    for (const auto& [head, times] : repeated) {
        // The newest stand in the next segment alone, which is far away.
        EXPECT_EQ(times, head == "499" ? 1 : 2) << head;
    }
    EXPECT_EQ(ledger.copies_bytes_bound(), 0u);
    EXPECT_TRUE(ledger.take(false).empty());
}

}  // namespace
}  // namespace quern::test
