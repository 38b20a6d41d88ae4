// The node's links to its peers, the port they come to, and snapshots between them.
#include <algorithm>
#include <charconv>

#include "system/replica/host.h"
#include "system/replica/peer_session.h"

namespace quern::replica {

namespace {

struct NamedNode {
    NodeId id;
    NodeUuid uuid;
};

// The inverse of node_name().
std::optional<NamedNode> parse_node_name(const std::string& name) {
    constexpr std::string_view prefix = "node:";
    constexpr size_t uuid_digits = 32;
    const size_t colon = name.rfind(':');
    if (!name.starts_with(prefix) || colon < prefix.size()) return std::nullopt;
    if (name.size() - colon - 1 != uuid_digits) return std::nullopt;
    NamedNode node;
    const char* digits = name.data() + colon + 1;
    const char* half = digits + uuid_digits / 2;
    const char* end = digits + uuid_digits;
    const bool good =
        std::from_chars(name.data() + prefix.size(), name.data() + colon, node.id.value).ptr ==
            name.data() + colon &&
        std::from_chars(digits, half, node.uuid.high, 16).ptr == half &&
        std::from_chars(half, end, node.uuid.low, 16).ptr == end;
    if (!good) return std::nullopt;
    return node;
}

}  // namespace

Result<void> ReplicaHost::open_port() {
    wire::Acceptor::Options options;
    options.at = options_.peer_at;
    options.port = wire::Port::peer;
    acceptor_ = std::make_unique<wire::Acceptor>(env_, options, *this);
    return acceptor_->start();
}

const Endpoint& ReplicaHost::peer_endpoint() const { return acceptor_->local(); }

void ReplicaHost::connect_peers() {
    for (const metadata::NodeRecord& node : options_.nodes) {
        if (node.id == options_.self || !node.storage) continue;
        wire::Link::Options options;
        options.endpoint = {node.host, node.peer_port};
        options.port = wire::Port::peer;
        options.name = node_name(options_.self, storage_->superblock().node_uuid);
        options.secret = wire::peer_secret(options_.cluster_secret);
        options.software = "quernd";
        options.frame_bytes_max = limits::frame_bytes_max_peer;
        options.backoff_max = Duration::milliseconds(500);
        // A ping that finds no answer, and no other frame either: the stream may be half-open.
        options.silence_max = ping_patience();
        // An attempt that began while nothing came through must not outlast that by several elections.
        options.handshake_timeout = link_patience();
        Peer& peer = peers_[node.id];
        peer.record = node;
        peer.link = std::make_unique<wire::Link>(env_, std::move(options), *this);
        outbox_.set_link(node.id, peer.link.get());
        peer.link->start();
    }
}

// One clock sample of each peer; also what keeps idle links checked.
void ReplicaHost::ping_peers() {
    const Instant now = env_.clock.now();
    clock_.own(now, env_.clock.wall());
    for (auto& [id, peer] : peers_) {
        if (!peer.link->up()) continue;
        peer.link->request(
            wire::FrameKind::ping, wire::encode(wire::Ping{now}),
            now + ping_patience(),
            guard_.wrap([this, node = id](Result<wire::Frame> frame) {
                if (!frame) return link_changed(node);
                Result<wire::Pong> pong = wire::decode_pong(*frame);
                if (!pong) return;
                Peer& answered = peers_.at(node);
                answered.disk_full = pong->overloaded_disk;
                answered.reaches = std::move(pong->reaches);
                answered.answered_at = env_.clock.now();
                clock_.sample(node, pong->sent, env_.clock.now(), pong->wall);
                bootstrap_if_needed();
                lead_from_the_middle();  // a link that comes and goes may be down again at the next ping
            }));
    }
    bootstrap_if_needed();
    register_uuid();
    transfer_needlessly();
    leave_bad_disk();
    lead_from_the_middle();
    free_log_space();
    forget_overtaken_snapshots();
    ping_timer_.start(now + options_.ping_interval, [this] { ping_peers(); });
}

// A half-open stream swallows votes until the pings tell, which may take longer than elections should.
void ReplicaHost::doubt_links() {
    const Instant now = env_.clock.now();
    if (now < doubted_until_) return;
    doubted_until_ = now + link_patience();
    for (auto& [id, peer] : peers_) peer.link->probe(doubted_until_);
}

// Only in the simulator: whoever leads may lose it at any moment.
void ReplicaHost::transfer_needlessly() {
    for (auto& [id, group] : groups_) {
        if (group->status().role != raft::Role::leader) continue;
        if (!env_.faults.fire(FaultPoint::transfer_needless)) continue;
        const std::vector<raft::PeerStatus> peers = group->peers();
        if (!peers.empty()) (void)group->transfer_leadership(peers[id.value % peers.size()].id);
    }
}

// Groups that sleep count on it.
void ReplicaHost::link_changed(NodeId peer) {
    for (auto& [id, group] : groups_) group->link_changed(peer);
}

void ReplicaHost::on_link_up(wire::Link& link, const wire::HelloReply&) {
    for (const auto& [id, peer] : peers_) {
        if (peer.link.get() == &link) link_changed(id);
    }
    // A sample at once: a starting cluster waits for agreement on the time.
    if (ping_timer_.pending()) ping_timer_.start(env_.clock.now(), [this] { ping_peers(); });
}

bool ReplicaHost::disk_full(NodeId node) const {
    if (node == options_.self) return storage_->space() == storage::SpaceState::hard;
    const auto peer = peers_.find(node);
    return peer != peers_.end() && peer->second.disk_full;
}

void ReplicaHost::on_link_down(wire::Link& link, const Error& reason) {
    for (auto& [id, peer] : peers_) {
        if (peer.link.get() != &link) continue;
        peer.disk_full = false;
        peer.reaches.clear();
        peer.answered_at.reset();
        link_changed(id);
    }
    if (reason.code == ErrorCode::unauthenticated || reason.code == ErrorCode::protocol_version) {
        env_.log.write(LogLevel::warning, "host",
                       "peer " + link.options().endpoint.to_string() + ": " + reason.to_string());
    }
}

void ReplicaHost::on_link_frame(wire::Link&, wire::Frame) {
    // Peers answer on the connection they were asked on and ask on their own; nothing else is expected.
}

wire::HelloReply ReplicaHost::greeting() {
    wire::HelloReply reply;
    reply.cluster = options_.cluster;
    reply.node = options_.self;
    reply.time = metadata_->catalogue().time();
    return reply;
}

void ReplicaHost::find_secret(const std::string& name,
                              Callback<void(Result<std::optional<std::vector<uint8_t>>>)> done) {
    const std::optional<NamedNode> node = parse_node_name(name);
    if (!node) return done(std::optional<std::vector<uint8_t>>());
    // A node whose disk was wiped comes back under another uuid: it has forgotten what it promised and
    // must not take part under its old id (R11).
    const metadata::NodeRecord* known = known_node(node->id);
    if (known != nullptr && known->uuid && known->uuid != node->uuid) {
        env_.log.write(LogLevel::error, "host",
                       "refused " + printable(name) + ": node " + std::to_string(node->id.value) +
                           " is known with another disk; give the new disk a new node id");
        return done(std::optional<std::vector<uint8_t>>());
    }
    done(std::optional<std::vector<uint8_t>>(wire::peer_secret(options_.cluster_secret)));
}

void ReplicaHost::on_session(std::unique_ptr<wire::FrameConnection> connection,
                             const std::string& name) {
    const uint64_t id = next_session_++;
    sessions_.emplace(id, std::make_unique<PeerSession>(env_, *this, id, std::move(connection), name));
}

// Called from inside the session: it is destroyed from the loop.
void ReplicaHost::session_ended(uint64_t session) {
    auto found = sessions_.find(session);
    if (found == sessions_.end()) return;
    sessions_ended_.push_back(std::move(found->second));
    sessions_.erase(found);
    env_.loop.post(guard_.wrap([this] { std::exchange(sessions_ended_, {}); }));
}

void ReplicaHost::send_snapshot(GroupReplica& group, NodeId peer) {
    const auto key = std::make_pair(group.group(), peer);
    const auto to_peer = std::count_if(senders_.begin(), senders_.end(),
                                       [peer](const auto& sender) { return sender.first.second == peer; });
    if (!peers_.contains(peer) || senders_.contains(key) ||
        !turns_.admit(peer, group.group(), static_cast<size_t>(to_peer), env_.clock.now())) {
        env_.loop.post(guard_.wrap([&group, peer] { group.snapshot_sent(peer, LogIndex{}, false); }));
        return;
    }
    auto sender = std::make_unique<SnapshotSender>(
        env_, group, options_.self,
        [this, peer](wire::FrameKind kind, wire::Encoded message, Instant deadline,
                     Callback<void(Result<wire::Frame>)> answered) {
            ask_peer(peer, kind, std::move(message), deadline, std::move(answered));
        },
        [this, &group, peer, key](LogIndex index, bool ok) {
            group.snapshot_sent(peer, index, ok);
            senders_.erase(key);
            const auto other = senders_.lower_bound({key.first, NodeId{}});
            const bool more = other != senders_.end() && other->first.first == key.first;
            group.set_activity(Activity::sending_snapshot, more);
        });
    SnapshotSender& started = *sender;
    senders_.emplace(key, std::move(sender));
    group.set_activity(Activity::sending_snapshot, true);
    started.start();
}

void ReplicaHost::snapshot_offer(const wire::SnapshotOffer& offer,
                                 Callback<void(wire::SnapshotReply)> done) {
    wire::SnapshotReply refusal;
    refusal.group = offer.group;
    refusal.snapshot_index = offer.meta.index;
    auto found = groups_.find(offer.group);
    if (found == groups_.end() || found->second->incarnation() != offer.incarnation ||
        !found->second->wants_snapshot(offer.meta, offer.from, offer.term)) {
        return done(refusal);
    }
    auto& receiver = receivers_[offer.group];
    if (receiver != nullptr) {
        if (receiver->busy()) return done(refusal);
        receiver->give_up();
    }
    receiver = std::make_unique<SnapshotReceiver>(*storage_, *found->second, offer);
    found->second->snapshot_arrives();
    receiver->start(std::move(done));
}

// Their sender has gone, or sends no more.
void ReplicaHost::forget_overtaken_snapshots() {
    std::erase_if(receivers_, [](const auto& entry) {
        if (!entry.second->overtaken()) return false;
        entry.second->give_up();
        return true;
    });
}

void ReplicaHost::snapshot_chunk(wire::SnapshotChunk chunk, Callback<void(wire::SnapshotReply)> done) {
    auto found = receivers_.find(chunk.group);
    if (found == receivers_.end()) {
        wire::SnapshotReply refusal;
        refusal.group = chunk.group;
        refusal.snapshot_index = chunk.snapshot_index;
        return done(refusal);
    }
    SnapshotReceiver& receiver = *found->second;
    if (auto group = groups_.find(chunk.group); group != groups_.end()) {
        group->second->snapshot_arrives();
    }
    receiver.chunk(std::move(chunk), [this, done = std::move(done), key = found->first](
                                         const wire::SnapshotReply& reply) mutable {
        done(reply);
        env_.loop.post(guard_.wrap([this, key] {
            auto ended = receivers_.find(key);
            if (ended != receivers_.end() && ended->second->ended()) receivers_.erase(ended);
        }));
    });
}

}  // namespace quern::replica
