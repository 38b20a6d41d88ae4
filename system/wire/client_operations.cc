#include <array>

#include "system/wire/client_messages.h"

namespace quern::wire {

namespace {

using metadata::Action;

struct OperationInfo {
    std::string_view name;
    Action action;
    bool mutates;
};

// In the order of Operation's alternatives.
constexpr std::array<OperationInfo, std::variant_size_v<Operation>> table{{
    {"send", Action::send, true},
    {"receive", Action::receive, true},
    {"delete", Action::delete_message, true},
    {"change_visibility", Action::change_visibility, true},
    {"purge", Action::purge, true},
    {"peek", Action::peek, false},
    {"queue_status", Action::get_attributes, false},
    {"create_queue", Action::create_queue, true},
    {"delete_queue", Action::delete_queue, true},
    {"set_attributes", Action::set_attributes, true},
    {"list_queues", Action::list_queues, false},
    {"create_user", Action::administer, true},
    {"delete_user", Action::administer, true},
    {"list_users", Action::administer, false},
    {"grant", Action::administer, true},
    {"cluster_status", Action::administer, false},
    {"transfer_leader", Action::administer, false},
}};
static_assert(std::is_same_v<std::variant_alternative_t<0, Operation>, SendRequest>);
static_assert(std::is_same_v<std::variant_alternative_t<9, Operation>, SetAttributesRequest>);
static_assert(std::is_same_v<std::variant_alternative_t<16, Operation>, TransferLeaderRequest>);

}  // namespace

std::string_view operation_name(const Operation& operation) { return table[operation.index()].name; }
metadata::Action required_action(const Operation& operation) {
    return table[operation.index()].action;
}
bool mutates(const Operation& operation) { return table[operation.index()].mutates; }

}  // namespace quern::wire
