// The write-ahead log without a disk's latency: laying out, checksumming and copying batches of 1
// KiB payloads, and reading a segment back. Run: quern-bench-micro --benchmark_filter=wal
#include <benchmark/benchmark.h>

#include <string>

#include "system/storage/batch_builder.h"
#include "system/storage/wal_groups.h"
#include "system/storage/wal_replay.h"

namespace {

using namespace quern;
using namespace quern::storage;

constexpr Uuid uuid{1, 2};
constexpr GroupId group{1};

// Batches of `count` entries into a segment in memory.
class Log {
public:
    explicit Log(size_t count) : count_(count) {
        cursor_.tag = node_tag(uuid);
        GroupLog fresh;
        fresh.incarnation = {3, 4};
        groups_[group] = fresh;
    }
    std::vector<uint8_t>& begin_segment() {
        bytes_.clear();
        cursor_.segment += 1;
        cursor_.offset_bytes = 0;
        groups_[group].set_snapshot(groups_[group].last(), Term(1), true, false);
        append(make_checkpoint(groups_, uuid, segment_bytes, segment_bytes), {}, true);
        return bytes_;
    }
    bool full() const {
        return cursor_.offset_bytes + 2 * count_ * payload_.size() > segment_bytes;
    }
    void write() {
        GroupChange change;
        change.group = group;
        LogIndex index = groups_[group].last();
        for (size_t i = 0; i < count_; ++i) {
            index = index.next();
            change.entries.push_back({group, index, Term(1), 1, payload_});
        }
        ChangeRecords records;
        append_change(records, change);
        append(std::move(records.records), records.payloads, false);
    }

    static constexpr uint64_t segment_bytes = 16 << 20;

private:
    void append(std::vector<Record> records, const std::vector<Buffer>& payloads, bool start) {
        const uint64_t offset = cursor_.offset_bytes;
        const auto copies = ledger_.take(start);
        const Batch batch = build_batch(cursor_, ledger_, std::move(records), payloads, copies);
        for (const Record& r : batch.head.records) {
            if (!apply_record(groups_, r, cursor_.segment, offset, false)) return;
        }
        for (const Buffer& part : batch.bytes.parts()) {
            bytes_.insert(bytes_.end(), part.data(), part.data() + part.size());
        }
    }

    size_t count_;
    Buffer payload_ = Buffer::copy_of(std::string(1024, 'p'));
    GroupLogs groups_;
    LogCursor cursor_;
    HeadLedger ledger_;
    std::vector<uint8_t> bytes_;
};

void wal_write(benchmark::State& state) {
    const auto count = static_cast<size_t>(state.range(0));
    Log log(count);
    log.begin_segment();
    for (auto _ : state) {
        if (log.full()) log.begin_segment();
        log.write();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetBytesProcessed(state.iterations() * state.range(0) * 1024);
}
BENCHMARK(wal_write)->Arg(1)->Arg(16)->Arg(256);

void wal_replay(benchmark::State& state) {
    Log log(16);
    const std::vector<uint8_t>& bytes = log.begin_segment();
    while (!log.full())
        log.write();
    std::vector<uint8_t> segment = bytes;
    segment.resize(Log::segment_bytes);
    const Buffer file = Buffer::copy_of(ByteSpan(segment));
    for (auto _ : state) {
        PayloadCache cache(1 << 20);
        WalReplay replay(uuid, cache);
        const auto added = replay.add(parse_segment(file, 1, node_tag(uuid)));
        const auto finished = replay.finish();
        if (!added || !finished) state.SkipWithError("replay failed");
    }
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(segment.size()));
}
BENCHMARK(wal_replay);

}  // namespace
