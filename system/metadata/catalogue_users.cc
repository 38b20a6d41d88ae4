#include <algorithm>

#include "system/base/log.h"
#include "system/metadata/authorise.h"
#include "system/metadata/catalogue_state.h"
#include "system/metadata/validate.h"

namespace quern::metadata {

namespace {

Error no_such_user(const std::string& name) {
    return Error(ErrorCode::user_does_not_exist,
                 "there is no user \"" + printable(name, limits::user_name_bytes_max) + "\"");
}

Error key_taken() {
    return Error(ErrorCode::already_exists, "an access key with this id exists already");
}

bool administers(const UserRecord& user) {
    return !user.keys.empty() && allowed(user, Action::administer, "");
}

Error last_administrator(const std::string& name) {
    return Error(ErrorCode::invalid_argument,
                 "user \"" + name + "\" is the last one who may administer the cluster, and nobody "
                 "could undo this; grant administer to another user first");
}

auto find_grant(std::vector<Grant>& grants, const Grant& like) {
    return std::find_if(grants.begin(), grants.end(), [&](const Grant& grant) {
        return grant.effect == like.effect && grant.queue_prefix == like.queue_prefix;
    });
}

}  // namespace

void CatalogueState::add_user(UserRecord record) {
    for (const AccessKey& key : record.keys)
        key_owners.emplace(key.id, record.name);
    std::string name = record.name;
    const bool inserted = users.emplace(std::move(name), std::move(record)).second;
    QUERN_ASSERT(inserted);
}

CatalogueState::Result CatalogueState::run(const CreateUser& command) {
    if (auto valid = validate_user_name(command.name); !valid) return valid.error();
    if (auto valid = validate_account(command.account); !valid) return valid.error();
    if (auto valid = validate_access_key(command.key); !valid) return valid.error();
    if (users.contains(command.name)) {
        return Error(ErrorCode::user_already_exists,
                     "user \"" + command.name + "\" exists already");
    }
    if (key_owners.contains(command.key.id)) return key_taken();
    if (users.size() >= bounds.users_max) {
        return Error(ErrorCode::over_limit, "the cluster has too many users",
                     static_cast<int64_t>(bounds.users_max), static_cast<int64_t>(users.size()));
    }
    raise_version();
    UserRecord record{.id = UserId(version.value),
                      .name = command.name,
                      .account = command.account,
                      .keys = {command.key},
                      .grants = {},
                      .version = version};
    add_user(record);
    return announce(record);
}

bool CatalogueState::another_administers(const std::string& name) const {
    return std::any_of(users.begin(), users.end(), [&](const auto& entry) {
        return entry.first != name && administers(entry.second);
    });
}

bool CatalogueState::ends_administration(const UserRecord& before, const UserRecord& after) const {
    return administers(before) && !administers(after) && !another_administers(before.name);
}

CatalogueState::Result CatalogueState::run(const DeleteUser& command) {
    const auto found = users.find(command.name);
    if (found == users.end()) return no_such_user(command.name);
    if (administers(found->second) && !another_administers(command.name)) {
        return last_administrator(command.name);
    }
    UserRecord record = std::move(found->second);
    users.erase(found);
    record.version = policy_version = raise_version();
    UserRemoved removed{record.id, record.name, {}};
    for (const AccessKey& key : record.keys) {
        key_owners.erase(key.id);
        removed.key_ids.push_back(key.id);
    }
    announce(removed);
    return record;
}

CatalogueState::Result CatalogueState::run(const AddAccessKey& command) {
    const auto found = users.find(command.user);
    if (found == users.end()) return no_such_user(command.user);
    if (auto valid = validate_access_key(command.key); !valid) return valid.error();
    if (key_owners.contains(command.key.id)) return key_taken();
    if (found->second.keys.size() >= limits::access_keys_per_user_max) {
        return Error(ErrorCode::over_limit, "the user has too many access keys",
                     limits::access_keys_per_user_max,
                     static_cast<int64_t>(found->second.keys.size()));
    }
    UserRecord record = found->second;
    record.keys.push_back(command.key);
    key_owners.emplace(command.key.id, record.name);
    return update_user(std::move(record));
}

CatalogueState::Result CatalogueState::run(const RemoveAccessKey& command) {
    const auto found = users.find(command.user);
    if (found == users.end()) return no_such_user(command.user);
    UserRecord record = found->second;
    const auto erased =
        std::erase_if(record.keys, [&](const AccessKey& key) { return key.id == command.key_id; });
    if (erased == 0) return found->second;
    if (ends_administration(found->second, record)) return last_administrator(command.user);
    key_owners.erase(command.key_id);
    record = update_user(std::move(record));
    policy_version = version;
    return record;
}

CatalogueState::Result CatalogueState::run(const AddGrant& command) {
    const auto found = users.find(command.user);
    if (found == users.end()) return no_such_user(command.user);
    if (auto valid = validate_grant(command.grant); !valid) return valid.error();
    UserRecord record = found->second;
    const auto existing = find_grant(record.grants, command.grant);
    if (existing != record.grants.end()) {
        existing->actions |= command.grant.actions;
    } else if (record.grants.size() >= limits::grants_per_user_max) {
        return Error(ErrorCode::over_limit, "the user has too many grants",
                     limits::grants_per_user_max, static_cast<int64_t>(record.grants.size()));
    } else {
        record.grants.push_back(command.grant);
    }
    if (record.grants == found->second.grants) return found->second;
    if (ends_administration(found->second, record)) return last_administrator(command.user);
    record = update_user(std::move(record));
    if (command.grant.effect == Effect::deny) policy_version = version;
    return record;
}

CatalogueState::Result CatalogueState::run(const RemoveGrant& command) {
    const auto found = users.find(command.user);
    if (found == users.end()) return no_such_user(command.user);
    if (auto valid = validate_grant(command.grant); !valid) return valid.error();
    UserRecord record = found->second;
    const auto existing = find_grant(record.grants, command.grant);
    if (existing == record.grants.end()) return found->second;
    existing->actions &= ~command.grant.actions;
    if (existing->actions == 0) record.grants.erase(existing);
    if (record.grants == found->second.grants) return found->second;
    if (ends_administration(found->second, record)) return last_administrator(command.user);
    record = update_user(std::move(record));
    if (command.grant.effect == Effect::allow) policy_version = version;
    return record;
}

UserRecord CatalogueState::update_user(UserRecord record) {
    record.version = raise_version();
    UserRecord& stored = users.at(record.name);
    stored = std::move(record);
    return announce(stored);
}

}  // namespace quern::metadata
