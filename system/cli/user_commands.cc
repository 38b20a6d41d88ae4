// quern user create|list|grant|revoke|delete
#include <fmt/format.h>

#include "system/cli/command.h"
#include "system/cli/output.h"
#include "system/cli/queue_output.h"
#include "system/cli/session.h"
#include "system/cli/user_output.h"

namespace quern::cli {

namespace {

// Asks for something whose answer is just yes.
Result<int> change(const GlobalOptions& global, wire::Operation operation, const std::string& verb,
                   const std::string& user, const std::string& sentence) {
    Result<std::unique_ptr<Session>> session = Session::open(global);
    if (!session) return fail(std::move(session.error()));
    wire::Request request;
    request.operation = std::move(operation);
    Result<wire::Response> response = (*session)->ask(std::move(request));
    if (!response) return fail(std::move(response.error()));
    print_done(verb, user, sentence, global.json);
    return 0;
}

void add_create(CLI::App& group, Commands& commands) {
    auto options = std::make_shared<wire::CreateUserRequest>();
    CLI::App* command =
        commands.add(group, "create", "Create a user; shows its key and, once, its secret",
                     "  quern user create worker\n"
                     "  quern user create worker --json | jq -r .secret > worker.secret\n");
    command->add_option("name", options->name, "the user")->required();
    command->add_option("--account", options->account, "12 digits; default: your own");
    commands.run(command, [options](const GlobalOptions& global) -> Result<int> {
        Result<std::unique_ptr<Session>> session = Session::open(global);
        if (!session) return fail(std::move(session.error()));
        wire::Request request;
        request.operation = *options;
        auto created = (*session)->ask_for<wire::CreateUserResponse>(std::move(request));
        if (!created) return fail(std::move(created.error()));
        print_new_user(options->name, *created, global.json);
        return 0;
    });
}

void add_list(CLI::App& group, Commands& commands) {
    CLI::App* command = commands.add(group, "list", "List users, their keys and what they may do",
                                     "  quern user list\n");
    commands.run(command, [](const GlobalOptions& global) -> Result<int> {
        Result<std::unique_ptr<Session>> session = Session::open(global);
        if (!session) return fail(std::move(session.error()));
        wire::ListUsersResponse all;
        for (bool more = true; more;) {
            wire::Request request;
            request.operation = wire::ListUsersRequest{all.users.empty() ? "" : all.users.back().name,
                                                       limits::listed_users_max};
            auto page = (*session)->ask_for<wire::ListUsersResponse>(std::move(request));
            if (!page) return fail(std::move(page.error()));
            more = page->more && !page->users.empty();
            std::move(page->users.begin(), page->users.end(), std::back_inserter(all.users));
        }
        print_users(all, global.json);
        return 0;
    });
}

void add_grant(CLI::App& group, Commands& commands, bool revoke) {
    struct Options {
        std::string user;
        std::vector<std::string> actions;
        std::string prefix;
        bool deny = false;
    };
    auto options = std::make_shared<Options>();
    const char* examples = revoke ? "  quern user revoke worker send --prefix jobs\n"
                                    "  quern user revoke worker purge --deny   takes a denial back\n"
                                  : "  quern user grant worker send receive delete_message --prefix jobs\n"
                                    "  quern user grant worker all\n"
                                    "  quern user grant worker purge --deny    beats every allow\n";
    CLI::App* command =
        commands.add(group, revoke ? "revoke" : "grant",
                     revoke ? "Take permissions back" : "Allow or deny actions on queues", examples);
    command->add_option("user", options->user, "the user")->required();
    command->add_option("actions", options->actions, "all, or of: " + all_action_names())->required()
        ->check([](const std::string& name) -> std::string {
            if (name == "all" || metadata::action_from(name) != metadata::Action::count) return {};
            return "'" + name + "' is no action; use all, or of: " + all_action_names();
        });
    command->add_option("--prefix", options->prefix, "queues whose names begin so; default: all");
    command->add_flag("--deny", options->deny, revoke ? "the denial, not the allowance" : "deny");
    commands.run(command, [options, revoke](const GlobalOptions& global) -> Result<int> {
        wire::GrantRequest grant;
        grant.user = options->user;
        grant.revoke = revoke;
        grant.grant.effect = options->deny ? metadata::Effect::deny : metadata::Effect::allow;
        grant.grant.queue_prefix = options->prefix;
        for (const std::string& name : options->actions) {
            grant.grant.actions |= name == "all"
                                       ? metadata::all_actions
                                       : metadata::action_bit(metadata::action_from(name));
        }
        return change(global, std::move(grant), revoke ? "revoked" : "granted", options->user,
                      fmt::format("user {} is changed", options->user));
    });
}

void add_delete(CLI::App& group, Commands& commands) {
    auto name = std::make_shared<std::string>();
    CLI::App* command = commands.add(group, "delete", "Delete a user and its keys",
                                     "  quern user delete worker\n");
    command->add_option("name", *name, "the user")->required();
    commands.run(command, [name](const GlobalOptions& global) -> Result<int> {
        return change(global, wire::DeleteUserRequest{*name}, "deleted", *name,
                      fmt::format("user {} is deleted", *name));
    });
}

}  // namespace

void add_user_commands(CLI::App& app, Commands& commands) {
    CLI::App* group = commands.add(app, "user", "Create and delete users, say what they may do",
                                   "  quern user create worker\n"
                                   "  quern user grant worker send receive --prefix jobs\n"
                                   "  quern user list\n");
    group->require_subcommand(1);
    add_create(*group, commands);
    add_list(*group, commands);
    add_grant(*group, commands, false);
    add_grant(*group, commands, true);
    add_delete(*group, commands);
}

}  // namespace quern::cli
