// Snapshots: thesis chapter 5. Their transfer is the driver's business.
#include <algorithm>

#include "system/raft/raft_impl.h"

namespace quern::raft {

void Raft::Impl::compacted(const SnapshotMeta& meta) {
    if (meta.index <= log_.base()) return;
    QUERN_ASSERT(meta.index <= commit_ && meta.index <= emitted_);
    QUERN_ASSERT(meta.term == log_.term_at(meta.index));
    QUERN_ASSERT(meta.configuration == configurations_.at(meta.index));
    log_.compact(meta.index);
    configurations_.compact(meta.index);
    // The snapshot is durable, whatever the log's own writes are.
    unwritten_ = std::max(unwritten_, meta.index.next());
    persisted_ = std::max(persisted_, meta.index);
    applied_ = std::max(applied_, meta.index);
    if (is_leader()) maybe_commit();
}

bool Raft::Impl::wants_snapshot(const SnapshotMeta& meta, NodeId from, Term term) const {
    return from && from != options_.self && term >= hard_.term && meta.index > commit_ &&
           meta.term <= term && is_valid(meta.configuration);
}

// Within what was lost, nobody here knows whether the entries after it go on from it: storage does.
bool Raft::Impl::keeps_suffix(const SnapshotMeta& meta) const {
    if (log_.matches(meta.index, meta.term)) return true;
    return recovering_ && meta.index > log_.last() && meta.index < lost_last_;
}

// A snapshot is committed state, so it stays good even if its sender's term has passed meanwhile.
void Raft::Impl::snapshot_installed(const SnapshotMeta& meta, NodeId leader, Term term, Instant now) {
    touch(now);
    QUERN_ASSERT(is_valid(meta.configuration));
    if (term > hard_.term || (term == hard_.term && !is_leader())) become_follower(term, leader);
    if (meta.index > log_.base() && meta.index > applied_) {
        if (log_.matches(meta.index, meta.term)) {
            log_.compact(meta.index);
            configurations_.compact(meta.index);
        } else {
            QUERN_ASSERT_MSG(meta.index > commit_, "a snapshot contradicts a committed entry");
            // Told to the log explicitly: what stood after the snapshot must not come back (R10).
            if (unwritten_ > meta.index.next()) truncate_from_ = meta.index.next();
            if (recovering_ && !keeps_suffix(meta)) {
                lost_last_ = std::min(lost_last_, meta.index);
                lose_tail(meta.index.next());
            }
            damaged_from_ = LogIndex{};
            log_.reset(meta.index, meta.term);
            configurations_.reset(meta.index, meta.configuration);
            clip_persisted(meta.index);
            unwritten_ = meta.index.next();
        }
        if (truncate_from_) truncate_from_ = std::max(truncate_from_, meta.index.next());
        unwritten_ = std::max(unwritten_, meta.index.next());
        persisted_ = std::max(persisted_, meta.index);
        commit_ = std::max(commit_, meta.index);
        emitted_ = std::max(emitted_, meta.index);
        applied_ = std::max(applied_, meta.index);
        maybe_recovered();
    }
    if (!is_leader() && leader_ == leader && term == hard_.term && meta.index <= commit_) {
        acknowledge(leader, meta.index, false);
    }
}

void Raft::Impl::snapshot_sent(NodeId id, LogIndex index, bool ok, Instant now) {
    touch(now);
    Progress* peer = is_leader() ? find_peer(id) : nullptr;
    if (peer == nullptr || peer->state != PeerState::snapshot) return;
    peer->to_probe();
    if (ok) {
        // The peer's own acknowledgement will say that it matches.
        peer->next = std::max(peer->match, index).next();
        appends_due_ = true;
    } else {
        peer->paused = true;  // until it answers a heartbeat
    }
}

}  // namespace quern::raft
