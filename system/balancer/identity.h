// Who speaks on a client connection: the access key that proved itself, and its user's record as the
// catalogue has it now. The record is looked up anew whenever the catalogue changed, so that a revoked
// key or grant stops working within the cache's lease (faults.md S117).
#pragma once

#include <array>
#include <memory>
#include <string>

#include "system/balancer/catalogue_client.h"

namespace quern::balancer {

// What forwarding needs of a queue's record.
struct QueueTarget {
    QueueId id;
    GroupId group;
    CatalogueVersion version;
    CatalogueVersion seen_at;  // the record was the newest, and active, at this catalogue version
    QueueAttributes attributes;
};

class Identity {
public:
    explicit Identity(std::string key_id) : key_id_(std::move(key_id)) {}
    const std::string& key_id() const { return key_id_; }

    // unknown: fetch it. On found, user() is the record as of version().
    metadata::Lookup look_up(CatalogueClient& catalogue, Instant now) {
        metadata::MetadataCache& cache = catalogue.cache();
        if (user_ != nullptr && version_ == cache.version() && cache.fresh(now)) {
            return metadata::Lookup::found;
        }
        const metadata::UserRecord* record = nullptr;
        const metadata::Lookup result = cache.find_user_by_key(key_id_, now, &record);
        user_.reset();
        recent_ = {};
        if (result != metadata::Lookup::found) return result;
        user_ = std::make_shared<const metadata::UserRecord>(*record);
        version_ = cache.version();
        return result;
    }
    const std::shared_ptr<const metadata::UserRecord>& user() const { return user_; }
    CatalogueVersion version() const { return version_; }

    // Queues that this user was lately allowed to use, so that a request by id is judged without any
    // search by name. Valid as long as look_up() says found and version() stays.
    const QueueTarget* recall(QueueId queue, metadata::Action action) const {
        const Recent& recent = recent_[queue.value % recent_.size()];
        const bool known = recent.target.id == queue && user_ != nullptr;
        return known && (recent.allowed & metadata::action_bit(action)) != 0 ? &recent.target : nullptr;
    }
    void remember(const QueueTarget& target, metadata::Action action) {
        Recent& recent = recent_[target.id.value % recent_.size()];
        if (recent.target.id != target.id) recent = {target, 0};
        recent.target = target;
        recent.allowed |= metadata::action_bit(action);
    }
    void forget() { recent_ = {}; }

private:
    struct Recent {
        QueueTarget target;
        metadata::ActionSet allowed = 0;
    };

    std::string key_id_;
    std::shared_ptr<const metadata::UserRecord> user_;
    CatalogueVersion version_;
    std::array<Recent, 8> recent_{};
};

}  // namespace quern::balancer
