#include "system/storage/wal_parse.h"

#include <algorithm>
#include <bit>

#include "system/base/checksum.h"
#include "system/base/planted_bug.h"
#include "system/storage/bytes.h"

namespace quern::storage {

namespace {

// What lies beyond the segment's end counts as one.
uint64_t blank_sectors(ByteSpan segment, uint64_t from, uint64_t to) {
    uint64_t count = to > segment.size() ? 1 : 0;
    to = std::min<uint64_t>(to, segment.size());
    for (uint64_t at = from; at < to; at += sector_bytes) {
        count += all_zero(segment.subspan(at, std::min(sector_bytes, to - at))) ? 1 : 0;
    }
    return count;
}

// Where the head's records end, judged by its first sector; beyond that sector if it does not hold them all, 0 if
// they cannot be.
uint64_t records_end(const uint8_t* head, uint32_t records) {
    uint64_t at = head_fixed_bytes;
    for (; records > 0 && at < sector_bytes; --records) {
        if (head[at] < static_cast<uint8_t>(RecordKind::segment) ||
            head[at] > static_cast<uint8_t>(RecordKind::hard_state)) {
            return 0;
        }
        at += record_bytes(static_cast<RecordKind>(head[at]));
    }
    return records > 0 ? std::max(at, sector_bytes + 1) : at;
}

// A write that was cut off leaves zeros from some byte on, whole sectors for all we know of disks, and what is before
// that is right. So a field that is neither has rotted. If the first sector is right as far as it goes, and yet the
// checksum fails, either a later sector of the head is missing or the head has rotted.
bool is_rotten_head(ByteSpan segment, uint64_t at, uint64_t number, uint64_t tag) {
    if (at + block_bytes > segment.size()) return false;
    const uint8_t* head = segment.data() + at;
    const std::pair<uint64_t, uint64_t> fields[] = {{load_le<uint32_t>(head), head_magic},
                                                    {load_le<uint64_t>(head + 16), number},
                                                    {load_le<uint64_t>(head + 24), at},
                                                    {load_le<uint64_t>(head + 72), tag}};
    bool cut_off = false;
    for (const auto& [there, wanted] : fields) {
        if (there != 0 && (there != wanted || cut_off)) return true;
        cut_off = cut_off || there != wanted;
    }
    const uint32_t size = load_le<uint32_t>(head + 56);
    const uint32_t records = load_le<uint32_t>(head + 60);
    if (cut_off || (records == 0 && size == head_fixed_bytes)) return false;
    const uint64_t end = records_end(head, records);
    return end <= sector_bytes || blank_sectors(segment, at, at + std::clamp<uint64_t>(size, end, block_bytes)) == 0;
}

// One that has rotted at most a little. Nobody can forge it, who does not know the tag; it is no whole head that
// strayed here, and no copy of an earlier one, cut off, that happens to begin here: those say another place.
bool has_head_of_ours(ByteSpan segment, uint64_t at, uint64_t number, uint64_t tag) {
    constexpr int flips_max = 8;
    const uint8_t* head = segment.data() + at;
    if (std::popcount(load_le<uint64_t>(head + 72) ^ tag) > flips_max) return false;
    const uint64_t offset = load_le<uint64_t>(head + 24);
    const int right = (load_le<uint32_t>(head) == head_magic) + (load_le<uint64_t>(head + 16) == number) +
                      (offset == at);
    const bool may_be_copy = offset < at && offset % block_bytes == 0;
    return (right == 3 || (right == 2 && !may_be_copy)) && !decode_head(segment.subspan(at));
}

// One write at a time is under way, so what was begun behind another was begun after that one had completed.
bool stands_behind_lost_one(ByteSpan segment, uint64_t used, uint64_t number, uint64_t tag) {
    for (uint64_t at = used + block_bytes; at + head_fixed_bytes <= segment.size(); at += block_bytes) {
        if (has_head_of_ours(segment, at, number, tag)) return true;
    }
    return false;
}

}  // namespace

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
                           (crc32c(segment.subspan(from, r.size_bytes)) != r.payload_crc &&
                            !PLANTED(wal_checksum_ignored));
    }
    if (!batch.whole()) {
        const uint64_t from = batch.head.offset_bytes;
        batch.could_be_torn =
            blank_sectors(segment, from, from + payload_end(batch.head)) > batch.head.blank_sectors;
    }
    return batch;
}

ParsedSegment parse_segment(Buffer bytes, uint64_t number, uint64_t tag, uint64_t unreadable_end) {
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
        // What the disk does not give back was given to it whole: a torn write leaves old bytes or new ones.
        ParsedBatch& batch = parsed.batches.back();
        if (unreadable_end > batch.head.offset_bytes) batch.could_be_torn = false;
    }
    parsed.more_follows =
        parsed.used_bytes < all.size() && !all_zero(all.subspan(parsed.used_bytes));
    // Even if it is the segment's first batch: spares are filled with zeros.
    parsed.written_behind =
        parsed.more_follows && (is_rotten_head(all, parsed.used_bytes, number, tag) ||
                                unreadable_end > parsed.used_bytes ||
                                stands_behind_lost_one(all, parsed.used_bytes, number, tag));
    parsed.bytes = std::move(bytes);
    return parsed;
}

}  // namespace quern::storage
