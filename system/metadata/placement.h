// Where groups and queues go. Pure; the composition root uses the same functions for group 0, which
// runs before the catalogue knows it.
#pragma once

#include "system/metadata/types.h"

namespace quern::metadata {

// Group 0 stands on all storage nodes: each needs the catalogue. Others round robin: group g on
// `replication` of them, starting at the one with index g mod n in the order of ids; on all of them if
// there are fewer. Sorted.
std::vector<NodeId> place_replicas(GroupId group, const std::vector<NodeRecord>& nodes,
                                   uint32_t replication);

// The incarnation of a group made at bootstrap.
Uuid group_incarnation(Uuid seed, GroupId group);

}  // namespace quern::metadata
