#include "system/storage/wal_writer.h"

#include <algorithm>

#include "system/base/planted_bug.h"

namespace quern::storage {

namespace {
bool ends_a_log(RecordKind kind) { return kind == RecordKind::create || kind == RecordKind::remove; }
}  // namespace

WalWriter::WalWriter(Env& env, GroupLogs& groups, PayloadCache& cache, const Uuid& node_uuid,
                     uint64_t segment_bytes, uint32_t reserve_segments, Listener& listener)
    : env_(env),
      groups_(groups),
      cache_(cache),
      node_uuid_(node_uuid),
      listener_(listener),
      segments_(env, segment_bytes, reserve_segments, *this),
      closing_timer_(env.timers),
      room_timer_(env.timers),
      batches_(env.metrics.counter("wal_batches_total")),
      bytes_written_(env.metrics.counter("wal_written_bytes_total")) {}

void WalWriter::start(const LogCursor& cursor, HeadLedger ledger) {
    QUERN_ASSERT(state_ == State::stopped);
    cursor_ = cursor;
    ledger_ = std::move(ledger);
    state_ = State::idle;
    remove_unneeded_segments();
    segments_.fill_reserve();
}

void WalWriter::submit(std::vector<GroupChange> changes, Callback<void(Result<void>)> durable) {
    QUERN_ASSERT(state_ != State::stopped);
    Result<void> checked;
    if (state_ == State::failed) checked = fail(ErrorCode::io_failed, "the disk failed before");
    std::map<GroupId, LogEnds> ends;
    Queued queued;
    for (const GroupChange& change : changes) {
        if (!checked) break;
        auto [at, fresh] = ends.try_emplace(change.group);
        if (fresh) {
            const auto pending = queued_ends_.find(change.group);
            at->second =
                pending != queued_ends_.end() ? pending->second : log_ends(groups_, change.group);
        }
        checked = check_change(at->second, change);
        if (checked) append_change(queued.content, change);
        queued.has_entries = queued.has_entries || !change.entries.empty();
        queued.groups.push_back(change.group);
    }
    if (!checked) {
        env_.loop.post([done = std::move(durable), error = checked.error()]() mutable {
            done(fail(std::move(error)));
        });
        return;
    }
    for (const auto& [group, end] : ends)
        queued_ends_[group] = end;
    for (const Buffer& p : queued.content.payloads)
        queued.payload_bytes += p.size();
    for (const Record& r : queued.content.records)
        queued.cuts += r.kind == RecordKind::truncate || ends_a_log(r.kind) ? 1 : 0;
    cuts_queued_ += queued.cuts;
    queued.durable = std::move(durable);
    queue_.push_back(std::move(queued));
    closing_timer_.cancel();
    pump();
}

WalWriter::QueuedEntry WalWriter::queued_entry(GroupId group, LogIndex index) const {
    for (auto queued = queue_.rbegin(); queued != queue_.rend(); ++queued) {
        const std::vector<Record>& records = queued->content.records;
        const std::vector<Buffer>& payloads = queued->content.payloads;
        size_t payload = payloads.size();
        for (auto record = records.rbegin(); record != records.rend(); ++record) {
            const bool entry = record->kind == RecordKind::entry;
            if (entry) --payload;
            if (record->group != group) continue;
            if (entry && record->index == index) return {true, &payloads[payload]};
            const bool cut = record->kind == RecordKind::truncate && record->index <= index;
            if (cut || ends_a_log(record->kind)) return {true, nullptr};
        }
    }
    return {};
}

WalWriter::Choice WalWriter::choose_batch(uint64_t bytes_max) const {
    Choice choice;
    uint64_t payloads = 0;
    uint64_t bytes =
        head_fixed_bytes + ledger_.copies_bytes_bound() + payload_align_bytes + block_bytes;
    if (bytes > bytes_max) return choice;
    choice.bytes = bytes;
    for (const Queued& q : queue_) {
        for (const Record& r : q.content.records)
            bytes += record_bytes(r.kind);
        bytes += q.payload_bytes + q.content.payloads.size() * payload_align_bytes;
        payloads += q.payload_bytes;
        if (bytes > bytes_max || (choice.count > 0 && payloads > batch_bytes_target)) break;
        choice.bytes = bytes;
        ++choice.count;
    }
    return choice;
}

uint64_t WalWriter::room_bytes() const {
    if (segments_.empty() || segments_.current().number != cursor_.segment) return 0;
    return segments_.current().bytes - cursor_.offset_bytes;
}

void WalWriter::pump() {
    if (state_ != State::idle || queue_.empty()) return;
    const size_t count = choose_batch(room_bytes()).count;
    const bool early = !fresh_segment_ && segments_.has_spare() &&
                       env_.faults.fire(FaultPoint::segment_roll_early);
    if (count == 0 || early) return begin_roll(choose_batch(UINT64_MAX).bytes);
    holds_ = false;
    write_batch(count);
}

void WalWriter::write_batch(size_t count) {
    QUERN_ASSERT(state_ == State::idle && in_flight_.empty());
    std::vector<Record> records;
    std::vector<Buffer> payloads;
    for (size_t i = 0; i < count; ++i) {
        Queued& q = queue_.front();
        records.insert(records.end(), q.content.records.begin(), q.content.records.end());
        std::move(q.content.payloads.begin(), q.content.payloads.end(),
                  std::back_inserter(payloads));
        in_flight_.push_back(std::move(q.durable));
        cuts_queued_ -= q.cuts;
        queue_.pop_front();
    }
    settle_suffixes(groups_, records);
    const uint64_t offset = cursor_.offset_bytes;
    const auto copies = ledger_.take(false);
    Batch batch = build_batch(cursor_, ledger_, std::move(records), payloads, copies);
    QUERN_ASSERT(cursor_.offset_bytes <= segments_.current().bytes);
    apply_batch(batch, payloads);
    state_ = State::writing;
    closed_ = count == 0;
    fresh_segment_ = false;
    batches_.add();
    bytes_written_.add(batch.bytes.size());
    auto written = guard_.wrap([this](Result<void> done) { on_written(std::move(done)); });
    File& file = *segments_.current().file;
    if (PLANTED(ack_before_sync)) return file.write_at(offset, batch.bytes, std::move(written));
    file.write_at_durable(offset, std::move(batch.bytes), std::move(written));
}

void WalWriter::apply_batch(const Batch& batch, const std::vector<Buffer>& payloads) {
    size_t next_payload = 0;
    for (const Record& r : batch.head.records) {
        const auto applied =
            apply_record(groups_, r, batch.head.segment, batch.head.offset_bytes, false);
        QUERN_ASSERT(applied.has_value());
        switch (r.kind) {
            case RecordKind::entry:
                cache_.put(r.group, r.index, payloads[next_payload++]);
                break;
            case RecordKind::truncate:
                cache_.cut(r.group, r.index);
                may_free_ = true;
                break;
            case RecordKind::create:
            case RecordKind::remove:
                cache_.forget(r.group);
                may_free_ = true;
                break;
            case RecordKind::snapshot:
                may_free_ = true;
                break;
            default:
                break;
        }
    }
}

void WalWriter::on_written(Result<void> done) {
    QUERN_ASSERT(state_ == State::writing || state_ == State::failed);
    if (state_ == State::failed) return;
    if (!done && PLANTED(sync_error_retried)) {
        return segments_.current().file->sync(
            guard_.wrap([this](Result<void> again) { on_written(std::move(again)); }));
    }
    if (!done) return fail_for_good(done.error());
    // Callbacks may do anything, also destroy this object: they come last.
    auto callbacks = std::move(in_flight_);
    in_flight_.clear();
    state_ = State::idle;
    cache_.trim();
    if (may_free_) remove_unneeded_segments();
    if (queue_.empty()) {
        queued_ends_.clear();
        if (!closed_) {
            closing_timer_.start(env_.clock.now() + closing_delay, [this] { on_closing_timer(); });
        }
    }
    listener_.on_batch_durable();
    pump();
    for (auto& callback : callbacks)
        callback({});
}

void WalWriter::on_closing_timer() {
    if (state_ != State::idle || closed_ || choose_batch(room_bytes()).bytes == 0) return;
    write_batch(0);
}

void WalWriter::fail_for_good(const Error& error) {
    if (state_ == State::failed) return;
    env_.log.write(LogLevel::error, "wal",
                   "a write failed, the node must stop: " + error.to_string());
    state_ = State::failed;
    closing_timer_.cancel();
    room_timer_.cancel();
    auto callbacks = std::move(in_flight_);
    in_flight_.clear();
    for (Queued& q : queue_)
        callbacks.push_back(std::move(q.durable));
    queue_.clear();
    cuts_queued_ = 0;
    for (auto& callback : callbacks)
        callback(fail(ErrorCode::io_failed, "the disk failed"));
}

void WalWriter::remove_unneeded_segments() {
    may_free_ = false;
    if (segments_.empty()) return;
    uint64_t oldest = segments_.current().number;
    for (const auto& [group, log] : groups_) {
        const uint64_t needed = log.oldest_segment();
        if (PLANTED(segments_freed_too_early) && !log.snapshot_index) continue;
        if (needed != 0) oldest = std::min(oldest, needed);
    }
    if (PLANTED(segments_never_freed)) return;
    segments_.remove_below(oldest);
}

}  // namespace quern::storage
