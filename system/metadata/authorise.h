// The one evaluator of permissions, used by balancers and storage nodes alike. Default deny; a matching
// deny beats every allow.
#pragma once

#include "system/metadata/types.h"

namespace quern::metadata {

// An authenticated user at one catalogue version. Handlers take it as a parameter, so that none can be
// reached without authentication; only authenticate() of the handshake and tests make one.
class Principal {
public:
    Principal(UserId user, std::string name, std::string account, std::string key_id,
              CatalogueVersion version)
        : user_(user), name_(std::move(name)), account_(std::move(account)),
          key_id_(std::move(key_id)), version_(version) {}
    UserId user() const { return user_; }
    const std::string& name() const { return name_; }
    const std::string& account() const { return account_; }
    const std::string& key_id() const { return key_id_; }
    CatalogueVersion version() const { return version_; }

private:
    UserId user_;
    std::string name_;
    std::string account_;
    std::string key_id_;
    CatalogueVersion version_;
};

// `queue_name` is the canonical name the request will be executed on; empty for actions on no queue
// (administer, list_queues), where only grants with an empty prefix count.
bool allowed(const UserRecord& user, Action action, std::string_view queue_name);

}  // namespace quern::metadata
