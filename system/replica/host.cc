#include "system/replica/host.h"

#include <fmt/format.h>

#include <algorithm>

#include "system/base/prng.h"
#include "system/replica/peer_session.h"

namespace quern::replica {

namespace {

ClusterClock::Options clock_options() { return {}; }

// Beside the reserve; more than this and the oldest is worth a snapshot.
constexpr uint64_t wal_segments_kept = 6;

// Group 0 has no record that could hold its incarnation before it runs: it follows from the cluster's.
Uuid metadata_incarnation(const ClusterId& cluster) {
    return {mix64(cluster.high ^ 0x6d657461), mix64(cluster.low)};
}

}  // namespace

std::string node_name(NodeId node, const NodeUuid& uuid) {
    return fmt::format("node:{}:{:016x}{:016x}", node.value, uuid.high, uuid.low);
}

ReplicaHost::ReplicaHost(Env& env, HostOptions options, Callback<void(const Error&)> fatal)
    : env_(env), options_(std::move(options)), fatal_(std::move(fatal)),
      clock_(clock_options(), options_.self, options_.nodes.size()),
      outbox_(env, options_.self, options_.observer, [this](NodeId to) { return detour(to); }),
      turns_(options_.heartbeat_interval * 4 + Duration::seconds(1)), ping_timer_(env.timers) {
    metadata_ = std::make_unique<MetadataReplica>(*this, clock_, options_.self,
                                                  [this] { catalogue_changed(); });
}

ReplicaHost::~ReplicaHost() {
    // Sessions cancel their forwards in the groups, so they go first.
    sessions_.clear();
    sessions_ended_.clear();
}

void ReplicaHost::start(Callback<void(Result<void>)> ready) {
    storage::NodeStorage::read_superblock(
        env_, guard_.wrap([this, ready = std::move(ready)](Result<storage::Superblock> found) mutable {
            if (!found && found.error().code != ErrorCode::not_found) {
                return ready(fail(std::move(found.error())));
            }
            if (found) {
                if (found->cluster != options_.cluster || found->node != options_.self) {
                    return ready(fail(
                        ErrorCode::data_foreign,
                        fmt::format("the data directory belongs to node {} of cluster {:016x}, not to "
                                    "node {} of cluster {:016x}",
                                    found->node.value, found->cluster.high, options_.self.value,
                                    options_.cluster.high)));
                }
                return open_storage(std::move(ready));
            }
            storage::Superblock identity;
            identity.cluster = options_.cluster;
            identity.node = options_.self;
            identity.node_uuid = {env_.entropy.next(), env_.entropy.next() | 1};
            storage::NodeStorage::format(
                env_, identity,
                guard_.wrap([this, ready = std::move(ready)](Result<void> formatted) mutable {
                    if (!formatted) return ready(fail(std::move(formatted.error())));
                    open_storage(std::move(ready));
                }));
        }));
}

void ReplicaHost::open_storage(Callback<void(Result<void>)> ready) {
    storage::NodeStorage::open(
        env_, options_.storage,
        guard_.wrap([this, ready = std::move(ready)](
                        Result<std::unique_ptr<storage::NodeStorage>> opened_storage) mutable {
            if (!opened_storage) return ready(fail(std::move(opened_storage.error())));
            opened(std::move(*opened_storage), std::move(ready));
        }));
}

void ReplicaHost::opened(std::unique_ptr<storage::NodeStorage> storage,
                         Callback<void(Result<void>)> ready) {
    storage_ = std::move(storage);
    Result<void> listening = open_port();
    if (!listening) return ready(std::move(listening));
    for (storage::RecoveredGroup& group : storage_->take_recovered()) {
        recovered_.emplace(group.group, std::move(group));
    }
    connect_peers();
    start_groups(std::move(ready));
}

// Group 0 and every group found on disk; the last to be ready answers.
void ReplicaHost::start_groups(Callback<void(Result<void>)> ready) {
    auto shared = std::make_shared<Callback<void(Result<void>)>>(std::move(ready));
    std::vector<NodeId> members;
    for (const metadata::NodeRecord& node : options_.nodes) members.push_back(node.id);
    std::sort(members.begin(), members.end());
    std::map<GroupId, storage::RecoveredGroup> found = std::exchange(recovered_, {});
    found.try_emplace(metadata_group);
    groups_loading_ = found.size();
    for (auto& [id, group] : found) {
        Uuid incarnation = group.incarnation;
        if (id == metadata_group) incarnation = metadata_incarnation(options_.cluster);
        start_group(id, incarnation, members, std::move(group),
                    guard_.wrap([this, shared](Result<void> started) {
                        if (!started && *shared) std::exchange(*shared, nullptr)(std::move(started));
                        if (--groups_loading_ > 0 || !*shared) return;
                        ping_peers();
                        place_groups();
                        std::exchange(*shared, nullptr)({});
                    }));
    }
}

void ReplicaHost::start_group(GroupId group, const Uuid& incarnation,
                              const std::vector<NodeId>& replicas,
                              storage::RecoveredGroup recovered, Callback<void(Result<void>)> ready) {
    StateMachine* machine = metadata_.get();
    if (group != metadata_group) {
        DataReplica::Options options;
        options.self = options_.self;
        options.receipt_key = derive_key(options_.cluster_secret, "receipt");
        auto data = std::make_unique<DataReplica>(*this, clock_, options);
        machine = data.get();
        data_.emplace(group, std::move(data));
    }
    GroupReplica::Options options;
    options.raft.group = group;
    options.raft.self = options_.self;
    options.raft.election_timeout = options_.election_timeout;
    options.raft.heartbeat_interval = options_.heartbeat_interval;
    options.raft.seed = env_.entropy.next();
    options.raft.hibernate_after = options_.election_timeout * 4;
    options.raft.faults = &env_.faults;
    options.incarnation = incarnation;
    options.initial.voters = replicas;
    options.snapshot_entries = options_.snapshot_entries;
    auto replica = std::make_unique<GroupReplica>(*this, std::move(options), *machine);
    GroupReplica& started = *replica;
    groups_.emplace(group, std::move(replica));
    if (group == metadata_group) {
        metadata_->set_replica(started);
    } else {
        data_.at(group)->set_replica(started);
    }
    started.start(std::move(recovered), std::move(ready));
}

void ReplicaHost::catalogue_changed() {
    env_.loop.post(guard_.wrap([this] { place_groups(); }));
}

// Groups that the catalogue places here and that do not run yet. A group that is no longer placed here
// stays until its removal is a command of its own: data is never deleted on an inference (3.23).
void ReplicaHost::place_groups() {
    if (storage_ == nullptr || groups_loading_ > 0 || failed_) return;
    for (const metadata::GroupRecord& record : metadata_->catalogue().groups()) {
        const bool here = std::binary_search(record.replicas.begin(), record.replicas.end(),
                                             options_.self);
        if (!here || record.id == metadata_group || groups_.contains(record.id)) continue;
        start_group(record.id, record.incarnation, record.replicas, {}, [](Result<void> started) {
            QUERN_ASSERT(started.has_value());  // nothing to load
        });
    }
}

// The first command of the cluster, by whichever node leads first; a second one is refused by apply.
void ReplicaHost::bootstrap_if_needed() {
    if (bootstrapping_ || metadata_->catalogue().bootstrapped()) return;
    if (!groups_.at(metadata_group)->status().leader_ready) return;
    bootstrapping_ = true;
    metadata::Bootstrap bootstrap;
    bootstrap.cluster = options_.cluster;
    bootstrap.nodes = options_.nodes;
    bootstrap.data_groups = options_.data_groups;
    bootstrap.replication = options_.replication;
    bootstrap.seed = {env_.entropy.next(), env_.entropy.next()};
    bootstrap.first_user = options_.first_user;
    metadata::Command command;
    command.operation = std::move(bootstrap);
    metadata_->submit(std::move(command), guard_.wrap([this](Result<metadata::Reply> reply) {
        bootstrapping_ = false;
        if (reply || metadata_->catalogue().bootstrapped()) return;
        // No agreed time yet, or leadership went: the next ping or status change tries again.
        env_.log.write(LogLevel::info, "host", "bootstrap waits: " + reply.error().to_string());
    }));
}

const metadata::NodeRecord* ReplicaHost::known_node(NodeId node) const {
    return metadata_->catalogue().find_node(node);
}

// Tells the catalogue which disk this node id belongs to, once; from then on peers refuse another.
void ReplicaHost::register_uuid() {
    const metadata::NodeRecord* known = known_node(options_.self);
    const NodeUuid& own = storage_->superblock().node_uuid;
    if (known == nullptr || known->uuid == own) return;
    if (known->uuid) {
        return storage_failed(Error(
            ErrorCode::data_foreign,
            fmt::format("node {} is known to the cluster with another disk", options_.self.value)));
    }
    metadata::NodeRecord record = *known;
    record.uuid = own;
    metadata::Command command;
    command.operation = metadata::UpdateNode{std::move(record)};
    const NodeId leader = groups_.at(metadata_group)->status().leader;
    if (leader == options_.self) return metadata_->submit(std::move(command), [](auto) {});
    auto peer = peers_.find(leader);
    if (peer == peers_.end() || !peer->second.link->up()) return;
    peer->second.link->request(wire::FrameKind::query,
                               wire::encode(wire::Query(wire::Change{std::move(command)})),
                               env_.clock.now() + options_.ping_interval, [](auto) {});
}

// A group with little traffic takes few snapshots; if it holds the oldest segment, it takes one now.
void ReplicaHost::free_log_space() {
    if (storage_->wal_bytes() <= wal_segments_kept * options_.storage.segment_bytes) return;
    for (GroupId group : storage_->groups_pinning_oldest_segment()) {
        auto found = groups_.find(group);
        if (found != groups_.end() && found->second->started()) found->second->take_snapshot();
    }
}

void ReplicaHost::status_changed(GroupReplica& group) {
    if (group.group() == metadata_group) bootstrap_if_needed();
}

void ReplicaHost::storage_failed(const Error& error) {
    if (failed_) return;
    failed_ = true;
    env_.log.write(LogLevel::error, "host", "stopping: " + error.to_string());
    env_.loop.post(guard_.wrap([this, error] { fatal_(error); }));
}

bool ReplicaHost::healthy() const {
    if (storage_ == nullptr || failed_ || !metadata_->catalogue().bootstrapped()) return false;
    for (const auto& [id, group] : groups_) {
        if (!group->started() || !group->status().leader) return false;
    }
    return true;
}

void ReplicaHost::drain() {
    draining_ = true;
    for (auto& [id, group] : groups_) {
        if (group->started() && group->status().role == raft::Role::leader) hand_over(*group);
    }
}

void ReplicaHost::hand_over(GroupReplica& group) {
    const std::vector<raft::PeerStatus> peers = group.peers();
    const raft::PeerStatus* best = nullptr;
    for (const raft::PeerStatus& peer : peers) {
        if (peer.id == options_.self || peer.learner || !peer.active) continue;
        if (best == nullptr || peer.match > best->match) best = &peer;
    }
    const bool handed = best != nullptr && group.transfer_leadership(best->id).has_value();
    if (!handed) group.step_down();
}

bool ReplicaHost::disk_is_stuck() const {
    constexpr Duration patience = Duration::seconds(3);
    return !writes_begun_.empty() && env_.clock.now() - writes_begun_.front() > patience;
}

// A majority without this node commits what its own disk has no room for, or does not finish: that must not
// pile up here, and what is read from such a disk may never come (faults.md S119).
void ReplicaHost::leave_bad_disk() {
    if (storage_ == nullptr || (!storage_->holds_writes() && !disk_is_stuck())) return;
    for (auto& [id, group] : groups_) {
        const bool leads = group->started() && group->status().role == raft::Role::leader;
        if (leads && group->configuration().voters.size() > 1) hand_over(*group);
    }
}

const DataReplica* ReplicaHost::data(GroupId group) const {
    auto found = data_.find(group);
    return found != data_.end() ? found->second.get() : nullptr;
}

}  // namespace quern::replica
