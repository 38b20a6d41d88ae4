// The records of the catalogue: queues, users, nodes and placement. Every record carries the catalogue
// version that last changed it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "system/base/buffer.h"
#include "system/base/ids.h"
#include "system/base/queue_attributes.h"
#include "system/base/time.h"

namespace quern::metadata {

constexpr const char* default_account = "000000000000";

// Queue names are unique within an account (12 digits).
struct QueueName {
    std::string account;
    std::string name;
    auto operator<=>(const QueueName&) const = default;
};

enum class QueueStateKind : uint8_t {
    active = 0,
    deleting = 1,  // nobody finds it by its name; the group has yet to confirm DropQueue
};

struct QueueRecord {
    QueueId id;  // the version at which it was created
    QueueName name;
    GroupId group;
    QueueAttributes attributes;
    std::map<std::string, std::string> tags;
    CatalogueVersion version;  // last change of this record
    ClusterTime created;
    ClusterTime modified;
    QueueStateKind state = QueueStateKind::active;
    bool operator==(const QueueRecord&) const = default;
};

// What a user may do, as a bit set.
enum class Action : uint8_t {
    send = 0,
    receive,
    delete_message,
    change_visibility,
    purge,
    get_attributes,
    set_attributes,
    create_queue,
    delete_queue,
    list_queues,
    peek,
    administer,  // users, nodes, cluster
    count
};
std::string_view action_name(Action action);
// The action with this name, or count.
Action action_from(std::string_view name);
using ActionSet = uint32_t;
constexpr ActionSet action_bit(Action action) { return 1u << static_cast<unsigned>(action); }
constexpr ActionSet all_actions = (1u << static_cast<unsigned>(Action::count)) - 1;

enum class Effect : uint8_t { allow = 0, deny = 1 };

// Applies to queues of the user's account whose name starts with `queue_prefix` (empty: all).
struct Grant {
    Effect effect = Effect::allow;
    ActionSet actions = 0;
    std::string queue_prefix;
    auto operator<=>(const Grant&) const = default;
};

struct AccessKey {
    std::string id;        // public, e.g. "QK" + 18 characters
    Buffer secret_sealed;  // encrypted under the cluster's key-encryption key, never in clear here
    bool operator==(const AccessKey& o) const {
        return id == o.id && secret_sealed.text() == o.secret_sealed.text();
    }
};

struct UserRecord {
    UserId id;  // the version at which it was created
    std::string name;
    std::string account;
    std::vector<AccessKey> keys;  // at most 2, so that keys can be rotated
    std::vector<Grant> grants;    // at most 64; one for each effect and prefix
    CatalogueVersion version;
    bool operator==(const UserRecord&) const = default;
};

enum class NodeStateKind : uint8_t { active = 0, draining = 1, removed = 2 };

struct NodeRecord {
    NodeId id;
    NodeUuid uuid;  // 0 until the node first spoke; never changes after
    std::string host;
    uint16_t peer_port = 0;
    uint16_t client_port = 0;  // 0: no balancer there
    bool storage = true;
    NodeStateKind state = NodeStateKind::active;
    CatalogueVersion version;
    bool operator==(const NodeRecord&) const = default;
};

struct GroupRecord {
    GroupId id;
    Uuid incarnation;
    std::vector<NodeId> replicas;  // sorted
    CatalogueVersion version;
    bool operator==(const GroupRecord&) const = default;
};

}  // namespace quern::metadata
