// WAL segments as a disk may give them back. The input is a list of edits of a good log (what a
// fuzzer cannot find by itself are checksums): offset, length and bytes, or checksums made good
// again. Whatever comes out must be a log without gaps whose whole entries carry their own
// checksums.
#include <cstdlib>
#include <cstring>

#include "system/base/checksum.h"
#include "system/storage/batch_builder.h"
#include "system/storage/bytes.h"
#include "system/storage/wal_replay.h"

namespace {

using namespace quern;
using namespace quern::storage;

constexpr Uuid uuid{1, 2};
constexpr GroupId group{1};

void append(std::vector<uint8_t>& segment, const BufferChain& chain) {
    for (const Buffer& part : chain.parts()) {
        segment.insert(segment.end(), part.data(), part.data() + part.size());
    }
}

std::vector<std::vector<uint8_t>> good_log() {
    std::vector<std::vector<uint8_t>> segments;
    GroupLogs groups;
    LogCursor cursor;
    cursor.tag = node_tag(uuid);
    HeadLedger ledger;
    uint64_t next = 1;
    for (uint64_t number = 1; number <= 2; ++number) {
        std::vector<uint8_t> segment;
        cursor.segment = number;
        cursor.offset_bytes = 0;
        const auto copies = ledger.take(true);
        append(segment, build_batch(cursor, ledger, make_checkpoint(groups, uuid, 1 << 16, 1 << 16),
                                    {}, copies)
                            .bytes);
        for (int i = 0; i < 4; ++i) {
            GroupChange change;
            change.group = group;
            change.create = next == 1;
            change.incarnation = {3, 4};
            change.has_hard_state = true;
            change.term = Term(next);
            if (next == 6) change.truncate_from = LogIndex(4);
            const LogIndex index = next >= 6 ? LogIndex(next - 2) : LogIndex(next);
            change.entries.push_back(
                {group, index, Term(next), 1, Buffer::copy_of(std::string(50, 'x'))});
            ChangeRecords records;
            append_change(records, change);
            const uint64_t offset = cursor.offset_bytes;
            const auto repeated = ledger.take(false);
            const Batch batch =
                build_batch(cursor, ledger, records.records, records.payloads, repeated);
            append(segment, batch.bytes);
            for (const Record& r : batch.head.records) {
                if (!apply_record(groups, r, number, offset, false)) std::abort();
            }
            ++next;
        }
        segment.resize(1 << 16);
        segments.push_back(std::move(segment));
    }
    return segments;
}

// Makes the checksum of a head at `at` good again, so that edits of fields get past it.
void mend(std::vector<uint8_t>& segment, size_t at) {
    if (at + head_fixed_bytes > segment.size()) return;
    const uint32_t size = load_le<uint32_t>(segment.data() + at + 56);
    if (size < head_fixed_bytes || size > segment.size() - at) return;
    store_le(segment.data() + at + 4, crc32c(ByteSpan(segment).subspan(at + 8, size - 8)));
}

void check(const GroupLog& log) {
    LogIndex index = log.snapshot_index;
    while (index < log.last()) {
        index = index.next();
        if (log.at(index) == nullptr) std::abort();
    }
    const LogIndex faulty = log.faulty_from();
    if (faulty && !log.at(faulty)->damaged()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const auto pristine = good_log();
    auto segments = pristine;
    while (size >= 6) {
        auto& segment = segments[data[0] & 1];
        const size_t at = load_le<uint16_t>(data + 1);
        const size_t length = std::min<size_t>(data[3], size - 6);
        if (data[4] == 1) segment.resize(at);
        if (data[4] == 2) mend(segment, at / block_bytes * block_bytes);
        for (size_t i = 0; i < length && at + i < segment.size(); ++i)
            segment[at + i] = data[6 + i];
        if (data[5] == 1) mend(segment, at / block_bytes * block_bytes);
        data += 6 + length;
        size -= 6 + length;
    }
    PayloadCache cache(1 << 20);
    WalReplay replay(uuid, cache);
    for (uint64_t number = 1; number <= segments.size(); ++number) {
        auto parsed = parse_segment(Buffer::copy_of(segments[number - 1]), number, node_tag(uuid));
        if (!replay.add(std::move(parsed))) return 0;
    }
    if (!replay.finish()) return 0;
    for (const auto& [id, log] : replay.take_groups())
        check(log);
    return 0;
}
