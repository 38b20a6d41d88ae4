// Who can talk to whom, and leading from where most replicas are in reach.
//
// Links may be cut for some pairs of nodes only, or in one direction. A leader that a majority still hears
// stays in office, check-quorum and pre-vote see to that, but the others starve (partial connectivity; faults.md
// S43 to S45). So nodes tell in their pongs whom they reach, and a leader hands over to a voter that reaches
// more of the group's voters than itself. The number only grows by that, so leadership does not go round.
// When a node is gone for all, they notice it one after the other: so the other node must have been the
// better one for a while.
// Where nobody reaches all (a ring of five with a chord, say), raft messages go by way of a node between.
#include <algorithm>

#include "system/replica/host.h"

namespace quern::replica {

bool ReplicaHost::reaches(NodeId node) const {
    if (node == options_.self) return true;
    const auto peer = peers_.find(node);
    return peer != peers_.end() && peer->second.link->up() && peer->second.answered_at &&
           env_.clock.now() - *peer->second.answered_at <= ping_patience();
}

std::vector<NodeId> ReplicaHost::reached_nodes() const {
    std::vector<NodeId> nodes;
    for (const auto& [id, peer] : peers_) {
        if (reaches(id)) nodes.push_back(id);
    }
    return nodes;
}

// Does `from` reach `to`, as far as this node has heard? A node's word stands where nobody denies it.
bool ReplicaHost::heard_reaching(NodeId from, NodeId to, bool if_unknown) const {
    if (from == to) return true;
    if (from == options_.self) return reaches(to);
    if (!reaches(from)) return if_unknown;
    const std::vector<NodeId>& seen = peers_.at(from).reaches;
    return std::find(seen.begin(), seen.end(), to) != seen.end();
}

// How many voters `node` can talk to. A node may dial another that cannot dial back: then its appends arrive,
// and the answers have to take a detour. So both ways count.
size_t ReplicaHost::voters_in_reach(const std::vector<NodeId>& voters, NodeId node) const {
    return static_cast<size_t>(std::count_if(voters.begin(), voters.end(), [&](NodeId voter) {
        return heard_reaching(node, voter, false) && heard_reaching(voter, node, true);
    }));
}

// 0: nobody.
NodeId ReplicaHost::better_placed(GroupReplica& group) const {
    const std::vector<NodeId>& voters = group.configuration().voters;
    size_t most = voters_in_reach(voters, options_.self);
    if (most == voters.size()) return {};
    NodeId best;
    for (const raft::PeerStatus& status : group.peers()) {
        if (status.learner || !status.active || status.recovering || !reaches(status.id)) continue;
        if (disk_full(status.id)) continue;
        const size_t theirs = voters_in_reach(voters, status.id);
        if (theirs <= most) continue;
        most = theirs;
        best = status.id;
    }
    return best;
}

NodeId ReplicaHost::detour(NodeId to) const {
    for (const auto& [id, peer] : peers_) {
        if (id != to && peer.link->up() && heard_reaching(id, to, false)) return id;
    }
    return {};
}

// `to` is a peer. Over its own link, or, while that is down, by way of a node that reaches it.
void ReplicaHost::ask_peer(NodeId to, wire::FrameKind kind, wire::Encoded message, Instant deadline,
                           Callback<void(Result<wire::Frame>)> done) {
    wire::Link& link = *peers_.at(to).link;
    const NodeId via = link.up() ? NodeId{} : detour(to);
    if (!via) {
        link.request(kind, std::move(message), deadline, std::move(done));
        return;
    }
    const int64_t left_ms = std::max<int64_t>(1, (deadline - env_.clock.now()).to_milliseconds());
    peers_.at(via).link->request(
        wire::FrameKind::relay, wire::encode_relay(to, kind, left_ms, std::move(message)), deadline,
        [done = std::move(done)](Result<wire::Frame> frame) mutable {
            if (frame && frame->kind == wire::FrameKind::relay_failed) {
                return done(fail(ErrorCode::connection_refused, "it could not be passed on"));
            }
            done(std::move(frame));
        });
}

// Twice as long each time that leadership was handed over for it, as links may come and go for hours: a few times for a
// trouble that passes, ever more seldom for one that stays.
Duration ReplicaHost::patience_with_office(GroupId group) const {
    constexpr unsigned doublings_max = 6;
    const auto moved = moved_.find(group);
    const unsigned times = moved == moved_.end() ? 0 : std::min(moved->second.times, doublings_max);
    return (ping_patience() + options_.ping_interval) * (int64_t{1} << times);
}

// A node that is gone is missed within three pings, and what others tell of it is a ping old at most. A link
// that comes and goes makes the better node one now and then.
bool ReplicaHost::better_for_long(GroupReplica& group, NodeId better) {
    const Instant now = env_.clock.now();
    Better& known = better_[group.group()];
    if (known.node != better || now - known.last > ping_patience()) known = {better, now, now};
    known.last = now;
    return now - known.first > patience_with_office(group.group());
}

void ReplicaHost::note_moved(GroupId group) {
    constexpr int64_t forgotten_after = 16;
    const Instant now = env_.clock.now();
    const Duration patience = patience_with_office(group);
    Moved& moved = moved_[group];
    if (moved.times > 0 && now - moved.last <= ping_patience()) return;  // it is still under way
    if (moved.times > 0 && now - moved.last > patience * forgotten_after) moved.times = 0;
    ++moved.times;
    moved.last = now;
}

void ReplicaHost::lead_from_the_middle() {
    for (auto& [id, group] : groups_) {
        if (!group->started() || group->status().role != raft::Role::leader) continue;
        const NodeId better = better_placed(*group);
        if (!better || !better_for_long(*group, better)) continue;
        env_.log.write(LogLevel::info, "host",
                       "node " + std::to_string(better.value) + " reaches more of group " +
                           std::to_string(id.value) + ": it gets the leadership");
        if (group->transfer_leadership(better)) note_moved(id);
    }
}

// The other way round a cut: a balancer that reaches this node, but not the leader's.
uint64_t ReplicaHost::relay(wire::Relay relay, Callback<void(Result<wire::Frame>)> done) {
    const uint64_t number = next_forward_++;
    const auto peer = peers_.find(relay.to);
    if (peer == peers_.end() || !peer->second.link->up() || relays_.size() >= limits::relays_max) {
        env_.loop.post(guard_.wrap([done = std::move(done)]() mutable {
            done(fail(Error(ErrorCode::connection_refused, "the node is not in reach from here either")
                          .with_outcome(Outcome::not_applied)));
        }));
        return number;
    }
    wire::Encoded message;
    message.head = relay.body.slice(0, relay.head_bytes);
    message.attachments = BufferChain(relay.body.slice(relay.head_bytes));
    const Instant deadline = env_.clock.now() + Duration::milliseconds(relay.deadline_ms);
    Relayed& relayed = relays_[number];
    relayed.to = relay.to;
    relayed.kind = relay.kind;
    relayed.request = peer->second.link->request(
        relay.kind, std::move(message), deadline,
        guard_.wrap([this, number, done = std::move(done)](Result<wire::Frame> frame) mutable {
            relays_.erase(number);
            done(std::move(frame));
        }));
    return number;
}

void ReplicaHost::cancel_relay(uint64_t request) {
    const auto found = relays_.find(request);
    if (found == relays_.end()) return;
    const Relayed relayed = found->second;
    relays_.erase(found);
    wire::Link& link = *peers_.at(relayed.to).link;
    link.cancel(relayed.request);
    if (relayed.kind == wire::FrameKind::forward) {
        link.send(wire::encode_frame(wire::FrameKind::cancel, relayed.request, Buffer()));
    }
}

}  // namespace quern::replica
