// The replicated state machine of group 0: the database of queues, users, nodes and placement. Pure and
// deterministic. One version number grows with every change; a bounded change log lets caches follow.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "system/metadata/command.h"

namespace quern::metadata {

// One changed record, for watchers. A removed record is named by its key alone.
struct QueueRemoved {
    QueueId id;
    QueueName name;
};
struct UserRemoved {
    UserId id;
    std::string name;
    std::vector<std::string> key_ids;
};
struct Change {
    CatalogueVersion version;
    std::variant<QueueRecord, QueueRemoved, UserRecord, UserRemoved, NodeRecord, GroupRecord> record;
};

class Catalogue {
public:
    Catalogue();
    ~Catalogue();
    Catalogue(Catalogue&&) noexcept;
    Catalogue& operator=(Catalogue&&) noexcept;

    void begin_entry(LogIndex index, ClusterTime stamped);
    Reply apply(const Command& command);

    LogIndex index() const;
    ClusterTime time() const;
    ClusterTime next_deadline() const;  // of session expiry
    bool bootstrapped() const;
    ClusterId cluster() const;
    CatalogueVersion version() const;
    // The version of the last change that took a permission away (revoke, deny, key or user removed).
    // A request authorised below it must be authorised anew.
    CatalogueVersion policy_version() const;

    const QueueRecord* find_queue(const QueueName& name) const;  // active ones only
    const QueueRecord* find_queue(QueueId id) const;             // also deleting ones
    // Active queues of the account with the prefix and name > after, in name order.
    std::vector<const QueueRecord*> list_queues(const std::string& account, const std::string& prefix,
                                                const std::string& after, size_t count_max) const;
    std::vector<QueueId> deleting_queues() const;  // sorted
    const UserRecord* find_user(const std::string& name) const;
    const UserRecord* find_user_by_key(const std::string& key_id) const;
    std::vector<const UserRecord*> users() const;  // by name
    std::vector<NodeRecord> nodes() const;         // by id
    std::vector<GroupRecord> groups() const;       // by id; group 0 included

    // All changes after `since` in order, or nothing if the change log no longer reaches back so far:
    // then the watcher drops its cache and starts from version().
    std::optional<std::vector<Change>> changes_since(CatalogueVersion since, size_t count_max) const;

    std::vector<Buffer> snapshot(size_t chunk_bytes) const;
    static Result<Catalogue> restore(const std::vector<Buffer>& chunks);
    uint64_t rolling_hash() const;
    uint64_t state_hash() const;
    void check_invariants() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace quern::metadata
