// GroupReplica after damage: what comes from peers takes the place of what this disk has lost.
#include <algorithm>

#include "system/replica/body_gatherer.h"
#include "system/replica/group_replica.h"
#include "system/replica/wal_entry.h"

namespace quern::replica {

void GroupReplica::snapshot_arrives() {
    if (lacks_snapshot_) repair_.wait();
}

void GroupReplica::known_committed(LogIndex index, Term term) {
    if (!started() || installing_) return;
    if (ReplicaObserver* observer = host_.observer()) {
        observer->known_committed(host_.self(), group(), index, term);
    }
    raft_->known_committed(index, term, now());
    mark_dirty();
}

// Of what lies ahead of this state the log has a copy. A state that is lost may have had them all.
void GroupReplica::drop_unless_live(std::vector<BodyRef> bodies) {
    if (bodies.empty() || lacks_snapshot_) return;
    const std::vector<BodyRef> live = live_bodies();
    for (const BodyRef& body : bodies) {
        if (!std::binary_search(live.begin(), live.end(), body)) host_.storage().drop_body(group(), body);
    }
}

bool GroupReplica::log_damaged() const {
    return started() && !installing_ && raft_->status().damaged_from;
}

// While the core has written nothing there, and waits for nothing to be written, the order of this write
// and the core's next one is plain.
void GroupReplica::write_mended(std::vector<raft::Entry> entries, Callback<void(bool)> done) {
    QUERN_ASSERT(log_damaged());
    storage::GroupChange change;
    change.group = group();
    for (const raft::Entry& entry : entries) change.entries.push_back(to_wal(group(), entry));
    host_.storage().write({std::move(change)},
                          guard_.wrap([this, done = std::move(done)](Result<void> written) mutable {
                              if (host_.storage().failed()) return host_.storage_failed(written.error());
                              done(written.has_value());
                          }));
}

void GroupReplica::log_mended() {
    if (!log_damaged()) return;
    const LogIndex from = raft_->status().damaged_from;
    recovered_ = host_.storage().log_of(group());
    if (recovered_.faulty_from) return repair_.start();
    std::erase_if(recovered_.entries,
                  [from](const storage::WalEntry& entry) { return entry.index < from; });
    load_configurations(guard_.wrap([this, from](Result<void> done) {
        std::vector<raft::Entry> entries;
        for (storage::WalEntry& entry : recovered_.entries) entries.push_back(from_wal(std::move(entry)));
        recovered_.entries.clear();
        if (!done || !log_damaged() || raft_->status().damaged_from != from) return;
        host_.env().log.write(LogLevel::info, "replica",
                              "the log of group " + std::to_string(group().value) +
                                  " was repaired from peers");
        raft_->repaired(std::move(entries), now());
        mark_dirty();
    }));
}

void GroupReplica::gather(const std::vector<BodyRef>& bodies, bool keep,
                          Callback<void(std::vector<Result<Buffer>>)> done) {
    ++gathering_;
    done = guard_.wrap([this, inner = std::move(done)](std::vector<Result<Buffer>> found) mutable {
        if (--gathering_ == 0) dropped_while_gathering_.clear();
        inner(std::move(found));
    });
    gather_bodies(
        host_.storage(), group(), bodies,
        guard_.wrap([this, bodies, keep, done = std::move(done)](std::vector<Result<Buffer>> found) mutable {
            std::vector<size_t> places;
            std::vector<BodyRef> damaged;
            for (size_t i = 0; i < found.size(); ++i) {
                if (found[i] || found[i].error().code != ErrorCode::corrupt) continue;
                places.push_back(i);
                damaged.push_back(bodies[i]);
            }
            if (damaged.empty()) return done(std::move(found));
            repair_.fetch(std::move(damaged), keep,
                          [places = std::move(places), found = std::move(found),
                           done = std::move(done)](std::vector<Result<Buffer>> fetched) mutable {
                              for (size_t i = 0; i < places.size(); ++i) {
                                  found[places[i]] = std::move(fetched[i]);
                              }
                              done(std::move(found));
                          });
        }));
}

// In the place of a damaged one: read back like any at a start. Storage knows whether the log goes on
// from it.
void GroupReplica::install_first(std::vector<storage::GroupChange> changes,
                                 Callback<void(Result<void>)> done) {
    host_.storage().write(
        std::move(changes), guard_.wrap([this, done = std::move(done)](Result<void> written) mutable {
            installing_ = false;
            if (!written) return host_.storage_failed(written.error());
            recovered_ = host_.storage().log_of(group());
            restore_snapshot(guard_.wrap([this, done = std::move(done)](Result<void> restored) mutable {
                if (!restored) {
                    host_.storage_failed(restored.error());
                    return done(std::move(restored));
                }
                done({});
            }));
        }));
}

}  // namespace quern::replica
