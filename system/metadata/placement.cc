#include "system/metadata/placement.h"

#include <algorithm>

#include "system/base/prng.h"

namespace quern::metadata {

std::vector<NodeId> place_replicas(GroupId group, const std::vector<NodeRecord>& nodes,
                                   uint32_t replication) {
    std::vector<NodeId> storage;
    for (const NodeRecord& node : nodes) {
        if (node.storage && node.state == NodeStateKind::active) storage.push_back(node.id);
    }
    std::sort(storage.begin(), storage.end());
    const size_t wanted = group == metadata_group ? storage.size() : replication;
    const size_t count = std::min(wanted, storage.size());
    std::vector<NodeId> replicas;
    for (size_t i = 0; i < count; ++i) {
        replicas.push_back(storage[(group.value + i) % storage.size()]);
    }
    std::sort(replicas.begin(), replicas.end());
    return replicas;
}

Uuid group_incarnation(Uuid seed, GroupId group) {
    const Uuid uuid{draw(seed.high, seed.low, group.value, 0),
                    draw(seed.high, seed.low, group.value, 1)};
    return uuid ? uuid : Uuid{0, 1};
}

}  // namespace quern::metadata
