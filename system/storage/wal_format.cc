#include "system/storage/wal_format.h"

#include <algorithm>

#include "system/base/checksum.h"
#include "system/storage/bytes.h"

namespace quern::storage {

namespace {

constexpr size_t crc_from = 8;

void put_record(ByteWriter& out, const Record& r) {
    const int suffix = (r.keep_suffix ? 1 : 0) | (r.distrust_suffix ? 2 : 0);
    const uint8_t flags = r.kind == RecordKind::entry ? r.entry_kind : static_cast<uint8_t>(suffix);
    out.u32(static_cast<uint32_t>(r.kind) | (static_cast<uint32_t>(flags) << 8));
    out.u32(r.group.value);
    switch (r.kind) {
        case RecordKind::segment:
            out.u64(r.segment_bytes);
            out.u64(r.spare_bytes);
            out.u64(r.uuid.high);
            out.u64(r.uuid.low);
            break;
        case RecordKind::checkpoint:
            out.u64(r.uuid.high);
            out.u64(r.uuid.low);
            out.u64(r.current_term.value);
            out.u64(r.voted_for.value);
            out.u64(r.index.value);
            out.u64(r.term.value);
            out.u64(r.last_index.value);
            out.u64(r.last_term.value);
            out.u64(r.lowest_cut.value);
            break;
        case RecordKind::create:
            out.u64(r.uuid.high);
            out.u64(r.uuid.low);
            break;
        case RecordKind::remove:
            break;
        case RecordKind::truncate:
            out.u64(r.index.value);
            break;
        case RecordKind::snapshot:
            out.u64(r.index.value);
            out.u64(r.term.value);
            break;
        case RecordKind::entry:
            out.u64(r.index.value);
            out.u64(r.term.value);
            out.u32(r.size_bytes);
            out.u32(r.payload_crc);
            out.u64(r.offset_bytes);
            break;
        case RecordKind::hard_state:
            out.u64(r.current_term.value);
            out.u64(r.voted_for.value);
            break;
    }
}

// False on an unknown kind or a short table.
bool get_record(ByteReader& in, Record& r) {
    const uint32_t kind_and_flags = in.u32();
    r.kind = static_cast<RecordKind>(kind_and_flags & 0xff);
    const uint8_t flags = static_cast<uint8_t>(kind_and_flags >> 8);
    r.group = GroupId(in.u32());
    switch (r.kind) {
        case RecordKind::segment:
            r.segment_bytes = in.u64();
            r.spare_bytes = in.u64();
            r.uuid.high = in.u64();
            r.uuid.low = in.u64();
            break;
        case RecordKind::checkpoint:
            r.uuid.high = in.u64();
            r.uuid.low = in.u64();
            r.current_term = Term(in.u64());
            r.voted_for = NodeId(static_cast<uint32_t>(in.u64()));
            r.index = LogIndex(in.u64());
            r.term = Term(in.u64());
            r.last_index = LogIndex(in.u64());
            r.last_term = Term(in.u64());
            r.lowest_cut = LogIndex(in.u64());
            break;
        case RecordKind::create:
            r.uuid.high = in.u64();
            r.uuid.low = in.u64();
            break;
        case RecordKind::remove:
            break;
        case RecordKind::truncate:
            r.index = LogIndex(in.u64());
            break;
        case RecordKind::snapshot:
            r.index = LogIndex(in.u64());
            r.term = Term(in.u64());
            r.keep_suffix = (flags & 1) != 0;
            r.distrust_suffix = (flags & 2) != 0;
            break;
        case RecordKind::entry:
            r.entry_kind = flags;
            r.index = LogIndex(in.u64());
            r.term = Term(in.u64());
            r.size_bytes = in.u32();
            r.payload_crc = in.u32();
            r.offset_bytes = static_cast<uint32_t>(in.u64());
            break;
        case RecordKind::hard_state:
            r.current_term = Term(in.u64());
            r.voted_for = NodeId(static_cast<uint32_t>(in.u64()));
            break;
        default:
            return false;
    }
    return in.ok();
}

// What the payload records claim must lie inside the batch.
bool payloads_fit(const Head& head) {
    for (const Record& r : head.records) {
        if (r.kind != RecordKind::entry) continue;
        if (r.offset_bytes < head.payload_start || r.offset_bytes > head.batch_bytes ||
            r.size_bytes > head.batch_bytes - r.offset_bytes || !r.index || !r.term) {
            return false;
        }
    }
    return true;
}

}  // namespace

uint64_t node_tag(const Uuid& node_uuid) {
    uint8_t bytes[16];
    store_le(bytes, node_uuid.high);
    store_le(bytes + 8, node_uuid.low);
    return hash64(bytes);
}

size_t record_bytes(RecordKind kind) {
    switch (kind) {
        case RecordKind::segment:
            return 40;
        case RecordKind::checkpoint:
            return 80;
        case RecordKind::create:
            return 24;
        case RecordKind::remove:
            return 8;
        case RecordKind::truncate:
            return 16;
        case RecordKind::snapshot:
            return 24;
        case RecordKind::entry:
            return 40;
        case RecordKind::hard_state:
            return 24;
    }
    return 0;
}

size_t head_bytes(const std::vector<Record>& records) {
    size_t bytes = head_fixed_bytes;
    for (const Record& r : records)
        bytes += record_bytes(r.kind);
    return bytes;
}

uint64_t payload_end(const Head& head) {
    uint64_t end = head_fixed_bytes;
    for (const Record& r : head.records) {
        if (r.kind == RecordKind::entry) end = std::max(end, uint64_t{r.offset_bytes} + r.size_bytes);
    }
    return end;
}

Buffer encode_head(const Head& head) {
    ByteWriter out;
    const size_t size = head_bytes(head.records);
    out.reserve(size);
    out.u32(head_magic);
    out.u32(0);  // head_crc
    out.u64(head.sequence);
    out.u64(head.segment);
    out.u64(head.offset_bytes);
    out.u64(head.previous_hash);
    out.u64(head.payload_start);
    out.u64(head.batch_bytes);
    out.u32(static_cast<uint32_t>(size));
    out.u32(static_cast<uint32_t>(head.records.size()));
    out.u32(head.copies);
    out.u32(head.blank_sectors);
    out.u64(head.tag);
    QUERN_ASSERT(out.size() == head_fixed_bytes);
    for (const Record& r : head.records)
        put_record(out, r);
    QUERN_ASSERT(out.size() == size);
    QUERN_ASSERT(out.size() <= head_bytes_max);
    store_le(out.data() + 4, crc32c(out.span().subspan(crc_from)));
    return out.take();
}

std::optional<DecodedHead> decode_head(ByteSpan bytes) {
    if (bytes.size() < head_fixed_bytes || load_le<uint32_t>(bytes.data()) != head_magic) return {};
    DecodedHead decoded;
    Head& head = decoded.head;
    ByteReader in(bytes.subspan(crc_from));
    head.sequence = in.u64();
    head.segment = in.u64();
    head.offset_bytes = in.u64();
    head.previous_hash = in.u64();
    head.payload_start = in.u64();
    head.batch_bytes = in.u64();
    decoded.bytes = in.u32();
    const uint32_t record_count = in.u32();
    head.copies = in.u32();
    head.blank_sectors = in.u32();
    head.tag = in.u64();
    if (decoded.bytes < head_fixed_bytes || decoded.bytes > head_bytes_max ||
        decoded.bytes > bytes.size()) {
        return {};
    }
    if (load_le<uint32_t>(bytes.data() + 4) !=
        crc32c(bytes.subspan(crc_from, decoded.bytes - crc_from))) {
        return {};
    }
    // From here on the checksum holds; the rest guards against our own mistakes and forged files.
    if (head.batch_bytes % block_bytes != 0 || head.payload_start < decoded.bytes ||
        head.payload_start > head.batch_bytes || head.sequence == 0 || head.segment == 0) {
        return {};
    }
    ByteReader table(bytes.subspan(head_fixed_bytes, decoded.bytes - head_fixed_bytes));
    if (record_count > table.left() / record_bytes(RecordKind::remove)) return {};
    head.records.resize(record_count);
    for (Record& r : head.records) {
        if (!get_record(table, r)) return {};
    }
    if (table.left() != 0 || !payloads_fit(head)) return {};
    decoded.hash = hash64(bytes.first(decoded.bytes));
    return decoded;
}

std::vector<DecodedHead> decode_copies(ByteSpan batch, const DecodedHead& own) {
    std::vector<DecodedHead> copies;
    if (own.head.payload_start > batch.size()) return copies;
    ByteSpan area = batch.subspan(own.bytes, own.head.payload_start - own.bytes);
    // A damaged copy hides its length: find the next by its magic, at any multiple of 8.
    for (size_t at = 0; at + head_fixed_bytes <= area.size();) {
        if (auto copy = decode_head(area.subspan(at))) {
            at += copy->bytes;
            copies.push_back(std::move(*copy));
        } else {
            at += 8;
        }
    }
    return copies;
}

}  // namespace quern::storage
