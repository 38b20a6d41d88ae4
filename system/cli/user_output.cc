#include "system/cli/user_output.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "system/cli/output.h"

namespace quern::cli {

namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> action_names(metadata::ActionSet actions) {
    std::vector<std::string> names;
    for (unsigned i = 0; i < static_cast<unsigned>(metadata::Action::count); ++i) {
        const auto action = static_cast<metadata::Action>(i);
        if ((actions & metadata::action_bit(action)) != 0)
            names.emplace_back(metadata::action_name(action));
    }
    return names;
}

const char* effect_name(metadata::Effect effect) {
    return effect == metadata::Effect::allow ? "allow" : "deny";
}

std::string grant_text(const metadata::Grant& grant) {
    std::string text = effect_name(grant.effect);
    if (grant.actions == metadata::all_actions) {
        text += " all";
    } else {
        for (const std::string& name : action_names(grant.actions)) text += " " + name;
    }
    return text + (grant.queue_prefix.empty() ? " on all queues" : " on " + grant.queue_prefix + "*");
}

Json grant_json(const metadata::Grant& grant) {
    return Json{{"effect", effect_name(grant.effect)},
                {"actions", action_names(grant.actions)},
                {"queue_prefix", grant.queue_prefix}};
}

}  // namespace

std::string all_action_names() {
    std::string text;
    for (const std::string& name : action_names(metadata::all_actions))
        text += (text.empty() ? "" : " ") + name;
    return text;
}

void print_new_user(const std::string& name, const wire::CreateUserResponse& created, bool json) {
    if (json) {
        fmt::print("{}\n",
                   Json{{"user", name}, {"key", created.key_id}, {"secret", created.secret}}.dump());
        return;
    }
    fmt::print("key     {}\nsecret  {}\n", created.key_id, created.secret);
    fmt::print(stderr,
               "The secret is shown this once. Keep it in a file for --secret-file; the user may do\n"
               "nothing until `quern user grant {} ...`.\n",
               name);
}

void print_users(const wire::ListUsersResponse& list, bool json) {
    if (json) {
        Json users = Json::array();
        for (const auto& user : list.users) {
            Json grants = Json::array();
            for (const metadata::Grant& grant : user.grants) grants.push_back(grant_json(grant));
            users.push_back({{"user", user.name},
                             {"account", user.account},
                             {"keys", user.key_ids},
                             {"grants", std::move(grants)}});
        }
        fmt::print("{}\n", Json{{"users", std::move(users)}}.dump());
        return;
    }
    std::vector<std::vector<std::string>> rows = {{"user", "account", "keys", "permissions"}};
    for (const auto& user : list.users) {
        std::string keys;
        for (const std::string& key : user.key_ids) keys += (keys.empty() ? "" : " ") + key;
        rows.push_back({user.name, user.account, keys,
                        user.grants.empty() ? "none" : grant_text(user.grants.front())});
        for (size_t i = 1; i < user.grants.size(); ++i)
            rows.push_back({"", "", "", grant_text(user.grants[i])});
    }
    print_table(rows);
}

}  // namespace quern::cli
