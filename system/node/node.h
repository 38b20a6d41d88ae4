// The composition root: one node of the cluster, in either role or both, on any Env. quernd runs it on
// system/os, the simulator runs the very same object on its own world.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "system/balancer/balancer.h"
#include "system/base/limits.h"
#include "system/io/env.h"
#include "system/node/node_pages.h"
#include "system/replica/host.h"

namespace quern::node {

enum class Role : uint8_t { all, balancer, storage };

struct Config {
    Role role = Role::all;
    NodeId self;
    ClusterId cluster;
    Endpoint client_at;  // balancer, all
    Endpoint peer_at;    // storage, all
    std::optional<Endpoint> admin_at;  // health and metrics over HTTP (node_pages.h); nothing: off
    std::vector<uint8_t> cluster_secret;  // 32 bytes; all keys of the cluster are derived from it
    std::vector<metadata::NodeRecord> nodes;  // the first storage nodes; the same everywhere
    uint32_t data_groups = 4;
    uint32_t replication = 3;
    // The administrator of a new cluster.
    std::string admin_key_id = "admin";
    std::string admin_secret;
    Duration election_timeout = Duration::milliseconds(1000);
    Duration heartbeat_interval = Duration::milliseconds(100);
    Duration ping_interval = Duration::milliseconds(1000);
    size_t snapshot_entries = 50'000;
    storage::Options storage;
    replica::ReplicaObserver* observer = nullptr;  // the harness's; must outlive the node
};

constexpr uint32_t data_groups_max = limits::groups_max - 1;  // group 0 is the catalogue's

// invalid_argument naming the field that is wrong or missing.
Result<void> validate(const Config& config);

class Node {
public:
    // `fatal` runs once if the node must stop: its disk failed.
    Node(Env& env, Config config, Callback<void(const Error&)> fatal);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    void start(Callback<void(Result<void>)> ready);
    // Refuses new work, finishes what is under way, hands leadership on; `done` within `limit`.
    void drain(Duration limit, Callback<void()> done);
    // Storage: every local group knows a leader. Balancer: the catalogue is fresh.
    bool healthy() const;
    // Why this node should be sent no requests now; empty if it should.
    std::string reason_not_ready() const;
    // The storage role is recovered and at work.
    bool storing() const { return host_ != nullptr && started_; }
    // Of a started node that has one.
    const AdminEndpoint* admin() const { return admin_.get(); }
    replica::ReplicaHost* host() { return host_.get(); }  // null without storage
    balancer::Balancer* balancer() { return balancer_.get(); }
    const Config& config() const { return config_; }

private:
    class Local;
    Result<void> start_admin();
    void start_balancer(Callback<void(Result<void>)> ready);

    Env& env_;
    Config config_;
    Callback<void(const Error&)> fatal_;
    bool started_ = false;
    bool draining_ = false;
    std::unique_ptr<NodePages> pages_;
    std::unique_ptr<AdminEndpoint> admin_;
    std::unique_ptr<replica::ReplicaHost> host_;
    std::unique_ptr<Local> local_;
    std::unique_ptr<balancer::Balancer> balancer_;
    OwnedTimer drain_timer_;
    LifeGuard guard_;
};

}  // namespace quern::node
