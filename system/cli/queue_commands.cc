// quern queue create|list|show|set|delete|purge
#include <fmt/format.h>

#include "system/cli/command.h"
#include "system/cli/output.h"
#include "system/cli/queue_output.h"
#include "system/cli/session.h"
#include "system/metadata/validate.h"

namespace quern::cli {

namespace {

// Attributes as options; -1: not given.
struct AttributeOptions {
    int64_t message_bytes = -1;
    int64_t queue_messages = -1;
    int64_t queue_bytes = -1;
    int64_t leased_messages = -1;
    int64_t visibility_ms = -1;
    int64_t delay_ms = -1;
    int64_t retention_ms = -1;
    int64_t receive_wait_ms = -1;
    std::string overflow;

    void add_to(CLI::App* command) {
        add_bytes(command, "--max-message-bytes", message_bytes, "1KiB to 1MiB, default 1MiB");
        command->add_option("--max-messages", queue_messages, "messages the queue holds; 0: any number")
            ->check(CLI::NonNegativeNumber);
        add_bytes(command, "--max-bytes", queue_bytes, "bytes the queue holds; 0: any number");
        command->add_option("--overflow", overflow, "at a maximum: reject sends, or drop the oldest")
            ->check(CLI::IsMember({"reject", "drop_oldest"}));
        command->add_option("--max-leased", leased_messages, "messages leased at once, default 120000")
            ->check(CLI::PositiveNumber);
        add_duration(command, "--visibility", visibility_ms, "length of a lease, default 30s");
        add_duration(command, "--delay", delay_ms, "before a message can be received, default 0s");
        add_duration(command, "--retention", retention_ms, "how long a message is kept, default 4d");
        add_duration(command, "--receive-wait", receive_wait_ms, "default wait of receives, default 0s");
    }

