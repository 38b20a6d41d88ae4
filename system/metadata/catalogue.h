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

    // Starts entry `index` (the previous one + 1; noop and configuration entries count too) at
    // max(time(), stamped), and ends sessions whose time has passed. `stamped` 0 leaves time as it is.
    void begin_entry(LogIndex index, ClusterTime stamped);
    // Total: an invalid command yields a definite Error and changes nothing.
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
    // Users of all accounts with name > after, in name order.
    std::vector<const UserRecord*> list_users(const std::string& after, size_t count_max) const;
    size_t user_count() const;
    const NodeRecord* find_node(NodeId id) const;
    std::vector<NodeRecord> nodes() const;         // by id
    std::vector<GroupRecord> groups() const;       // by id; group 0 included

    // The changes after `since` in order, or nothing if the change log no longer reaches back so far
    // (or the catalogue was restored later): then the watcher drops its cache and starts from
    // version(). A version is never split, so there may be more than `count_max`. Fewer than
    // `count_max` means that all up to version() are there; otherwise up to the last one's version.
    std::optional<std::vector<Change>> changes_since(CatalogueVersion since, size_t count_max) const;

    // From now on changes_since() knows none of those made so far.
    void forget_changes();

    // Chunks of `chunk_bytes`, the last one shorter; equal states give equal bytes. restore() takes
    // them cut in any way; corrupt if they do not decode or contradict themselves.
    std::vector<Buffer> snapshot(size_t chunk_bytes) const;
    static Result<Catalogue> restore(const std::vector<Buffer>& chunks);
    // Changed by every entry and command, with its reply; carried in snapshots.
    uint64_t rolling_hash() const;
    // Of the whole state; O(records).
    uint64_t state_hash() const;
    // Asserts derived tables against recomputation, bounds, and that records fit together.
    void check_invariants() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace quern::metadata
