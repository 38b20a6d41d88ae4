// Where groups are and who leads them, as far as this balancer knows: placement from the catalogue,
// leaders learned from answers. Guesses are hints: a wrong one costs a hop. Pure but for Upstreams'
// knowledge of who is connected.
#pragma once

#include <map>
#include <vector>

#include "system/metadata/types.h"

namespace quern::balancer {

class Upstreams;

class LeaderTable {
public:
    explicit LeaderTable(const Upstreams& upstreams) : upstreams_(upstreams) {}

    void set_groups(const std::map<GroupId, metadata::GroupRecord>& groups);
    // The nodes that may lead `group`: its replicas, or all storage nodes while its placement is not
    // known (before the catalogue was read, or right after the group was made).
    std::vector<NodeId> replicas(GroupId group) const;
    bool may_lead(GroupId group, NodeId node) const;

    NodeId leader(GroupId group) const;  // 0: no guess
    void learned(GroupId group, NodeId leader);
    // `node` said it does not lead, or cannot be reached.
    void not_leader(GroupId group, NodeId node);

    // The best node to ask that is not in `tried`: the leader guess, then connected replicas in turn. A
    // suspect only as the first one, if there are no others: who waits for it would miss the next leader.
    // 0 if none is left.
    NodeId pick(GroupId group, const std::vector<NodeId>& tried);

private:
    const Upstreams& upstreams_;
    std::map<GroupId, std::vector<NodeId>> placement_;
    std::map<GroupId, NodeId> leaders_;
    size_t turn_ = 0;
};

}  // namespace quern::balancer
