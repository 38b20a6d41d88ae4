// The storage role of a node: its durable data, the replicas of the groups placed on it, the links to its
// peers and the port they come to. One WAL, one flush a turn, for all groups.
//
// Start: superblock (or format) → storage recovered → group 0 and every group found on disk → peer port →
// links to peers. Groups that the catalogue places here later are made when it says so.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "system/base/mac.h"
#include "system/replica/cluster_clock.h"
#include "system/replica/data_replica.h"
#include "system/replica/group_replica.h"
#include "system/replica/metadata_replica.h"
#include "system/replica/snapshot_receiver.h"
#include "system/replica/snapshot_sender.h"
#include "system/replica/snapshot_turns.h"
#include "system/wire/acceptor.h"
#include "system/wire/link.h"
#include "system/wire/relay_messages.h"

namespace quern::replica {

class PeerSession;

struct HostOptions {
    ClusterId cluster;
    NodeId self;
    Endpoint peer_at;
    std::vector<uint8_t> cluster_secret;
    // The cluster's first nodes, this one included; all host the metadata group. The same on every node.
    std::vector<metadata::NodeRecord> nodes;
    uint32_t data_groups = 4;
    uint32_t replication = 3;
    metadata::UserRecord first_user;  // its key sealed
    Duration election_timeout = Duration::milliseconds(1000);
    Duration heartbeat_interval = Duration::milliseconds(100);
    Duration ping_interval = Duration::milliseconds(1000);
    size_t snapshot_entries = 50'000;
    storage::Options storage;
    ReplicaObserver* observer = nullptr;
};

class ReplicaHost final : public GroupHost,
                          public wire::LinkHandler,
                          public wire::AcceptorHandler {
public:
    // `fatal` runs once if the node must stop (disk failed); nothing is acked after that.
    ReplicaHost(Env& env, HostOptions options, Callback<void(const Error&)> fatal);
    ~ReplicaHost() override;

    // Errors of the data directory (data_foreign, data_version_unknown, corrupt, no_space,
    // permission_denied) and of the port (address_in_use).
    void start(Callback<void(Result<void>)> ready);

    // --- the node's and peers' way in -----------------------------------------------------------
    uint64_t forward(const wire::Forward& request, Responder done);
    void cancel(uint64_t request);
    void query(wire::Query query, QueryDone done);
    // Passes a request on to another node, which cancel() may take back. The error's outcome is
    // honest.
    uint64_t relay(wire::Relay relay, Callback<void(Result<wire::Frame>)> done);
    void receive_raft(std::vector<wire::RaftMessage> messages);
    void snapshot_offer(const wire::SnapshotOffer& offer, Callback<void(wire::SnapshotReply)> done);
    void snapshot_chunk(wire::SnapshotChunk chunk, Callback<void(wire::SnapshotReply)> done);
    // What this node holds of what another one has lost.
    void repair(const wire::RepairRequest& request, Callback<void(wire::RepairReply)> done);
    void session_ended(uint64_t session);

    // Hands leadership of every group to another node and stops campaigning.
    void drain();
    bool healthy() const;  // the cluster is bootstrapped and every local group knows a leader
    bool failed() const { return failed_; }
    const Endpoint& peer_endpoint() const;

    // White box, for checkers and status.
    const std::map<GroupId, std::unique_ptr<GroupReplica>>& groups() const { return groups_; }
    const metadata::Catalogue& catalogue() const { return metadata_->catalogue(); }
    const DataReplica* data(GroupId group) const;
    const storage::NodeStorage* node_storage() const { return storage_.get(); }

    Env& env() override { return env_; }
    NodeId self() const override { return options_.self; }
    bool disk_full(NodeId node) const override;
    // Those that answer this node's pings, sorted.
    std::vector<NodeId> reached_nodes() const;
    ReplicaObserver* observer() override { return options_.observer; }

private:
    struct Peer {
        metadata::NodeRecord record;
        std::unique_ptr<wire::Link> link;
        // As its last pong said; nothing once the link is down.
        bool disk_full = false;
        std::vector<NodeId> reaches{};
        std::optional<Instant> answered_at{};
    };

    void open_storage(Callback<void(Result<void>)> ready);
    void opened(std::unique_ptr<storage::NodeStorage> storage, Callback<void(Result<void>)> ready);
    void start_groups(Callback<void(Result<void>)> ready);
    void start_group(GroupId group, const Uuid& incarnation, const std::vector<NodeId>& replicas,
                     storage::RecoveredGroup recovered, Callback<void(Result<void>)> ready);
    Result<void> open_port();
    void connect_peers();
    void ping_peers();
    void transfer_needlessly();
    void link_changed(NodeId peer);
    void catalogue_changed();
    void place_groups();
    void bootstrap_if_needed();
    void register_uuid();
    const metadata::NodeRecord* known_node(NodeId node) const;
    void free_log_space();
    void hand_over(GroupReplica& group);
    void leave_bad_disk();
    bool disk_is_stuck() const;
    void lead_from_the_middle();
    void forget_overtaken_snapshots();
    void cancel_relay(uint64_t request);
    bool reaches(NodeId node) const;
    bool heard_reaching(NodeId from, NodeId to, bool if_unknown) const;
    size_t voters_in_reach(const std::vector<NodeId>& voters, NodeId node) const;
    NodeId better_placed(GroupReplica& group) const;
    bool better_for_long(GroupReplica& group, NodeId better);
    Duration patience_with_office(GroupId group) const;
    void note_moved(GroupId group);
    // A node that this one reaches, and that reaches `to`; 0: none.
    NodeId detour(NodeId to) const;
    void ask_peer(NodeId to, wire::FrameKind kind, wire::Encoded message, Instant deadline,
                  Callback<void(Result<wire::Frame>)> done);
    // The time that an answer to a ping may take.
    Duration ping_patience() const { return options_.ping_interval * 3; }
    // With a link that elections need: long enough for a slow disk or network, short enough for the next ones.
    Duration link_patience() const {
        return std::max(options_.election_timeout * 2, Duration::seconds(1));
    }
    void schedule_flush();
    void flush();
    wire::QueryReply group_status() const;

    // GroupHost
    storage::NodeStorage& storage() override { return *storage_; }
    Outbox& outbox() override { return outbox_; }
    void mark_dirty(GroupReplica& group) override;
    void send_snapshot(GroupReplica& group, NodeId peer) override;
    std::vector<NodeId> peer_nodes() const override;
    void ask_peer(NodeId peer, const wire::RepairRequest& request,
                  Callback<void(Result<wire::RepairReply>)> done) override;
    void storage_failed(const Error& error) override;
    void status_changed(GroupReplica& group) override;
    void doubt_links() override;
    // LinkHandler
    void on_link_up(wire::Link& link, const wire::HelloReply& server) override;
    void on_link_down(wire::Link& link, const Error& reason) override;
    void on_link_frame(wire::Link& link, wire::Frame frame) override;
    // AcceptorHandler
    wire::HelloReply greeting() override;
    void find_secret(const std::string& name,
                     Callback<void(Result<std::optional<std::vector<uint8_t>>>)> done) override;
    void on_session(std::unique_ptr<wire::FrameConnection> connection,
                    const std::string& name) override;

    Env& env_;
    HostOptions options_;
    Callback<void(const Error&)> fatal_;
    ClusterClock clock_;
    Outbox outbox_;
    std::unique_ptr<storage::NodeStorage> storage_;
    std::unique_ptr<MetadataReplica> metadata_;
    std::map<GroupId, std::unique_ptr<DataReplica>> data_;
    std::map<GroupId, std::unique_ptr<GroupReplica>> groups_;
    std::map<GroupId, storage::RecoveredGroup> recovered_;
    size_t groups_loading_ = 0;
    std::vector<GroupReplica*> dirty_;
    std::vector<GroupReplica*> flushed_;  // empty, with room
    bool flush_posted_ = false;
    std::deque<Instant> writes_begun_;  // of storage; they end in the order of their beginning
    bool failed_ = false;
    bool draining_ = false;
    bool bootstrapping_ = false;
    std::map<NodeId, Peer> peers_;
    // A node that is better placed to lead a group: since when, and when that was last seen.
    struct Better {
        NodeId node;
        Instant first;
        Instant last;
    };
    std::map<GroupId, Better> better_;
    // Leadership that this node has handed to one better placed: how often lately.
    struct Moved {
        unsigned times = 0;
        Instant last;
    };
    std::map<GroupId, Moved> moved_;
    std::unique_ptr<wire::Acceptor> acceptor_;
    uint64_t next_session_ = 1;
    std::map<uint64_t, std::unique_ptr<PeerSession>> sessions_;
    std::vector<std::unique_ptr<PeerSession>> sessions_ended_;  // until the loop's next turn
    std::map<std::pair<GroupId, NodeId>, std::unique_ptr<SnapshotSender>> senders_;
    SnapshotTurns turns_;
    std::map<GroupId, std::unique_ptr<SnapshotReceiver>> receivers_;
    OwnedTimer ping_timer_;
    Instant doubted_until_;
    uint64_t next_forward_ = 1;
    // Forwards under way: which group and which number there.
    std::map<uint64_t, std::pair<GroupId, uint64_t>> forwards_;
    struct Relayed {
        NodeId to;
        uint64_t request = 0;  // of its link
        wire::FrameKind kind = wire::FrameKind::forward;
    };
    std::map<uint64_t, Relayed> relays_;  // by number, as forwards_
    LifeGuard guard_;
};

// "node:<id>:<uuid>", the name a node proves itself under on peer ports.
std::string node_name(NodeId node, const NodeUuid& uuid);

}  // namespace quern::replica
