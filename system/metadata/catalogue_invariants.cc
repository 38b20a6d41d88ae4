#include "system/metadata/catalogue_state.h"
#include "system/metadata/validate.h"

namespace quern::metadata {

std::string CatalogueState::find_contradiction() const {
    if (policy_version > version) return "the policy version is ahead of the version";
    if (!bootstrapped() &&
        (!nodes.empty() || !groups.empty() || !users.empty() || !queues.empty())) {
        return "records before bootstrap";
    }
    if (bootstrapped() && (!cluster || nodes.empty() || groups.size() < 2)) {
        return "bootstrapped without a cluster id, nodes or groups";
    }
    if (std::string found = find_placement_contradiction(); !found.empty()) return found;
    if (std::string found = find_user_contradiction(); !found.empty()) return found;
    return find_queue_contradiction();
}

std::string CatalogueState::find_placement_contradiction() const {
    if (nodes.size() > limits::nodes_max) return "too many nodes";
    if (groups.size() > limits::groups_max) return "too many groups";
    std::set<NodeUuid> uuids;
    for (const auto& [id, node] : nodes) {
        if (!node.id || node.id != id) return "a node is filed under another id";
        if (!validate_host(node.host)) return "a node has an invalid host";
        if (node.version > version) return "a node is newer than the catalogue";
        if (node.uuid && !uuids.insert(node.uuid).second) return "two nodes share a uuid";
    }
    for (const auto& [id, group] : groups) {
        if (group.id != id) return "a group is filed under another id";
        if (!group.incarnation) return "a group without incarnation";
        if (group.version > version) return "a group is newer than the catalogue";
        if (group.replicas.empty()) return "a group without replicas";
        NodeId previous;
        for (const NodeId replica : group.replicas) {
            if (replica <= previous) return "replicas are not sorted";
            const auto node = nodes.find(replica);
            if (node == nodes.end() || !node->second.storage) return "a replica on no storage node";
            if (node->second.state == NodeStateKind::removed) return "a replica on a removed node";
            previous = replica;
        }
    }
    return {};
}

std::string CatalogueState::find_user_contradiction() const {
    if (users.size() > bounds.users_max) return "too many users";
    size_t keys = 0;
    std::set<UserId> ids;
    for (const auto& [name, user] : users) {
        if (user.name != name) return "a user is filed under another name";
        if (!user.id || !ids.insert(user.id).second) return "a user id is missing or used twice";
        if (user.id.value > user.version.value) return "a user is newer than its last change";
        if (user.version > version) return "a user is newer than the catalogue";
        if (!validate_user_name(name) || !validate_account(user.account)) return "an invalid user";
        if (user.keys.size() > limits::access_keys_per_user_max) return "too many access keys";
        for (const AccessKey& key : user.keys) {
            const auto owner = key_owners.find(key.id);
            if (owner == key_owners.end() || owner->second != name) return "a key without owner";
            if (!validate_access_key(key)) return "an invalid access key";
            ++keys;
        }
        if (user.grants.size() > limits::grants_per_user_max) return "too many grants";
        std::set<std::pair<Effect, std::string>> kinds;
        for (const Grant& grant : user.grants) {
            if (!validate_grant(grant)) return "an invalid grant";
            if (!kinds.emplace(grant.effect, grant.queue_prefix).second) return "a grant twice";
        }
    }
    return keys == key_owners.size() ? "" : "an owner without key";
}

std::string CatalogueState::find_queue_contradiction() const {
    if (queues.size() > bounds.queues_max) return "too many queues";
    if (names.size() + deleting.size() != queues.size()) return "names do not cover the queues";
    size_t bytes = 0;
    std::map<GroupId, uint64_t> active;
    for (const auto& [id, queue] : queues) {
        if (!queue.id || queue.id != id) return "a queue is filed under another id";
        if (queue.id.value > queue.version.value) return "a queue is newer than its last change";
        if (queue.version > version) return "a queue is newer than the catalogue";
        if (!active_in_group.contains(queue.group)) return "a queue in no data group";
        if (!validate_queue_name(queue.name.name)) return "a queue has an invalid name";
        if (!validate_account(queue.name.account)) return "a queue has an invalid account";
        if (!validate_attributes(queue.attributes)) return "a queue has invalid attributes";
        if (!validate_tags(queue.tags)) return "a queue has invalid tags";
        bytes += record_bytes(queue);
        if (queue.state == QueueStateKind::deleting) {
            if (!deleting.contains({queue.name, id})) return "a deleting queue is not listed";
            continue;
        }
        const auto name = names.find(queue.name);
        if (name == names.end() || name->second != id) return "an active queue lost its name";
        ++active[queue.group];
    }
    if (bytes != queue_records_bytes) return "the bytes of queue records are miscounted";
    for (const auto& [group, count] : active_in_group) {
        if (count != active[group]) return "the active queues of a group are miscounted";
        if (!groups_by_load.contains({count, group})) return "a group is not ordered by load";
    }
    return groups_by_load.size() == active_in_group.size() ? "" : "a load without group";
}

}  // namespace quern::metadata
