#include "system/storage/wal_parse.h"

#include "system/base/checksum.h"
#include "system/storage/bytes.h"

namespace quern::storage {

bool ParsedBatch::whole() const {
    for (const bool bad : damaged) {
        if (bad) return false;
    }
    return true;
}

ParsedBatch check_payloads(DecodedHead decoded, ByteSpan segment) {
    ParsedBatch batch;
    batch.head = std::move(decoded.head);
    batch.hash = decoded.hash;
    batch.damaged.resize(batch.head.records.size());
    for (size_t i = 0; i < batch.head.records.size(); ++i) {
        const Record& r = batch.head.records[i];
        if (r.kind != RecordKind::entry) continue;
        const uint64_t from = batch.head.offset_bytes + r.offset_bytes;
        batch.damaged[i] = from > segment.size() || r.size_bytes > segment.size() - from ||
                           crc32c(segment.subspan(from, r.size_bytes)) != r.payload_crc;
    }
    return batch;
}

ParsedSegment parse_segment(Buffer bytes, uint64_t number, uint64_t tag) {
    ParsedSegment parsed;
    parsed.number = number;
    const ByteSpan all = bytes.span();
    uint64_t last_sequence = 0;
    for (uint64_t at = 0; at + head_fixed_bytes <= all.size();) {
        auto decoded = decode_head(all.subspan(at));
        parsed.foreign = parsed.foreign || (decoded && decoded->head.tag != tag);
        if (!decoded || decoded->head.tag != tag || decoded->head.segment != number ||
            decoded->head.offset_bytes != at || decoded->head.sequence <= last_sequence) {
            at += block_bytes;
            continue;
        }
        last_sequence = decoded->head.sequence;
        for (DecodedHead& copy : decode_copies(all.subspan(at), *decoded)) {
            if (copy.head.tag == tag) parsed.copies.push_back(std::move(copy));
        }
        at += decoded->head.batch_bytes;
        parsed.used_bytes = at;
        parsed.batches.push_back(check_payloads(std::move(*decoded), all));
    }
    parsed.more_follows =
        parsed.used_bytes < all.size() && !all_zero(all.subspan(parsed.used_bytes));
    parsed.bytes = std::move(bytes);
    return parsed;
}

}  // namespace quern::storage
