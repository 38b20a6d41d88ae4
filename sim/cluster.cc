#include "sim/cluster.h"

#include <fmt/format.h>

namespace quern::sim {

namespace {

std::vector<uint8_t> cluster_secret() { return std::vector<uint8_t>(32, 0x51); }

}  // namespace

Cluster::Cluster(World& world, const ClusterShape& shape) : world_(world), shape_(shape) {
    for (uint32_t i = 1; i <= shape_.storage_nodes; ++i) {
        metadata::NodeRecord record;
        record.id = NodeId(i);
        record.host = fmt::format("s{}", i);
        record.peer_port = peer_port;
        record.client_port = shape_.balancers == 0 ? client_port : 0;
        records_.push_back(std::move(record));
    }
    const node::Role storage_role = shape_.balancers == 0 ? node::Role::all : node::Role::storage;
    for (uint32_t i = 1; i <= shape_.storage_nodes; ++i) {
        add_place(fmt::format("s{}", i), storage_role, NodeId(i));
    }
    for (uint32_t i = 1; i <= shape_.balancers; ++i) {
        add_place(fmt::format("b{}", i), node::Role::balancer, NodeId(1000 + i));
    }
    for (std::unique_ptr<Place>& place : places_) {
        Place* p = place.get();
        p->machine->set_program([this, p](Machine&) -> std::shared_ptr<void> {
            boot(*p);
            return {p, [](void* place_of_dead) {
                        static_cast<Place*>(place_of_dead)->started = false;
                        static_cast<Place*>(place_of_dead)->node.reset();
                    }};
        });
    }
}

Cluster::~Cluster() {
    for (std::unique_ptr<Place>& place : places_) {
        if (place->machine->running()) place->machine->kill();
    }
}

void Cluster::add_place(const std::string& name, node::Role role, NodeId id) {
    MachineOptions options;
    options.name = name;
    options.clock = shape_.clock;
    options.disk = shape_.disk;
    auto place = std::make_unique<Place>();
    place->machine = &world_.add_machine(std::move(options));
    node::Config& config = place->config;
    config.role = role;
    config.self = id;
    config.cluster = {0x7175726e, 0x73696d};
    config.client_at = {name, client_port};
    config.peer_at = {name, peer_port};
    if (shape_.admin_port != 0) config.admin_at = Endpoint{name, shape_.admin_port};
    config.cluster_secret = cluster_secret();
    config.nodes = records_;
    config.data_groups = shape_.data_groups;
    config.replication = shape_.replication;
    config.admin_key_id = admin_key_id;
    config.admin_secret = admin_secret;
    config.election_timeout = shape_.election_timeout;
    config.heartbeat_interval = shape_.heartbeat_interval;
    config.ping_interval = shape_.ping_interval;
    config.observer = shape_.observer;
    config.snapshot_entries = shape_.snapshot_entries;
    config.storage.segment_bytes = shape_.segment_bytes;
    config.storage.body_segment_bytes = shape_.segment_bytes;
    config.storage.payload_cache_bytes =
        shape_.payload_cache_bytes != 0 ? shape_.payload_cache_bytes : shape_.segment_bytes * 4;
    config.storage.soft_free_bytes = shape_.segment_bytes * 4;
    config.storage.hard_free_bytes = shape_.segment_bytes * 2;
    (role == node::Role::balancer ? balancers_ : storage_).push_back(place->machine);
    places_.push_back(std::move(place));
}

void Cluster::boot(Place& place) {
    Place* p = &place;
    p->started = false;
    if (told_) told_(*p->machine, false);
    p->node = std::make_unique<node::Node>(p->machine->env(), p->config, [this, p](const Error& error) {
        fatal_stops_.push_back({p->machine->name(), error});
        // The process exits once this call has returned.
        world_.scheduler().after(Duration::zero(), world_owner, EventKind::user,
                                 p->machine->identity(), [p, life = p->machine->life()] {
                                     if (p->machine->running() && p->machine->life() == life) {
                                         p->machine->kill();
                                     }
                                 });
    });
    p->node->start([this, p](Result<void> started) {
        p->started = started.has_value();
        if (told_) told_(*p->machine, true);
        if (!started) start_failures_.push_back({p->machine->name(), started.error()});
    });
}

std::vector<Endpoint> Cluster::client_endpoints() const {
    std::vector<Endpoint> endpoints;
    for (const Machine* machine : balancers_.empty() ? storage_ : balancers_) {
        endpoints.push_back({machine->name(), client_port});
    }
    return endpoints;
}

std::vector<Machine*> Cluster::machines() const {
    std::vector<Machine*> all = storage_;
    all.insert(all.end(), balancers_.begin(), balancers_.end());
    return all;
}

node::Node* Cluster::node_on(const Machine& machine) {
    for (std::unique_ptr<Place>& place : places_) {
        if (place->machine == &machine && place->started) return place->node.get();
    }
    return nullptr;
}

replica::ReplicaHost* Cluster::host_on(const Machine& machine) {
    node::Node* node = node_on(machine);
    return node != nullptr ? node->host() : nullptr;
}

replica::ReplicaHost* Cluster::leader_of(GroupId group) {
    for (const Machine* machine : storage_) {
        replica::ReplicaHost* host = host_on(*machine);
        if (host == nullptr) continue;
        auto found = host->groups().find(group);
        if (found != host->groups().end() && found->second->started() &&
            found->second->status().leader_ready) {
            return host;
        }
    }
    return nullptr;
}

bool Cluster::healthy() {
    for (uint32_t group = 0; group <= shape_.data_groups; ++group) {
        if (leader_of(GroupId(group)) == nullptr) return false;
    }
    for (std::unique_ptr<Place>& place : places_) {
        if (!place->started || place->node == nullptr || !place->node->healthy()) return false;
    }
    return true;
}

bool Cluster::wait_healthy(Duration within) {
    return world_.run_until([this] { return healthy(); }, within);
}

}  // namespace quern::sim
