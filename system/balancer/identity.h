// Who speaks on a client connection: the access key that proved itself, and its user's record as the
// catalogue has it now. The record is looked up anew whenever the catalogue changed, so that a revoked
// key or grant stops working within the cache's lease (faults.md S117).
#pragma once

#include <memory>
#include <string>

#include "system/balancer/catalogue_client.h"

namespace quern::balancer {

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
        if (result != metadata::Lookup::found) return result;
        user_ = std::make_shared<const metadata::UserRecord>(*record);
        version_ = cache.version();
        return result;
    }
    const std::shared_ptr<const metadata::UserRecord>& user() const { return user_; }
    CatalogueVersion version() const { return version_; }

private:
    std::string key_id_;
    std::shared_ptr<const metadata::UserRecord> user_;
    CatalogueVersion version_;
};

}  // namespace quern::balancer
