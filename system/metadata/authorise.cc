#include "system/metadata/authorise.h"

#include <array>

namespace quern::metadata {

namespace {

constexpr std::array<std::string_view, static_cast<size_t>(Action::count)> names = {
    "send",         "receive",        "delete_message", "change_visibility",
    "purge",        "get_attributes", "set_attributes", "create_queue",
    "delete_queue", "list_queues",    "peek",           "administer",
};

}  // namespace

std::string_view action_name(Action action) {
    const auto index = static_cast<size_t>(action);
    return index < names.size() ? names[index] : std::string_view("unknown");
}

Action action_from(std::string_view name) {
    for (size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) return static_cast<Action>(i);
    }
    return Action::count;
}

bool allowed(const UserRecord& user, Action action, std::string_view queue_name) {
    if (action >= Action::count) return false;
    bool allow = false;
    for (const Grant& grant : user.grants) {
        if ((grant.actions & action_bit(action)) == 0) continue;
        if (!queue_name.starts_with(grant.queue_prefix)) continue;
        if (grant.effect != Effect::allow) return false;
        allow = true;
    }
    return allow;
}

}  // namespace quern::metadata
