// WalWriter: going over to the next segment, and what to do when there is none.
#include <algorithm>

#include "system/storage/bytes.h"
#include "system/storage/wal_writer.h"

namespace quern::storage {

namespace {
constexpr Duration room_interval = Duration::milliseconds(500);
}

void WalWriter::begin_roll(uint64_t batch_bytes) {
    if (!segments_.has_spare()) {
        segments_.fill_reserve();
        if (segments_.short_of_space() && !segments_.making_spare()) return hold_for_space();
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
        return hold_for_space();
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
    if (state_ != State::waiting_for_spare && !(state_ == State::idle && holds_)) return;
    state_ = State::idle;
    pump();
}

// What stays waits for room; nothing with entries overtakes, so the order within a group is as it was.
void WalWriter::hold_for_space() {
    state_ = State::idle;
    if (!holds_) env_.log.write(LogLevel::warning, "wal", "no space: writes wait for room on the disk");
    holds_ = true;
    room_timer_.start(env_.clock.now() + room_interval, [this] { pump(); });
    if (const size_t count = choose_urgent(); count > 0) write_batch(count);
}

size_t WalWriter::choose_urgent() {
    std::set<GroupId> held;
    std::deque<Queued> urgent;
    std::deque<Queued> waiting;
    for (Queued& write : queue_) {
        if (may_overtake(write, held)) {
            urgent.push_back(std::move(write));
            continue;
        }
        held.insert(write.groups.begin(), write.groups.end());
        waiting.push_back(std::move(write));
    }
    queue_ = std::move(urgent);
    const size_t count = choose_batch(room_bytes()).count;
    std::move(waiting.begin(), waiting.end(), std::back_inserter(queue_));
    return count;
}

bool WalWriter::may_overtake(const Queued& write, const std::set<GroupId>& held) const {
    if (write.has_entries) return false;
    const auto is_held = [&held](GroupId group) { return held.contains(group); };
    if (std::none_of(write.groups.begin(), write.groups.end(), is_held)) return true;
    // A snapshot of what is on the disk already; what waits lies above it.
    const std::vector<Record>& records = write.content.records;
    return records.size() == write.groups.size() &&
           std::all_of(records.begin(), records.end(), [this](const Record& r) {
               const auto log = groups_.find(r.group);
               return r.kind == RecordKind::snapshot && log != groups_.end() &&
                      r.index <= log->second.last();
           });
}

}  // namespace quern::storage