    // The given attributes over the defaults; the mask says which were given.
    uint32_t apply_to(QueueAttributes& attributes) const {
        const std::pair<std::string_view, int64_t> given[] = {
            {"message_bytes_max", message_bytes},
            {"queue_messages_max", queue_messages},
            {"queue_bytes_max", queue_bytes},
            {"leased_messages_max", leased_messages},
            {"visibility_ms", visibility_ms},
            {"delay_ms", delay_ms},
            {"retention_ms", retention_ms},
            {"receive_wait_ms", receive_wait_ms},
            {"overflow", overflow.empty() ? -1 : overflow == "drop_oldest" ? 1 : 0},
        };
        uint32_t mask = 0;
        for (const metadata::AttributeInfo& info : metadata::attribute_table()) {
            for (const auto& [name, value] : given) {
                if (name != info.name || value < 0) continue;
                metadata::set_attribute_value(attributes, info, value);
                mask |= info.bit;
            }
        }
        return mask;
    }
};

Result<wire::Response> ask_cluster(const GlobalOptions& global, wire::Request request) {
    Result<std::unique_ptr<Session>> session = Session::open(global);
    if (!session) return fail(std::move(session.error()));
    return (*session)->ask(std::move(request));
}

void add_create(CLI::App& group, Commands& commands) {
    struct Options {
        std::string name;
        AttributeOptions attributes;
        std::vector<std::string> tags;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = commands.add(group, "create", "Create a queue",
                                     "  quern queue create jobs\n"
                                     "  quern queue create jobs --visibility 5m --max-messages 100000\n"
                                     "  quern queue create jobs --tag team=billing\n");
    command->add_option("name", options->name, "1 to 80 of A-Z a-z 0-9 - _")->required();
    options->attributes.add_to(command);
    command->add_option("--tag", options->tags, "KEY=VALUE; may be repeated")->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    commands.run(command, [options](const GlobalOptions& global) -> Result<int> {
        wire::CreateQueueRequest create;
        options->attributes.apply_to(create.attributes);
        for (const std::string& tag : options->tags) {
            const size_t equals = std::min(tag.find('='), tag.size());
            create.tags[tag.substr(0, equals)] =
                equals == tag.size() ? "" : tag.substr(equals + 1);
        }
        Result<wire::Response> response = ask_cluster(global, on_queue(options->name, create));
        if (!response) return fail(std::move(response.error()));
        if (global.json) {
            print_queue_json(std::get<wire::QueueResponse>(response->body).record, nullptr);
        } else {
            fmt::print("queue {} is there\n", options->name);
        }
        return 0;
    });
}

void add_list(CLI::App& group, Commands& commands) {
    auto prefix = std::make_shared<std::string>();
    CLI::App* command = commands.add(group, "list", "List queues, one name a line",
                                     "  quern queue list\n  quern queue list --prefix billing-\n");
    command->add_option("--prefix", *prefix, "only names that begin so");
    commands.run(command, [prefix](const GlobalOptions& global) -> Result<int> {
        Result<std::unique_ptr<Session>> session = Session::open(global);
        if (!session) return fail(std::move(session.error()));
        std::vector<std::string> names;
        for (bool more = true; more;) {
            wire::Request request;
            request.operation =
                wire::ListQueuesRequest{*prefix, names.empty() ? "" : names.back(), 1000};
            auto page = (*session)->ask_for<wire::ListQueuesResponse>(std::move(request));
            if (!page) return fail(std::move(page.error()));
            more = page->more && !page->names.empty();
            for (std::string& name : page->names) {
                if (!global.json) fmt::print("{}\n", name);
                names.push_back(std::move(name));
            }
        }
        if (global.json) print_names_json("queues", names);
        return 0;
    });
}

void add_show(CLI::App& group, Commands& commands) {
    auto name = std::make_shared<std::string>();
    CLI::App* command =
        commands.add(group, "show", "Show a queue's attributes and exact counters",
                     "  quern queue show jobs\n  quern queue show jobs --json\n");
    command->add_option("name", *name, "the queue")->required();
    commands.run(command, [name](const GlobalOptions& global) -> Result<int> {
        Result<std::unique_ptr<Session>> session = Session::open(global);
        if (!session) return fail(std::move(session.error()));
        Result<wire::Response> response =
            (*session)->ask(on_queue(*name, wire::QueueStatusRequest{}));
        if (!response) return fail(std::move(response.error()));
        const auto* status = std::get_if<wire::QueueStatusResponse>(&response->body);
        if (status == nullptr) return fail(ErrorCode::protocol_error, "no status in the answer");
        if (global.json) {
            print_queue_json(status->record, status);
        } else {
            print_queue(*status, response->time);
        }
        return 0;
    });
}

void add_set(CLI::App& group, Commands& commands) {
    struct Options {
        std::string name;
        AttributeOptions attributes;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = commands.add(group, "set", "Change attributes; the others stay as they are",
                                     "  quern queue set jobs --visibility 10m\n"
                                     "  quern queue set jobs --max-messages 0\n");
    command->add_option("name", options->name, "the queue")->required();
    options->attributes.add_to(command);
    // Nothing to change is a wrong command line, not a success.
    command->parse_complete_callback([options] {
        QueueAttributes ignored;
        if (options->attributes.apply_to(ignored) == 0 && !options->name.empty()) {
            throw CLI::RequiredError("at least one attribute");
        }
    });
    commands.run(command, [options](const GlobalOptions& global) -> Result<int> {
        wire::SetAttributesRequest set;
        set.mask = options->attributes.apply_to(set.attributes);
        Result<wire::Response> response = ask_cluster(global, on_queue(options->name, set));
        if (!response) return fail(std::move(response.error()));
        if (global.json) {
            print_queue_json(std::get<wire::QueueResponse>(response->body).record, nullptr);
        } else {
            fmt::print("queue {} is changed\n", options->name);
        }
        return 0;
    });
}

void add_delete(CLI::App& group, Commands& commands) {
    auto name = std::make_shared<std::string>();
    CLI::App* command = commands.add(group, "delete", "Delete a queue with all its messages",
                                     "  quern queue delete jobs\n");
    command->add_option("name", *name, "the queue")->required();
    commands.run(command, [name](const GlobalOptions& global) -> Result<int> {
        Result<wire::Response> response =
            ask_cluster(global, on_queue(*name, wire::DeleteQueueRequest{}));
        if (!response) return fail(std::move(response.error()));
        print_done("deleted", *name, fmt::format("queue {} is deleted", *name), global.json);
        return 0;
    });
}

void add_purge(CLI::App& group, Commands& commands) {
    auto name = std::make_shared<std::string>();
    CLI::App* command =
        commands.add(group, "purge", "Remove all messages sent until now; the queue stays",
                     "  quern queue purge jobs\n");
    command->add_option("name", *name, "the queue")->required();
    commands.run(command, [name](const GlobalOptions& global) -> Result<int> {
        Result<std::unique_ptr<Session>> session = Session::open(global);
        if (!session) return fail(std::move(session.error()));
        auto purged =
            (*session)->ask_for<wire::PurgeResponse>(on_queue(*name, wire::PurgeRequest{}));
        if (!purged) return fail(std::move(purged.error()));
        if (global.json) {
            fmt::print("{{\"purged\":{}}}\n", purged->purged);
        } else {
            fmt::print("purged {} messages from {}\n", grouped(purged->purged), *name);
        }
        return 0;
    });
}

}  // namespace

void add_queue_commands(CLI::App& app, Commands& commands) {
    CLI::App* group = commands.add(app, "queue", "Create, list, show, change, delete and purge queues",
                                   "  quern queue create jobs --visibility 5m\n"
                                   "  quern queue list\n"
                                   "  quern queue show jobs\n");
    group->require_subcommand(1);
    add_create(*group, commands);
    add_list(*group, commands);
    add_show(*group, commands);
    add_set(*group, commands);
    add_delete(*group, commands);
    add_purge(*group, commands);
}

}  // namespace quern::cli
