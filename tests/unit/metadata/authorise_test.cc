#include "system/metadata/authorise.h"

#include <gtest/gtest.h>

namespace quern::metadata {
namespace {

constexpr ActionSet send_bit = action_bit(Action::send);

struct Case {
    const char* what;
    std::vector<Grant> grants;
    Action action;
    std::string_view queue;
    bool expected;
};

Grant allow(ActionSet actions, std::string prefix = "") {
    return {Effect::allow, actions, std::move(prefix)};
}
Grant deny(ActionSet actions, std::string prefix = "") {
    return {Effect::deny, actions, std::move(prefix)};
}

TEST(Authorise, table) {
    const std::vector<Case> cases = {
        {"nothing granted", {}, Action::send, "q", false},
        {"granted everywhere", {allow(send_bit)}, Action::send, "q", true},
        {"another action", {allow(send_bit)}, Action::receive, "q", false},
        {"prefix matches", {allow(send_bit, "jobs-")}, Action::send, "jobs-1", true},
        {"prefix is the whole name", {allow(send_bit, "jobs")}, Action::send, "jobs", true},
        {"prefix is longer than the name", {allow(send_bit, "jobs")}, Action::send, "job", false},
        {"prefix differs in case", {allow(send_bit, "Jobs")}, Action::send, "jobs", false},
        {"deny after allow", {allow(send_bit), deny(send_bit)}, Action::send, "q", false},
        {"deny before allow", {deny(send_bit), allow(send_bit)}, Action::send, "q", false},
        {"deny on a longer prefix",
         {allow(send_bit), deny(send_bit, "x")},
         Action::send,
         "xy",
         false},
        {"deny elsewhere", {allow(send_bit), deny(send_bit, "x")}, Action::send, "y", true},
        {"deny on a shorter prefix",
         {allow(send_bit, "xy"), deny(send_bit, "x")},
         Action::send,
         "xyz",
         false},
        {"deny of another action",
         {allow(send_bit), deny(all_actions & ~send_bit)},
         Action::send,
         "q",
         true},
        {"only a deny", {deny(send_bit, "x")}, Action::send, "y", false},
        {"no queue, empty prefix", {allow(all_actions)}, Action::administer, "", true},
        {"no queue, some prefix", {allow(all_actions, "a")}, Action::administer, "", false},
        {"no queue, deny with prefix",
         {allow(all_actions), deny(all_actions, "a")},
         Action::list_queues,
         "",
         true},
        {"unknown action", {allow(all_actions)}, Action::count, "q", false},
        {"unknown effect denies",
         {allow(send_bit), {static_cast<Effect>(7), send_bit, ""}},
         Action::send,
         "q",
         false},
    };
    for (const Case& c : cases) {
        UserRecord user;
        user.grants = c.grants;
        EXPECT_EQ(allowed(user, c.action, c.queue), c.expected) << c.what;
    }
}

TEST(Authorise, each_action_is_its_own_permission) {
    for (unsigned granted = 0; granted < static_cast<unsigned>(Action::count); ++granted) {
        UserRecord user;
        user.grants = {allow(action_bit(static_cast<Action>(granted)))};
        for (unsigned asked = 0; asked < static_cast<unsigned>(Action::count); ++asked) {
            EXPECT_EQ(allowed(user, static_cast<Action>(asked), "q"), granted == asked);
        }
    }
}

TEST(Authorise, action_names_are_unique_and_come_back) {
    for (unsigned i = 0; i < static_cast<unsigned>(Action::count); ++i) {
        EXPECT_EQ(action_from(action_name(static_cast<Action>(i))), static_cast<Action>(i));
    }
    EXPECT_EQ(action_from("unknown"), Action::count);
    EXPECT_EQ(action_name(Action::count), "unknown");
}

}  // namespace
}  // namespace quern::metadata
