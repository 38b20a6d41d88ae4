#include "system/cli/cluster_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "system/cli/output.h"
#include "system/io/network.h"

namespace quern::cli {

namespace {

using Json = nlohmann::ordered_json;
using Status = wire::ClusterStatusResponse;

std::string state_name(metadata::NodeStateKind state) {
    switch (state) {
        case metadata::NodeStateKind::active: return "active";
        case metadata::NodeStateKind::draining: return "draining";
        case metadata::NodeStateKind::removed: break;
    }
    return "removed";
}

std::string uuid_text(const Uuid& id) { return fmt::format("{:016x}{:016x}", id.high, id.low); }

std::string address(const metadata::NodeRecord& node, uint16_t port) {
    return port == 0 ? "-" : Endpoint{node.host, port}.to_string();
}

Json to_json(const Status& status) {
    Json nodes = Json::array();
    for (const Status::Node& node : status.nodes) {
        nodes.push_back({{"node", node.record.id.value},
                         {"client", address(node.record, node.record.client_port)},
                         {"peer", address(node.record, node.record.peer_port)},
                         {"state", state_name(node.record.state)},
                         {"reachable", node.reachable}});
    }
    Json groups = Json::array();
    for (const Status::Group& group : status.groups) {
        Json replicas = Json::array();
        for (const Status::Replica& replica : group.replicas) {
            replicas.push_back({{"node", replica.node.value},
                                {"leader", replica.leader},
                                {"reachable", replica.reachable},
                                {"applied", replica.applied.value}});
        }
        groups.push_back({{"group", group.id.value},
                          {"leader", group.leader.value},
                          {"term", group.term.value},
                          {"commit", group.commit.value},
                          {"replicas", std::move(replicas)}});
    }
    return {{"cluster", uuid_text(status.cluster)}, {"healthy", status.healthy},
            {"version", status.version.value},      {"queues", status.queues},
            {"users", status.users},                {"nodes", std::move(nodes)},
            {"groups", std::move(groups)}};
}

void print_nodes(const Status& status) {
    std::vector<std::vector<std::string>> rows = {{"node", "clients at", "peers at", "state", ""}};
    for (const Status::Node& node : status.nodes) {
        rows.push_back({std::to_string(node.record.id.value),
                        address(node.record, node.record.client_port),
                        address(node.record, node.record.peer_port), state_name(node.record.state),
                        node.reachable ? "reachable" : "NOT REACHABLE"});
    }
    print_table(rows);
}

void print_groups(const Status& status) {
    std::vector<std::vector<std::string>> rows = {{"group", "leader", "term", "commit", "replicas"}};
    for (const Status::Group& group : status.groups) {
        std::string replicas;
        for (const Status::Replica& replica : group.replicas) {
            replicas += replicas.empty() ? "" : ", ";
            if (!replica.reachable) {
                replicas += fmt::format("node {} NOT REACHABLE", replica.node.value);
                continue;
            }
            const uint64_t behind = group.commit.value - std::min(group.commit, replica.applied).value;
            replicas += fmt::format("node {}", replica.node.value);
            if (behind > 0) replicas += fmt::format(" ({} behind)", grouped(behind));
        }
        rows.push_back({group.id == metadata_group ? "0 (catalogue)" : std::to_string(group.id.value),
                        group.leader ? fmt::format("node {}", group.leader.value) : "NONE",
                        std::to_string(group.term.value), std::to_string(group.commit.value), replicas});
    }
    print_table(rows);
}

}  // namespace

void print_cluster_status(const Status& status, bool json) {
    if (json) return (void)fmt::print("{}\n", to_json(status).dump());
    fmt::print("cluster {} is {}: {} queues, {} users\n\n", uuid_text(status.cluster),
               status.healthy ? "healthy" : "NOT HEALTHY", grouped(status.queues),
               grouped(status.users));
    print_nodes(status);
    fmt::print("\n");
    print_groups(status);
}

}  // namespace quern::cli
