#include <algorithm>

#include "system/balancer/cluster_requests.h"

namespace quern::balancer {

namespace {

using Status = wire::ClusterStatusResponse;
using Report = wire::GroupStatusAnswer::Group;

const Report* report_of(const NodeReports& reports, NodeId node, GroupId group) {
    auto found = reports.find(node);
    if (found == reports.end() || !found->second) return nullptr;
    for (const Report& report : found->second->groups) {
        if (report.id == group) return &report;
    }
    return nullptr;
}

// Of several that think they lead, the one of the highest term does.
Status::Group merge_group(const metadata::GroupRecord& record, const NodeReports& reports) {
    Status::Group group;
    group.id = record.id;
    for (const NodeId node : record.replicas) {
        const Report* report = report_of(reports, node, record.id);
        Status::Replica replica;
        replica.node = node;
        replica.reachable = report != nullptr;
        if (report != nullptr) {
            replica.applied = report->applied;
            group.commit = std::max(group.commit, report->commit);
            if (report->is_leader && report->term >= group.term) group.leader = node;
            if (!report->is_leader && report->term > group.term) group.leader = NodeId{};
            group.term = std::max(group.term, report->term);
        }
        group.replicas.push_back(replica);
    }
    for (Status::Replica& replica : group.replicas) replica.leader = replica.node == group.leader;
    return group;
}

bool healthy(const Status::Group& group) {
    return group.leader && std::all_of(group.replicas.begin(), group.replicas.end(),
                                       [](const Status::Replica& r) { return r.reachable; });
}

}  // namespace

wire::ClusterStatusResponse merge_status(const std::map<NodeId, metadata::NodeRecord>& nodes,
                                         const std::map<GroupId, metadata::GroupRecord>& groups,
                                         const NodeReports& reports) {
    Status status;
    for (const auto& [id, record] : nodes) {
        auto found = reports.find(id);
        const bool reachable = found != reports.end() && found->second.has_value();
        status.nodes.push_back({record, reachable});
        if (!reachable) continue;
        // Only nodes with a replica of the catalogue know; a lagging one knows less.
        status.queues = std::max(status.queues, found->second->queues);
        status.users = std::max(status.users, found->second->users);
    }
    status.healthy = !groups.empty();
    for (const auto& [id, record] : groups) {
        status.groups.push_back(merge_group(record, reports));
        status.healthy = status.healthy && healthy(status.groups.back());
    }
    return status;
}

}  // namespace quern::balancer
