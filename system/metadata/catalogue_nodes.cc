#include <algorithm>

#include "system/metadata/catalogue_state.h"
#include "system/metadata/placement.h"
#include "system/metadata/validate.h"

namespace quern::metadata {

namespace {

Error out_of_range(std::string what, size_t limit, size_t actual) {
    return Error(ErrorCode::invalid_argument, std::move(what), static_cast<int64_t>(limit),
                 static_cast<int64_t>(actual));
}

quern::Result<void> validate_nodes(const std::vector<NodeRecord>& nodes) {
    if (nodes.empty() || nodes.size() > limits::nodes_max) {
        return fail(out_of_range("a cluster has 1 to 64 nodes", limits::nodes_max, nodes.size()));
    }
    std::set<NodeId> ids;
    std::set<NodeUuid> uuids;
    bool has_storage = false;
    for (const NodeRecord& node : nodes) {
        if (!node.id || !ids.insert(node.id).second) {
            return fail(ErrorCode::invalid_argument, "node ids must be unique and not 0");
        }
        if (node.uuid && !uuids.insert(node.uuid).second) {
            return fail(ErrorCode::invalid_argument, "two nodes have the same uuid");
        }
        if (node.state != NodeStateKind::active) {
            return fail(ErrorCode::invalid_argument, "a new cluster has only active nodes");
        }
        if (auto valid = validate_host(node.host); !valid) return valid;
        has_storage = has_storage || node.storage;
    }
    if (!has_storage) return fail(ErrorCode::invalid_argument, "no node stores data");
    return {};
}

quern::Result<void> validate_first_user(const UserRecord& user) {
    if (auto valid = validate_user_name(user.name); !valid) return valid;
    if (auto valid = validate_account(user.account); !valid) return valid;
    if (user.keys.empty() || user.keys.size() > limits::access_keys_per_user_max) {
        return fail(out_of_range("a user has 1 or 2 access keys", limits::access_keys_per_user_max,
                                 user.keys.size()));
    }
    std::set<std::string> key_ids;
    for (const AccessKey& key : user.keys) {
        if (auto valid = validate_access_key(key); !valid) return valid;
        if (!key_ids.insert(key.id).second) {
            return fail(ErrorCode::invalid_argument, "two access keys have the same id");
        }
    }
    if (user.grants.size() > limits::grants_per_user_max) {
        return fail(out_of_range("the user has too many grants", limits::grants_per_user_max,
                                 user.grants.size()));
    }
    std::set<std::pair<Effect, std::string>> kinds;
    for (const Grant& grant : user.grants) {
        if (auto valid = validate_grant(grant); !valid) return valid;
        if (!kinds.emplace(grant.effect, grant.queue_prefix).second) {
            return fail(ErrorCode::invalid_argument, "two grants have the same effect and prefix");
        }
    }
    return {};
}

quern::Result<void> validate_bootstrap(const Bootstrap& command) {
    if (!command.cluster || !command.seed) {
        return fail(ErrorCode::invalid_argument, "a cluster needs an id and a seed");
    }
    if (command.data_groups == 0 || command.data_groups > limits::groups_max - 1) {
        return fail(out_of_range("the number of data groups is out of range",
                                 limits::groups_max - 1, command.data_groups));
    }
    if (command.replication == 0 || command.replication > limits::replication_max) {
        return fail(out_of_range("the number of replicas is out of range", limits::replication_max,
                                 command.replication));
    }
    if (auto valid = validate_nodes(command.nodes); !valid) return valid;
    return validate_first_user(command.first_user);
}

}  // namespace

CatalogueState::Result CatalogueState::run(const Bootstrap& command) {
    if (bootstrapped()) {
        return Error(ErrorCode::already_exists, "the cluster is bootstrapped already");
    }
    if (auto valid = validate_bootstrap(command); !valid) return valid.error();
    cluster = command.cluster;
    raise_version();
    for (NodeRecord node : command.nodes) {
        node.version = version;
        nodes.emplace(node.id, node);
        announce(node);
    }
    place_groups(command);
    UserRecord user = command.first_user;
    user.id = UserId(version.value);
    user.version = version;
    if (user.grants.empty())
        user.grants.push_back(Grant{.actions = all_actions, .queue_prefix = ""});
    add_user(user);
    return announce(user);
}

void CatalogueState::place_groups(const Bootstrap& command) {
    for (uint32_t g = 0; g <= command.data_groups; ++g) {
        const GroupId id(g);
        GroupRecord group{.id = id,
                          .incarnation = group_incarnation(command.seed, id),
                          .replicas = place_replicas(id, command.nodes, command.replication),
                          .version = version};
        groups.emplace(id, group);
        announce(group);
        if (id == metadata_group) continue;
        active_in_group.emplace(id, 0);
        groups_by_load.emplace(0, id);
    }
}

CatalogueState::Result CatalogueState::run(const UpdateNode& command) {
    const auto found = nodes.find(command.node.id);
    if (found == nodes.end()) return Error(ErrorCode::not_found, "there is no node with this id");
    NodeRecord& stored = found->second;
    NodeRecord record = command.node;
    record.version = stored.version;
    if (auto valid = validate_host(record.host); !valid) return valid.error();
    if (record.state > NodeStateKind::removed) {
        return Error(ErrorCode::invalid_argument, "the state of the node is unknown");
    }
    if (record.storage != stored.storage) {
        return Error(ErrorCode::invalid_argument, "a node cannot begin or cease to store data");
    }
    if (!record.uuid) record.uuid = stored.uuid;
    if (stored.uuid && record.uuid != stored.uuid) {
        return Error(ErrorCode::invalid_argument, "a node with another uuid is another node");
    }
    if (record == stored) return stored;
    if (stored.state == NodeStateKind::removed) {
        return Error(ErrorCode::invalid_argument, "a removed node never comes back");
    }
    const auto same_uuid = [&](const auto& entry) {
        return record.uuid && entry.first != record.id && entry.second.uuid == record.uuid;
    };
    if (std::any_of(nodes.begin(), nodes.end(), same_uuid)) {
        return Error(ErrorCode::already_exists, "another node has this uuid");
    }
    const auto holds_replica = [&](const auto& entry) {
        const std::vector<NodeId>& replicas = entry.second.replicas;
        return std::binary_search(replicas.begin(), replicas.end(), record.id);
    };
    if (record.state == NodeStateKind::removed &&
        std::any_of(groups.begin(), groups.end(), holds_replica)) {
        return Error(ErrorCode::invalid_argument, "the node still holds replicas");
    }
    record.version = raise_version();
    stored = record;
    return announce(stored);
}

}  // namespace quern::metadata
