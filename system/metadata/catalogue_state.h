// What the catalogue consists of, and its operations by topic: catalogue_queues.cc,
// catalogue_users.cc, catalogue_nodes.cc. Each operation checks everything before it changes
// anything: an Error means that nothing was changed. A change raises the version by exactly one;
// what changes nothing does not.
#pragma once

#include <map>
#include <set>

#include "system/base/limits.h"
#include "system/metadata/catalogue.h"
#include "system/metadata/change_log.h"
#include "system/metadata/sessions.h"

namespace quern::metadata {

// The product runs with the defaults, on all nodes alike; tests make them small.
struct CatalogueBounds {
    size_t queues_max = limits::queues_max;
    size_t queue_records_bytes_max = limits::queue_records_bytes_max;
    size_t users_max = limits::users_max;
    size_t change_log_entries_max = limits::change_log_entries_max;
    size_t change_log_bytes_max = limits::change_log_bytes_max;
    Sessions::Bounds sessions;
};

class CatalogueState {
public:
    explicit CatalogueState(const CatalogueBounds& bounds = {});

    void begin_entry(LogIndex entry, ClusterTime stamped);
    Reply apply(const Command& command);

    const QueueRecord* find_queue(const QueueName& name) const;
    const QueueRecord* find_queue(QueueId id) const;
    const UserRecord* find_user_by_key(const std::string& key_id) const;

    // Puts a record with all that is derived from it in its place; used by commands and by restore.
    void add_queue(QueueRecord record);
    void add_user(UserRecord record);

    std::vector<Buffer> snapshot(size_t chunk_bytes) const;
    // Fills an empty state. False: damaged.
    bool restore(const std::vector<Buffer>& chunks);
    uint64_t state_hash() const;
    // Empty if everything fits together, else what does not.
    std::string find_contradiction() const;

    using Result = decltype(Reply::result);

    CatalogueBounds bounds;
    LogIndex index;
    ClusterTime time;
    ClusterId cluster;
    CatalogueVersion version;
    CatalogueVersion policy_version;
    std::map<QueueId, QueueRecord> queues;  // active and deleting
    std::map<std::string, UserRecord> users;
    std::map<NodeId, NodeRecord> nodes;
    std::map<GroupId, GroupRecord> groups;
    Sessions sessions;
    RollingHash rolling;
    ChangeLog changes;

    // Derived.
    std::map<QueueName, QueueId> names;  // of active queues
    std::set<std::pair<QueueName, QueueId>> deleting;
    std::map<GroupId, uint64_t> active_in_group;  // data groups
    std::set<std::pair<uint64_t, GroupId>> groups_by_load;
    std::map<std::string, std::string> key_owners;  // key id to user name
    size_t queue_records_bytes = 0;

    bool bootstrapped() const { return static_cast<bool>(version); }

private:
    Result run(const Bootstrap& command);
    Result run(const CreateQueue& command);
    Result run(const DeleteQueue& command);
    Result run(const ForgetQueue& command);
    Result run(const SetQueueAttributes& command);
    Result run(const TagQueue& command);
    Result run(const CreateUser& command);
    Result run(const DeleteUser& command);
    Result run(const AddAccessKey& command);
    Result run(const RemoveAccessKey& command);
    Result run(const AddGrant& command);
    Result run(const RemoveGrant& command);
    Result run(const UpdateNode& command);
    Result run(const Tick& command);

    CatalogueVersion raise_version();
    template <typename Record>
    Record announce(const Record& record) {
        changes.add(Change{version, record});
        return record;
    }
    // Stores and announces a changed record of an active queue.
    QueueRecord update_queue(QueueRecord record);
    void load_changed(GroupId group, int64_t by);
    UserRecord update_user(UserRecord record);
    // Whether the change would leave nobody with a key and the permission to administer.
    bool ends_administration(const UserRecord& before, const UserRecord& after) const;
    bool another_administers(const std::string& name) const;
    void place_groups(const Bootstrap& command);
    void hash_reply(const Reply& reply);
    std::string find_queue_contradiction() const;
    std::string find_user_contradiction() const;
    std::string find_placement_contradiction() const;
};

}  // namespace quern::metadata
