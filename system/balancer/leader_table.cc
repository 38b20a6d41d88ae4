#include "system/balancer/leader_table.h"

#include <algorithm>

#include "system/balancer/upstreams.h"

namespace quern::balancer {

namespace {

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace

void LeaderTable::set_groups(const std::map<GroupId, metadata::GroupRecord>& groups) {
    placement_.clear();
    for (const auto& [id, record] : groups) placement_[id] = record.replicas;
    std::erase_if(leaders_, [this](const auto& entry) {
        return !may_lead(entry.first, entry.second);
    });
}

std::vector<NodeId> LeaderTable::replicas(GroupId group) const {
    auto found = placement_.find(group);
    if (found != placement_.end() && !found->second.empty()) return found->second;
    return upstreams_.nodes();
}

bool LeaderTable::may_lead(GroupId group, NodeId node) const {
    auto found = placement_.find(group);
    if (found == placement_.end() || found->second.empty()) return true;
    return contains(found->second, node);
}

NodeId LeaderTable::leader(GroupId group) const {
    auto found = leaders_.find(group);
    return found == leaders_.end() ? NodeId{} : found->second;
}

void LeaderTable::learned(GroupId group, NodeId leader) {
    if (leader && may_lead(group, leader)) leaders_[group] = leader;
}

void LeaderTable::not_leader(GroupId group, NodeId node) {
    auto found = leaders_.find(group);
    if (found != leaders_.end() && found->second == node) leaders_.erase(found);
}

NodeId LeaderTable::pick(GroupId group, const std::vector<NodeId>& tried) {
    const NodeId guess = leader(group);
    if (guess && !contains(tried, guess) && upstreams_.connected(guess) &&
        !upstreams_.suspect(guess)) {
        return guess;
    }
    const std::vector<NodeId> nodes = replicas(group);
    if (nodes.empty()) return NodeId{};
    const size_t start = turn_++ % nodes.size();
    NodeId suspected;
    for (size_t i = 0; i < nodes.size(); ++i) {
        const NodeId node = nodes[(start + i) % nodes.size()];
        if (contains(tried, node) || !upstreams_.connected(node)) continue;
        if (!upstreams_.suspect(node)) return node;
        if (!suspected) suspected = node;
    }
    return tried.empty() ? suspected : NodeId{};
}

}  // namespace quern::balancer
