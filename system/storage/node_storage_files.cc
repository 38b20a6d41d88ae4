#include "system/storage/node_storage_files.h"

#include "system/base/planted_bug.h"

#include <algorithm>

namespace quern::storage {

FileNodeStorage::FileNodeStorage(Env& env, const Options& options, const Superblock& superblock)
    : env_(env),
      superblock_(superblock),
      cache_(options.payload_cache_bytes),
      writer_(env, groups_, cache_, superblock.node_uuid, options.segment_bytes,
              options.reserve_segments, *this),
      reader_(env, groups_, cache_, writer_),
      snapshots_(env, superblock.node_uuid),
      bodies_(env, superblock.node_uuid, options.body_segment_bytes, groups_, reader_,
              *this),
      space_(env, options.soft_free_bytes, options.hard_free_bytes) {}

void FileNodeStorage::recover(RecoveredWal recovered) {
    groups_ = std::move(recovered.groups);
    for (Segment& s : recovered.used)
        writer_.segments().add_used(std::move(s));
    for (Segment& s : recovered.spares)
        writer_.segments().add_spare(std::move(s));
    for (const auto& [group, log] : groups_) {
        RecoveredGroup r = log_of(group);
        for (WalEntry& entry : r.entries) {
            if (const Buffer* payload = cache_.find(group, entry.index)) entry.payload = *payload;
        }
        recovered_.push_back(std::move(r));
    }
    writer_.start(recovered.cursor, std::move(recovered.ledger));
}

RecoveredGroup FileNodeStorage::log_of(GroupId group) const {
    const GroupLog& log = groups_.at(group);
    RecoveredGroup r;
    r.group = group;
    r.incarnation = log.incarnation;
    r.term = log.term;
    r.voted_for = log.voted_for;
    r.snapshot_index = log.snapshot_index;
    r.snapshot_term = log.snapshot_term;
    r.faulty_from = log.faulty_from();
    if (r.faulty_from) {
        r.lost_last = log.last();
        r.lost_last_term = log.last_term();
    }
    const LogIndex last = r.faulty_from ? r.faulty_from.prev() : log.last();
    for (LogIndex i = log.snapshot_index.next(); i <= last; i = i.next()) {
        const Position* at = log.at(i);
        r.entries.push_back({group, i, at->term(), at->kind(), Buffer()});
    }
    return r;
}

std::vector<NodeStorage::LostEntry> FileNodeStorage::lost_entries(GroupId group,
                                                                  size_t count_max) const {
    std::vector<LostEntry> lost;
    const auto it = groups_.find(group);
    if (it == groups_.end()) return lost;
    for (const LogIndex index : it->second.faulty(count_max)) {
        lost.push_back({index, it->second.at(index)->term()});
    }
    return lost;
}

std::map<GroupId, LogIndex> FileNodeStorage::snapshot_indexes() const {
    std::map<GroupId, LogIndex> indexes;
    for (const auto& [group, log] : groups_)
        indexes[group] = log.snapshot_index;
    return indexes;
}

void FileNodeStorage::start() { space_.start(); }

std::vector<RecoveredGroup> FileNodeStorage::take_recovered() { return std::move(recovered_); }

void FileNodeStorage::write(std::vector<GroupChange> changes,
                            Callback<void(Result<void>)> durable) {
    std::vector<Marker> markers;
    for (const GroupChange& change : changes) {
        if (change.remove || change.create) {
            markers.push_back({change.group, log_ends(groups_, change.group).snapshot.next(), {}});
            GroupBodies& bodies = bodies_.of(change.group);
            if (change.create) {
                // At once: bodies of its first snapshot may come before the creation is durable.
                bodies.restart(change.incarnation);
            } else {
                markers.back().ended = bodies.incarnation();
            }
        } else if (change.snapshot_index) {
            markers.push_back({change.group, change.snapshot_index, {}});
        }
    }
    if (!markers.empty()) {
        durable = guard_.wrap([this, markers = std::move(markers),
                               inner = std::move(durable)](Result<void> done) mutable {
            on_durable(std::move(done), std::move(markers), std::move(inner));
        });
    }
    writer_.submit(std::move(changes), std::move(durable));
}

void FileNodeStorage::on_durable(Result<void> done, std::vector<Marker> markers,
                                 Callback<void(Result<void>)> durable) {
    if (done) {
        for (const Marker& m : markers) {
            if (!PLANTED(old_snapshots_stay)) snapshots_.remove_below(m.group, m.keep_from);
            if (m.ended) bodies_.end(m.group, *m.ended);
        }
    }
    durable(std::move(done));
}

void FileNodeStorage::on_batch_durable() { reader_.on_batch_durable(); }

void FileNodeStorage::load_entries(GroupId group, LogIndex from, LogIndex to, size_t bytes_max,
                                   Callback<void(Result<std::vector<WalEntry>>)> done) {
    reader_.load(group, from, to, bytes_max, std::move(done));
}

std::optional<Buffer> FileNodeStorage::body_cached(GroupId group, const BodyRef& body) {
    const Buffer* payload = reader_.payload_in_memory(group, body.index);
    if (payload == nullptr || body.offset_bytes > payload->size() ||
        body.size_bytes > payload->size() - body.offset_bytes) {
        return {};
    }
    return payload->slice(body.offset_bytes, body.size_bytes);
}

void FileNodeStorage::read_body(GroupId group, const BodyRef& body,
                                Callback<void(Result<Buffer>)> done) {
    const bool cached = body_cached(group, body).has_value();
    const auto log = groups_.find(group);
    const bool in_log = log != groups_.end() && log->second.at(body.index) != nullptr;
    // A body that was carried over is read from there: less to read than a whole payload.
    if (!cached && (!in_log || bodies_.of(group).holds(body))) {
        return bodies_.of(group).read(body, std::move(done));
    }
    if (cached) {
        env_.loop.post(guard_.wrap([bytes = *body_cached(group, body),
                                    done = std::move(done)]() mutable { done(std::move(bytes)); }));
        return;
    }
    reader_.payload(group, body.index,
                    [body, done = std::move(done)](Result<Buffer> payload) mutable {
                        if (!payload) return done(fail(payload.error()));
                        if (body.offset_bytes > payload->size() ||
                            body.size_bytes > payload->size() - body.offset_bytes) {
                            return done(fail(ErrorCode::corrupt, "a body lies outside its entry"));
                        }
                        done(payload->slice(body.offset_bytes, body.size_bytes));
                    });
}

void FileNodeStorage::carry_over(GroupId group, std::vector<BodyRef> live,
                                 Callback<void(Result<void>)> done) {
    bodies_.carry_over(group, std::move(live), std::move(done));
}

void FileNodeStorage::store_body(GroupId group, const BodyRef& body, Buffer bytes,
                                 Callback<void(Result<void>)> done) {
    std::vector<GroupBodies::Item> items;
    items.push_back({body, std::move(bytes)});
    bodies_.of(group).append(std::move(items), std::move(done));
}

void FileNodeStorage::sync_bodies(GroupId group, Callback<void(Result<void>)> done) {
    bodies_.of(group).sync(std::move(done));
}

void FileNodeStorage::drop_body(GroupId group, const BodyRef& body) {
    bodies_.of(group).drop(body);
}

void FileNodeStorage::drop_all_bodies(GroupId group) { bodies_.of(group).drop_all(); }

void FileNodeStorage::retain_bodies(GroupId group, const BodyRef& after, const BodyRef& through,
                                    const std::vector<BodyRef>& live) {
    bodies_.of(group).retain(after, through, live);
}

void FileNodeStorage::on_bodies_failed(const Error& error) {
    env_.loop.post(guard_.wrap([this, error] { writer_.fail_for_good(error); }));
}

std::unique_ptr<SnapshotWriter> FileNodeStorage::write_snapshot(GroupId group, LogIndex index) {
    return snapshots_.write(group, index);
}

void FileNodeStorage::read_snapshot(GroupId group,
                                    Callback<void(Result<std::unique_ptr<SnapshotReader>>)> done) {
    const LogIndex index = log_ends(groups_, group).snapshot;
    if (index) return snapshots_.read(group, index, std::move(done));
    env_.loop.post(guard_.wrap([done = std::move(done)]() mutable {
        done(fail(ErrorCode::not_found, "the group has no snapshot"));
    }));
}

std::vector<GroupId> FileNodeStorage::groups_pinning_oldest_segment() const {
    std::vector<GroupId> groups;
    const uint64_t oldest = writer_.segments().oldest_number();
    for (const auto& [group, log] : groups_) {
        if (log.entries_in(oldest) > 0) groups.push_back(group);
    }
    return groups;
}

SpaceState FileNodeStorage::space() const {
    return space_.state(writer_.segments().short_of_space());
}

}  // namespace quern::storage
