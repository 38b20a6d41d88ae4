// The cluster's status, put together from what every node says of its groups, and the transfer of a
// group's leadership. Both need the permission to administer.
#pragma once

#include "system/balancer/catalogue_request.h"
#include "system/balancer/leader_table.h"

namespace quern::balancer {

std::unique_ptr<ActiveRequest> make_cluster_request(const Context& context, AnswerSink& sink,
                                                    Identity& identity, Arrived arrived);

// What the nodes said; null for one that did not answer.
using NodeReports = std::map<NodeId, std::optional<wire::GroupStatusAnswer>>;
wire::ClusterStatusResponse merge_status(const std::map<NodeId, metadata::NodeRecord>& nodes,
                                         const std::map<GroupId, metadata::GroupRecord>& groups,
                                         const NodeReports& reports);

}  // namespace quern::balancer
