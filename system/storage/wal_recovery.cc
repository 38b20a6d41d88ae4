#include "system/storage/wal_recovery.h"

#include <algorithm>

#include "system/storage/bytes.h"
#include "system/storage/file_remove.h"

namespace quern::storage {

WalRecovery::WalRecovery(Env& env, const Options& options, const Uuid& node_uuid,
                         PayloadCache& cache, Callback<void(Result<RecoveredWal>)> done)
    : env_(env),
      options_(options),
      node_uuid_(node_uuid),
      done_(std::move(done)),
      replay_(node_uuid, cache) {}

void WalRecovery::start() { env_.disk.list(wal_folder, to(&WalRecovery::on_listed)); }

void WalRecovery::on_listed(Result<std::vector<std::string>> names) {
    if (!names) return finish(fail(names.error()));
    for (const std::string& name : *names) {
        if (const uint64_t number = segment_number(name, ".seg"); number != 0) {
            Found found;
            found.number = number;
            found_.push_back(std::move(found));
        } else if (segment_number(name, ".new") != 0) {
            // Never got its final name: nothing in it counts.
            unused_.push_back(std::string(wal_folder) + "/" + name);
        }
    }
    std::sort(found_.begin(), found_.end(),
              [](const Found& a, const Found& b) { return a.number < b.number; });
    remove_files(env_.disk, std::move(unused_), [self = shared_from_this()](Result<void> removed) {
        if (!removed) return self->finish(fail(removed.error()));
        self->unused_.clear();
        self->read_next();
    });
}

void WalRecovery::read_next() {
    if (next_found_ == found_.size()) return on_all_read();
    env_.disk.open(segment_path(found_[next_found_].number), OpenMode::existing,
                   to(&WalRecovery::on_opened));
}

void WalRecovery::on_opened(Result<std::unique_ptr<File>> file) {
    if (!file) return finish(fail(file.error()));
    Found& found = found_[next_found_];
    found.file = std::move(*file);
    read_whole(found.file, segment_bytes_max, to(&WalRecovery::on_read));
}

void WalRecovery::on_read(Result<WholeFile> file) {
    if (!file) return finish(fail(file.error()));
    Found& found = found_[next_found_++];
    found.bytes = file->bytes.size();
    ParsedSegment parsed = parse_segment(std::move(file->bytes), found.number, node_tag(node_uuid_),
                                         file->unreadable_end);
    found.has_batches = !parsed.batches.empty();
    found.blank = !found.has_batches && !parsed.more_follows;
    if (auto added = replay_.add(std::move(parsed)); !added) return finish(fail(added.error()));
    read_next();
}

void WalRecovery::on_all_read() {
    auto finished = replay_.finish();
    for (const std::string& finding : replay_.findings()) {
        env_.log.write(LogLevel::warning, "wal", finding);
    }
    if (!finished) return finish(fail(finished.error()));
    env_.metrics.counter("wal_torn_tails_total").add(replay_.torn_tail_dropped() ? 1 : 0);
    for (const Found& f : found_) {
        if (f.number <= replay_.last_segment() || f.bytes >= replay_.spare_bytes()) continue;
        // Spares get their names at full size.
        return finish(fail(Error(ErrorCode::corrupt, "a WAL segment was cut short",
                                 static_cast<int64_t>(replay_.spare_bytes()),
                                 static_cast<int64_t>(f.bytes))));
    }
    recovered_.was_empty = replay_.empty();
    recovered_.groups = replay_.take_groups();
    sort_found();
    if (unused_.empty()) return begin_segment({});
    remove_files(env_.disk, std::move(unused_), to(&WalRecovery::on_unused_removed));
}

// Files up to the last one with batches are the log; blank ones behind it are spares; what else
// stands behind it was being rolled to when the node stopped and holds nothing, or is too small by
// now.
void WalRecovery::sort_found() {
    const uint64_t last = replay_.last_segment();
    for (Found& f : found_) {
        Segment segment{f.number, std::move(f.file), f.bytes};
        if (f.number <= last) {
            recovered_.used.push_back(std::move(segment));
        } else if (f.blank && f.bytes >= options_.segment_bytes) {
            recovered_.spares.push_back(std::move(segment));
        } else if (f.number != last + 1) {  // that one is replaced by the new segment
            unused_.push_back(segment_path(f.number));
        }
    }
}

// They must be gone for good before a segment says how large spares are.
void WalRecovery::on_unused_removed(Result<void> done) {
    if (!done) return finish(fail(done.error()));
    env_.disk.sync_directory(wal_folder, to(&WalRecovery::begin_segment));
}

// The new segment's start: the checkpoint, and behind it once more the last batch found, if nothing
// proves that it is durable. What a killed process left in the page cache must not be built upon.
void WalRecovery::build_start() {
    next_ledger_ = recovered_.ledger;
    next_cursor_ = recovered_.cursor;
    next_cursor_.segment = fresh_.number;
    ChangeRecords again = replay_.take_unproven();
    auto records = make_checkpoint(recovered_.groups, node_uuid_, options_.segment_bytes,
                                   options_.segment_bytes);
    const auto copies = next_ledger_.take(true);
    uint64_t needed = 2 * head_bytes(records) + head_bytes(again.records) + 4 * block_bytes;
    for (const Buffer& copy : copies)
        needed += copy.size();
    for (const Buffer& p : again.payloads)
        needed += p.size() + payload_align_bytes;
    // The size is part of what is written: ask for more only if it takes more.
    fresh_.bytes = std::max(options_.segment_bytes, round_up(needed, block_bytes));
    records.front().segment_bytes = fresh_.bytes;
    start_ = build_batch(next_cursor_, next_ledger_, std::move(records), {}, copies).bytes;
    if (again.records.empty()) return;
    const auto repeated = next_ledger_.take(false);
    again_ =
        build_batch(next_cursor_, next_ledger_, std::move(again.records), again.payloads, repeated);
    start_.append(again_.bytes);
    QUERN_ASSERT(start_.size() <= fresh_.bytes);
}

void WalRecovery::begin_segment(Result<void> done) {
    if (!done) return finish(fail(done.error()));
    LogCursor& cursor = recovered_.cursor;
    cursor.tag = node_tag(node_uuid_);
    cursor.sequence = replay_.next_sequence();
    cursor.previous_hash = replay_.last_hash();
    fresh_.number = replay_.last_segment() + 1;
    recovered_.ledger.restore(replay_.recent_heads());
    build_start();
    if (recovered_.spares.empty()) return on_new_named({});
    // Taken out of sight while it is written: a crash meanwhile must not look like a begun roll.
    const uint64_t spare = recovered_.spares.front().number;
    recovered_.spares.erase(recovered_.spares.begin());
    env_.disk.rename(segment_path(spare), segment_new_path(fresh_.number),
                     to(&WalRecovery::on_spare_renamed));
}

// The new name must hold before the bytes do, or a crash leaves a half-written spare.
void WalRecovery::on_spare_renamed(Result<void> done) {
    if (!done) return finish(fail(done.error()));
    env_.disk.sync_directory(wal_folder, to(&WalRecovery::on_new_named));
}

void WalRecovery::on_new_named(Result<void> done) {
    if (!done) return finish(fail(done.error()));
    env_.disk.open(segment_new_path(fresh_.number), OpenMode::create_or_open,
                   to(&WalRecovery::on_new_opened));
}

void WalRecovery::on_new_opened(Result<std::unique_ptr<File>> file) {
    if (!file) return without_segment(file.error());
    fresh_.file = std::move(*file);
    fresh_.file->allocate(fresh_.bytes, to(&WalRecovery::on_new_allocated));
}

void WalRecovery::on_new_allocated(Result<void> done) {
    if (!done) return without_segment(done.error());
    fresh_.file->write_at(0, start_, to(&WalRecovery::on_new_written));
}

void WalRecovery::on_new_written(Result<void> done) {
    if (!done) return finish(fail(done.error()));
    fresh_.file->sync([self = shared_from_this()](Result<void> synced) {
        if (!synced) return self->finish(fail(synced.error()));
        self->env_.disk.rename(segment_new_path(self->fresh_.number),
                               segment_path(self->fresh_.number),
                               self->to(&WalRecovery::on_new_renamed));
    });
}

void WalRecovery::on_new_renamed(Result<void> done) {
    if (!done) return finish(fail(done.error()));
    env_.disk.sync_directory(wal_folder, to(&WalRecovery::on_folder_synced));
}

void WalRecovery::on_folder_synced(Result<void> done) {
    if (!done) return finish(fail(done.error()));
    shorten_last();
    // Now that it is on disk, everything moves behind it.
    recovered_.cursor = next_cursor_;
    recovered_.ledger = std::move(next_ledger_);
    for (auto& [group, log] : recovered_.groups)
        log.lowest_cut = LogIndex{};
    for (const Record& r : again_.head.records) {
        auto applied = apply_record(recovered_.groups, r, again_.head.segment,
                                    again_.head.offset_bytes, false);
        if (!applied) return finish(fail(applied.error()));
    }
    recovered_.used.push_back(std::move(fresh_));
    finish(std::move(recovered_));
}

// The unused room of the segment before is given back: restarts in a row must not fill the disk.
void WalRecovery::shorten_last() {
    if (recovered_.used.empty()) return;
    Segment& last = recovered_.used.back();
    const uint64_t used = std::max(replay_.last_used_bytes(), block_bytes);
    if (last.number != replay_.last_segment() || used >= last.bytes) return;
    last.bytes = used;
    last.file->truncate(used, [keep = last.file](const Result<void>&) {});
}

// A full disk must not keep the node from starting: it can still serve and make room. Writes wait until
// there is a segment.
void WalRecovery::without_segment(const Error& why) {
    if (why.code != ErrorCode::no_space) return finish(fail(why));
    env_.log.write(LogLevel::warning, "wal", "no space for a new segment");
    fresh_.file.reset();
    env_.disk.remove(segment_new_path(fresh_.number), [](const Result<void>&) {});
    if (recovered_.used.empty()) return finish(std::move(recovered_));
    recovered_.used.back().file->sync([self = shared_from_this()](Result<void> synced) {
        if (!synced) return self->finish(fail(synced.error()));
        self->finish(std::move(self->recovered_));
    });
}

void WalRecovery::finish(Result<RecoveredWal> result) {
    Callback<void(Result<RecoveredWal>)> done = std::move(done_);
    done(std::move(result));
}

}  // namespace quern::storage
