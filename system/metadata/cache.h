// A balancer's bounded, versioned copy of the catalogue: filled on demand, kept fresh by a watch. Pure:
// the driver sends what it asks for and feeds what comes back. Staleness costs a round trip, never
// correctness: every request carries the versions it was decided at, and nodes that know better refuse.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "system/base/time.h"
#include "system/metadata/catalogue.h"

namespace quern::metadata {

enum class Lookup : uint8_t {
    found,
    absent,   // known not to exist at `version`
    unknown,  // not cached: fetch it
};

class MetadataCache {
public:
    struct Options {
        size_t queues_max = 100'000;  // least recently used records are dropped beyond
        size_t users_max = 10'000;
        // A cache that heard nothing of the watch for so long answers `unknown` to everything: bounds
        // the life of a revoked permission (Q19).
        Duration lease = Duration::seconds(2);
    };
    explicit MetadataCache(const Options& options);
    ~MetadataCache();

    // --- lookups; pointers are valid until the next non-const call -------------------------------
    Lookup find_queue(const QueueName& name, Instant now, const QueueRecord** record);
    // By id: found or unknown.
    Lookup find_queue(QueueId id, Instant now, const QueueRecord** record);
    Lookup find_user_by_key(const std::string& key_id, Instant now, const UserRecord** record);
    CatalogueVersion version() const;  // up to which the watch has been followed
    bool fresh(Instant now) const;
    // Nodes and groups are few: always complete once the first fill is done.
    const std::map<NodeId, NodeRecord>& nodes() const;
    const std::map<GroupId, GroupRecord>& groups() const;

    // --- single flight: true if the caller must send the fetch, false if one is under way ---------
    bool begin_fetch_queue(const QueueName& name);
    bool begin_fetch_user(const std::string& key_id);

    // --- answers from the metadata group ---------------------------------------------------------
    // Each carries the catalogue version it was read at. A record older than what the watch or a newer
    // answer has shown (tombstones included) is not taken (faults.md S114).
    void fetched_queue(const QueueName& name, const std::optional<QueueRecord>& record,
                       CatalogueVersion read_at);
    void fetched_user(const std::string& key_id, const std::optional<UserRecord>& record,
                      CatalogueVersion read_at);
    void fetch_failed_queue(const QueueName& name);
    void fetch_failed_user(const std::string& key_id);
    // The result of a watch poll sent at `asked_at`: everything after version() up to `up_to` is
    // included. Nothing is taken before the first reset(). The poll must have been answered by a leader
    // that confirmed its leadership after it was asked, since the lease is counted from `asked_at`.
    void watched(const std::vector<Change>& changes, CatalogueVersion up_to, Instant asked_at);
    // The first fill, or the change log did not reach back: everything is dropped, nodes and groups
    // are replaced. Ignored if `version` is older than version().
    void reset(const std::vector<NodeRecord>& nodes, const std::vector<GroupRecord>& groups,
               CatalogueVersion version, Instant asked_at);
    // A storage node refused with stale_catalogue or needs a refresh: forget this queue's record.
    void forget_queue(const QueueName& name);

    size_t queue_count() const;
    size_t user_count() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace quern::metadata
