// A whole Quern cluster in a simulated world: machines s1..sN run storage nodes (or both roles), b1..bM
// balancers. The node objects are the ones quernd runs. A machine that starts again boots a new node on
// its old disk, as a process would.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/world/world.h"
#include "system/node/node.h"

namespace quern::sim {

struct ClusterShape {
    uint32_t storage_nodes = 3;
    uint32_t balancers = 2;   // 0: the storage nodes run both roles
    uint32_t data_groups = 2;
    uint32_t replication = 3;
    Duration election_timeout = Duration::milliseconds(500);
    Duration heartbeat_interval = Duration::milliseconds(100);
    Duration ping_interval = Duration::milliseconds(1000);
    size_t snapshot_entries = 2'000;
    uint64_t segment_bytes = 1u << 20;
    uint64_t payload_cache_bytes = 0;  // 0: four segments
    ClockOptions clock{};
    DiskOptions disk{};
    uint16_t admin_port = 0;  // of every node; 0: none
    replica::ReplicaObserver* observer = nullptr;
};

constexpr uint16_t peer_port = 9000;
constexpr uint16_t client_port = 9100;
constexpr const char* admin_key_id = "admin";
constexpr const char* admin_secret = "the administrator's secret";

class Cluster {
public:
    // The machines are added to `world`, which must outlive this object.
    Cluster(World& world, const ClusterShape& shape);
    ~Cluster();
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    const ClusterShape& shape() const { return shape_; }
    // Called when a machine's node begins to start (false), and when it has started or failed to (true).
    void on_boot(Callback<void(const Machine&, bool over)> told) { told_ = std::move(told); }
    // Where clients connect.
    std::vector<Endpoint> client_endpoints() const;
    const std::vector<Machine*>& storage_machines() const { return storage_; }
    const std::vector<Machine*>& balancer_machines() const { return balancers_; }
    std::vector<Machine*> machines() const;

    // The node object of a machine's present life; nullptr while it is down or failed to start.
    node::Node* node_on(const Machine& machine);
    replica::ReplicaHost* host_on(const Machine& machine);
    // The host whose replica leads the group and may serve, if there is one.
    replica::ReplicaHost* leader_of(GroupId group);

    // Runs the world until every group has a ready leader and every balancer is fresh; false if that
    // takes longer than `within`.
    bool wait_healthy(Duration within);
    bool healthy();

    struct StartFailure {
        std::string machine;
        Error error;
    };
    // Nodes that refused to start, or stopped because their disk failed, in order.
    const std::vector<StartFailure>& start_failures() const { return start_failures_; }
    const std::vector<StartFailure>& fatal_stops() const { return fatal_stops_; }

private:
    struct Place {
        Machine* machine = nullptr;
        node::Config config;
        std::unique_ptr<node::Node> node;
        bool started = false;
    };
    void add_place(const std::string& name, node::Role role, NodeId id);
    void boot(Place& place);

    World& world_;
    ClusterShape shape_;
    std::vector<metadata::NodeRecord> records_;
    std::vector<std::unique_ptr<Place>> places_;  // by machine index minus the first one's
    std::vector<Machine*> storage_;
    std::vector<Machine*> balancers_;
    Callback<void(const Machine&, bool over)> told_;
    std::vector<StartFailure> start_failures_;
    std::vector<StartFailure> fatal_stops_;
};

}  // namespace quern::sim
