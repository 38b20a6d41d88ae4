// Sleep: a group where nothing happens sends nothing.
//
// A leader that was idle for Options::hibernate_after, and whose peers all hold and know to be committed
// all it has, names its last position in its heartbeats. A follower for whom that is true as well stops
// its election timer and says so; when all have said so to the same heartbeat, the leader stops, too.
// Whoever gets any other message, or a request of its own driver, wakes; a leader that wakes tells all
// followers at once. That the leader's node is gone the driver knows from its link to that node
// (link_changed), for all groups together.
//
// Safety does not rest on it. A sleeping follower keeps term, vote and log, as one does whose election
// timer is slow; reads are confirmed by a round that begins after they arrive, as ever. A request for its
// vote wakes a sleeper and is ignored, as by any server that presumes a leader alive: if the leader sleeps
// indeed, the same candidate wakes it, and it speaks up before the next attempt.
#include <algorithm>

#include "system/raft/raft_impl.h"

namespace quern::raft {

bool Raft::Impl::may_sleep() const {
    if (options_.hibernate_after == Duration::zero() || now_ < active_ + options_.hibernate_after) {
        return false;
    }
    const LogIndex last = log_.last();
    if (!is_leader() || transfer_to_ || !reads_.empty() || !own_term_committed()) return false;
    if (commit_ != last || emitted_ != last || persisted_ != last) return false;
    return std::all_of(peers_.begin(), peers_.end(), [last](const Progress& peer) {
        return peer.match == last && peer.state == PeerState::replicate && !peer.recovering;
    });
}

// The leader's side of an answer that agrees.
void Raft::Impl::on_sleepy(Progress& peer, LogIndex at) {
    if (!at || at != log_.last() || !may_sleep()) return;
    peer.sleeps = true;
    asleep_ = std::all_of(peers_.begin(), peers_.end(), [](const Progress& p) { return p.sleeps; });
}

// The follower's: true if it sleeps from now on.
bool Raft::Impl::fall_asleep(const Message& heartbeat) {
    const LogIndex last = log_.last();
    if (!heartbeat.index || heartbeat.index != last || heartbeat.log_term != log_.last_term()) return false;
    if (commit_ != last || persisted_ != last || recovering_) return false;
    asleep_ = true;
    return true;
}

void Raft::Impl::note_activity() {
    active_ = now_;
    if (asleep_) wake();
}

void Raft::Impl::wake() {
    asleep_ = false;
    active_ = now_;
    if (!is_leader()) return arm_election_deadline();
    for (Progress& peer : peers_) {
        peer.contact = peer.heard = now_;  // nothing was asked of them
        peer.sleeps = false;
    }
    check_deadline_ = now_ + options_.election_timeout;
    const int64_t interval = options_.heartbeat_interval.ns;
    heartbeat_deadline_ = Instant{(now_.ns / interval + 1) * interval};
    send_heartbeats(0);
}

// False: the message has done all it does.
bool Raft::Impl::wake_by(const Message& message) {
    if (is_leader() && message.kind != MessageKind::heartbeat_response) note_activity();
    if (is_leader() || !asleep_) return true;
    const bool sleepy = message.kind == MessageKind::heartbeat_request && message.index;
    if (!sleepy) wake();
    const bool vote = message.kind == MessageKind::vote_request ||
                      message.kind == MessageKind::pre_vote_request;
    return !vote || message.transfer;
}

void Raft::Impl::link_changed(NodeId peer, Instant now) {
    touch(now);
    if (!asleep_) return;
    if (is_leader() ? find_peer(peer) != nullptr : leader_ == peer) wake();
}

}  // namespace quern::raft
