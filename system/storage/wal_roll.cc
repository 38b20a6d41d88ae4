// WalWriter: going over to the next segment, and what to do when there is none.
#include <set>

#include "system/storage/bytes.h"
#include "system/storage/wal_writer.h"

namespace quern::storage {

void WalWriter::begin_roll(uint64_t batch_bytes) {
    if (!segments_.has_spare()) {
        segments_.fill_reserve();
        if (segments_.short_of_space() && !segments_.making_spare()) return refuse_for_space();
        state_ = State::waiting_for_spare;
        return;
    }
    size_t head = head_fixed_bytes + record_bytes(RecordKind::segment);
    head += groups_.size() * record_bytes(RecordKind::checkpoint);
    const uint64_t checkpoint = head + ledger_.copies_bytes_bound() + 2 * block_bytes;
    // The next batch repeats this head.
    const uint64_t needed = round_up(checkpoint + head + batch_bytes, block_bytes);
    const Segment& spare = segments_.next_spare();
    if (needed <= spare.bytes) return write_checkpoint(spare.bytes);
    state_ = State::rolling;
    spare.file->allocate(needed, guard_.wrap([this, needed](Result<void> grown) {
        on_spare_grown(needed, std::move(grown));
    }));
}

void WalWriter::on_spare_grown(uint64_t bytes, Result<void> grown) {
    if (state_ != State::rolling) return;
    if (!grown && grown.error().code == ErrorCode::no_space) {
        state_ = State::idle;
        return refuse_for_space();
    }
    if (!grown) return fail_for_good(grown.error());
    // The checkpoint vouches for the size: the size must hold before it.
    segments_.next_spare().file->sync(guard_.wrap([this, bytes](Result<void> synced) {
        if (state_ != State::rolling) return;
        if (!synced) return fail_for_good(synced.error());
        write_checkpoint(bytes);
    }));
}

void WalWriter::write_checkpoint(uint64_t segment_bytes) {
    state_ = State::rolling;
    segments_.promote_spare(segment_bytes);
    cursor_.segment = segments_.current().number;
    cursor_.offset_bytes = 0;
    const auto copies = ledger_.take(true);
    Batch batch = build_batch(
        cursor_, ledger_,
        make_checkpoint(groups_, node_uuid_, segment_bytes, segments_.spare_bytes()), {}, copies);
    for (auto& [group, log] : groups_)
        log.lowest_cut = LogIndex{};
    segments_.current().file->write_at_durable(
        0, std::move(batch.bytes),
        guard_.wrap([this](Result<void> done) { on_checkpoint_written(std::move(done)); }));
}

void WalWriter::on_checkpoint_written(Result<void> done) {
    if (state_ != State::rolling) return;
    if (!done) return fail_for_good(done.error());
    state_ = State::idle;
    closed_ = true;
    fresh_segment_ = true;
    remove_unneeded_segments();
    pump();
}

void WalWriter::on_spare(Result<void> made) {
    if (!made && made.error().code != ErrorCode::no_space) return fail_for_good(made.error());
    if (state_ != State::waiting_for_spare) return;
    state_ = State::idle;
    if (made) return pump();
    refuse_for_space();
}

// Votes and snapshot markers are small and free space: they may still use what is left of the
// current segment. Everything with entries is refused, so that no later entry overtakes a refused
// one.
void WalWriter::refuse_for_space() {
    std::vector<Callback<void(Result<void>)>> refused;
    std::deque<Queued> kept;
    for (Queued& q : queue_) {
        if (q.has_entries) {
            refused.push_back(std::move(q.durable));
        } else {
            kept.push_back(std::move(q));
        }
    }
    queue_ = std::move(kept);
    const size_t count = choose_batch(room_bytes()).count;
    while (queue_.size() > count) {
        refused.push_back(std::move(queue_.back().durable));
        queue_.pop_back();
    }
    std::set<GroupId> groups;
    for (const Queued& q : queue_) {
        for (const Record& r : q.content.records)
            groups.insert(r.group);
    }
    if (count > 0) write_batch(count);
    queued_ends_.clear();
    for (const GroupId group : groups)
        queued_ends_[group] = log_ends(groups_, group);
    for (auto& callback : refused) {
        env_.loop.post([done = std::move(callback)]() mutable {
            done(fail(ErrorCode::no_space, "the WAL's reserve is used up"));
        });
    }
}

}  // namespace quern::storage
