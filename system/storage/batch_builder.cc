#include "system/storage/batch_builder.h"

#include <algorithm>

#include "system/base/checksum.h"
#include "system/storage/bytes.h"

namespace quern::storage {

namespace {

static_assert(block_bytes <= Buffer::zeros_max);

uint64_t copies_bytes(const std::vector<Buffer>& copies) {
    uint64_t bytes = 0;
    for (const Buffer& copy : copies)
        bytes += copy.size();
    return bytes;
}

uint64_t payload_area_bytes(const std::vector<Buffer>& payloads) {
    uint64_t bytes = 0;
    for (const Buffer& p : payloads)
        bytes += round_up(p.size(), payload_align_bytes);
    return bytes;
}

// Of the first `bytes` of the chain.
uint32_t blank_sectors(const BufferChain& chain, uint64_t bytes) {
    uint32_t count = 0;
    uint64_t at = 0;
    bool blank = true;
    for (const Buffer& part : chain.parts()) {
        ByteSpan rest = part.span().first(std::min<uint64_t>(part.size(), bytes - at));
        while (!rest.empty()) {
            const size_t take = std::min<uint64_t>(rest.size(), sector_bytes - at % sector_bytes);
            blank = (blank || at % sector_bytes == 0) && all_zero(rest.first(take));
            at += take;
            rest = rest.subspan(take);
            if (blank && (at % sector_bytes == 0 || at == bytes)) ++count;
        }
    }
    return count;
}

}  // namespace

uint64_t batch_bytes_bound(size_t head_size, size_t copies_size,
                           const std::vector<Buffer>& payloads) {
    return round_up(
        round_up(head_size + copies_size, payload_align_bytes) + payload_area_bytes(payloads),
        block_bytes);
}

Batch build_batch(LogCursor& cursor, HeadLedger& ledger, std::vector<Record> records,
                  const std::vector<Buffer>& payloads, const std::vector<Buffer>& copies) {
    Batch batch;
    Head& head = batch.head;
    head.tag = cursor.tag;
    head.sequence = cursor.sequence;
    head.segment = cursor.segment;
    head.offset_bytes = cursor.offset_bytes;
    head.previous_hash = cursor.previous_hash;
    head.copies = static_cast<uint32_t>(copies.size());
    head.records = std::move(records);
    const uint64_t table_end = head_bytes(head.records) + copies_bytes(copies);
    head.payload_start = round_up(table_end, payload_align_bytes);
    uint64_t at = head.payload_start;
    size_t next_payload = 0;
    for (Record& r : head.records) {
        if (r.kind != RecordKind::entry) continue;
        r.offset_bytes = static_cast<uint32_t>(at);
        at += round_up(payloads[next_payload++].size(), payload_align_bytes);
    }
    QUERN_ASSERT(next_payload == payloads.size());
    head.batch_bytes = round_up(at, block_bytes);

    BufferChain rest;
    for (const Buffer& copy : copies)
        rest.append(copy);
    rest.append(Buffer::zeros(head.payload_start - table_end));
    for (const Buffer& p : payloads) {
        rest.append(p);
        rest.append(Buffer::zeros(round_up(p.size(), payload_align_bytes) - p.size()));
    }
    Buffer encoded = encode_head(head);
    BufferChain whole(encoded);
    whole.append(rest);
    head.blank_sectors = blank_sectors(whole, payload_end(head));
    if (head.blank_sectors > 0) encoded = encode_head(head);  // its own sectors are none of them
    batch.bytes.append(encoded);
    batch.bytes.append(std::move(rest));
    batch.bytes.append(Buffer::zeros(head.batch_bytes - batch.bytes.size()));
    QUERN_ASSERT(batch.bytes.size() == head.batch_bytes);

    cursor.sequence += 1;
    cursor.previous_hash = hash64(encoded.span());
    cursor.offset_bytes += head.batch_bytes;
    ledger.add(std::move(encoded), head.batch_bytes);
    return batch;
}

}  // namespace quern::storage
