// Commands of the metadata group (group 0) and their replies.
#pragma once

#include <optional>
#include <variant>

#include "system/base/result.h"
#include "system/base/token.h"
#include "system/metadata/types.h"

namespace quern::metadata {

// The first command of a cluster: names its nodes and places group 0 and `data_groups` groups on them
// (placement.h). Later ones are refused with already_exists. Its reply is the first user.
struct Bootstrap {
    ClusterId cluster;
    std::vector<NodeRecord> nodes;
    uint32_t data_groups = 1;
    uint32_t replication = 3;  // 1 to 7; all storage nodes where there are fewer
    Uuid seed;             // incarnations of the groups are derived from it
    UserRecord first_user;  // the administrator; without grants it may do everything
};

// Idempotent when the attributes agree (those not given are the defaults; tags do not count), else
// queue_already_exists.
// Goes to the data group with the fewest queues (lowest id on a tie).
// While a deleted queue of the name is not forgotten yet, nothing is changed and the reply is that one's
// record, state deleting: it is to be dropped and forgotten first, lest two queues take requests by one name.
struct CreateQueue {
    QueueName name;
    QueueAttributes attributes;
    std::map<std::string, std::string> tags;
};
// Commands that name a queue may also say which incarnation of it is meant: if the name belongs to another
// one by now they are refused with stale_catalogue. Id 0: whichever has the name.

// Nobody finds the queue by its name any more; the record stays as `deleting`, and keeps the name from being
// taken anew, until ForgetQueue.
struct DeleteQueue {
    QueueName name;
    QueueId queue = {};
};
// The data group confirmed DropQueue: the record may be forgotten. Refused for an active queue; done
// already for an unknown one.
struct ForgetQueue {
    QueueId queue;
};
struct SetQueueAttributes {
    QueueName name;
    QueueAttributes attributes;  // the whole set; `mask` says which fields count
    uint32_t mask = 0;           // bit per field, see validate.h
    QueueId queue = {};
};
// Removes, then sets.
struct TagQueue {
    QueueName name;
    std::map<std::string, std::string> set;
    std::vector<std::string> remove;
    QueueId queue = {};
};
struct CreateUser {
    std::string name;
    std::string account;
    AccessKey key;
};
// This, and what takes a key or a permission away, is refused with invalid_argument if nobody could
// administer the cluster afterwards.
struct DeleteUser {
    std::string name;
};
struct AddAccessKey {
    std::string user;
    AccessKey key;
};
struct RemoveAccessKey {
    std::string user;
    std::string key_id;
};
// Joins the grant of the same effect and prefix, if there is one.
struct AddGrant {
    std::string user;
    Grant grant;
};
// Removes the grants equal in effect and prefix for these actions.
struct RemoveGrant {
    std::string user;
    Grant grant;
};
struct UpdateNode {
    // Found by id; endpoints and state change. The uuid is set once (0: as it is). A removed node
    // never comes back, and one that holds replicas cannot be removed.
    NodeRecord node;
};
// Lets time pass (session expiry).
struct Tick {};

struct Command {
    Token token;
    UserId principal;
    std::variant<Bootstrap, CreateQueue, DeleteQueue, ForgetQueue, SetQueueAttributes, TagQueue, CreateUser,
                 DeleteUser, AddAccessKey, RemoveAccessKey, AddGrant, RemoveGrant, UpdateNode, Tick>
        operation;
    // The version at which the principal's permission was judged. Below policy_version() the command is
    // refused with stale_catalogue, so that a revoked key changes nothing once its revocation is applied.
    // 0 for what the cluster does of itself.
    CatalogueVersion authorised_at = {};
};

// stale_catalogue is not remembered, nor a creation that has to wait: the command may come again with its token.
// The record after the command where there is one (for a deleted queue: as it was, state deleting).
struct Reply {
    std::variant<std::monostate, QueueRecord, UserRecord, NodeRecord, Error> result;
    CatalogueVersion version;  // of the catalogue after the command
    bool repeated = false;
};

}  // namespace quern::metadata
