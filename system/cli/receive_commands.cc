// quern receive, peek, delete, visibility
#include <fmt/format.h>

#include "system/cli/command.h"
#include "system/cli/output.h"
#include "system/cli/queue_output.h"
#include "system/cli/receiver.h"
#include "system/queue/receipt.h"

namespace quern::cli {

namespace {

void add_receive(CLI::App& app, Commands& commands) {
    auto options = std::make_shared<ReceiveOptions>();
    CLI::App* command =
        commands.add(app, "receive", "Receive messages, and delete them when they are handled",
                     "  quern receive jobs                          prints receipt and body\n"
                     "  quern receive jobs --max 10 --wait 20s --delete\n"
                     "  quern receive jobs --follow --exec './work'  body on stdin; exit 0 deletes it\n"
                     "  quern receive jobs --follow --delete --json | jq .body\n");
    command->add_option("queue", options->queue, "the queue")->required();
    command->add_option("--max", options->messages_max, "messages to receive, 1 to 100000")
        ->check(CLI::Range(1u, 100'000u))
        ->capture_default_str();
    add_duration(command, "--wait", options->wait_ms,
                 "for a first message; default: the queue's (with --follow 20s)");
    add_duration(command, "--visibility", options->visibility_ms,
                 "length of the lease; default: the queue's");
    CLI::Option* remove = command->add_flag("--delete", options->remove, "delete what was printed");
    command->add_option("--exec", options->command, "run CMD for each message, which is its stdin")
        ->type_name("CMD")
        ->excludes(remove);
    command->add_flag("--follow", options->follow, "go on until Ctrl-C");
    commands.run(command, [options](const GlobalOptions& global) -> Result<int> {
        Result<std::unique_ptr<Session>> session = Session::open(global);
        if (!session) return fail(std::move(session.error()));
        (*session)->catch_interrupts();
        Receiver receiver(**session, *options, global.json);
        Result<void> done = receiver.run();
        if (!done) return fail(std::move(done.error()));
        if (receiver.received() == 0 && !global.json && !options->follow) {
            fmt::print(stderr, "quern: no message in {} to receive now\n", options->queue);
        }
        return receiver.commands_failed() == 0 ? 0 : 1;
    });
}

void add_peek(CLI::App& app, Commands& commands) {
    struct Options {
        std::string queue;
        uint64_t from = 0;
        uint32_t messages_max = 10;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = commands.add(app, "peek", "Look at messages without receiving them",
                                     "  quern peek jobs\n  quern peek jobs --max 100 --json\n");
    command->add_option("queue", options->queue, "the queue")->required();
    command->add_option("--max", options->messages_max, "messages to show, 1 to 1000")
        ->check(CLI::Range(1u, 1000u))
        ->capture_default_str();
    command->add_option("--from", options->from, "begin at this message's number");
    commands.run(command, [options](const GlobalOptions& global) -> Result<int> {
        Result<std::unique_ptr<Session>> session = Session::open(global);
        if (!session) return fail(std::move(session.error()));
        Result<wire::Response> response = (*session)->ask(on_queue(
            options->queue, wire::PeekRequest{MessageSeq(options->from), options->messages_max}));
        if (!response) return fail(std::move(response.error()));
        const auto* peek = std::get_if<wire::PeekResponse>(&response->body);
        if (peek == nullptr) return fail(ErrorCode::protocol_error, "no messages in the answer");
        for (const auto& message : peek->messages)
            print_message(message.message, response->queue, false, global.json);
        return 0;
    });
}

Result<wire::ReceiptBytes> parse_receipt(const std::string& text) {
    Result<wire::ReceiptBytes> receipt = queue::receipt_from_text(text);
    if (receipt) return receipt;
    return fail(ErrorCode::receipt_invalid, "'" + printable(text, 80) + "' is not a receipt");
}

void add_delete(CLI::App& app, Commands& commands) {
    struct Options {
        std::string queue;
        std::vector<std::string> receipts;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = commands.add(app, "delete", "Delete received messages by their receipts",
                                     "  quern delete jobs RECEIPT\n");
    command->add_option("queue", options->queue, "the queue")->required();
    command->add_option("receipt", options->receipts, "as `quern receive` printed it")->required();
    commands.run(command, [options](const GlobalOptions& global) -> Result<int> {
        wire::DeleteRequest remove;
        for (const std::string& text : options->receipts) {
            Result<wire::ReceiptBytes> receipt = parse_receipt(text);
            if (!receipt) return fail(std::move(receipt.error()));
            remove.receipts.push_back(*receipt);
        }
        Result<std::unique_ptr<Session>> session = Session::open(global);
        if (!session) return fail(std::move(session.error()));
        auto removed = (*session)->ask_for<wire::DeleteResponse>(
            on_queue(options->queue, std::move(remove)));
        if (!removed) return fail(std::move(removed.error()));
        for (size_t i = 0; i < removed->results.size(); ++i) {
            if (removed->results[i] == ErrorCode::ok) continue;
            return fail(removed->results[i],
                        fmt::format("receipt {} of {} deleted nothing", i + 1, removed->results.size()));
        }
        if (global.json) fmt::print("{{\"deleted\":{}}}\n", removed->results.size());
        return 0;
    });
}

void add_visibility(CLI::App& app, Commands& commands) {
    struct Options {
        std::string queue;
        std::string receipt;
        int64_t visibility_ms = 0;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command =
        commands.add(app, "visibility", "Extend or shorten a lease, counted from now",
                     "  quern visibility jobs RECEIPT 5m     five more minutes\n"
                     "  quern visibility jobs RECEIPT 0      give it back at once\n");
    command->add_option("queue", options->queue, "the queue")->required();
    command->add_option("receipt", options->receipt, "as `quern receive` printed it")->required();
    add_duration(command, "duration", options->visibility_ms, "0 to 12h")->required();
    commands.run(command, [options](const GlobalOptions& global) -> Result<int> {
        Result<wire::ReceiptBytes> receipt = parse_receipt(options->receipt);
        if (!receipt) return fail(std::move(receipt.error()));
        Result<std::unique_ptr<Session>> session = Session::open(global);
        if (!session) return fail(std::move(session.error()));
        auto changed = (*session)->ask_for<wire::ChangeVisibilityResponse>(on_queue(
            options->queue, wire::ChangeVisibilityRequest{{{*receipt, options->visibility_ms}}}));
        if (!changed) return fail(std::move(changed.error()));
        if (changed->results.size() == 1 && changed->results[0] != ErrorCode::ok) {
            return fail(changed->results[0], "the lease was not changed");
        }
        if (global.json) fmt::print("{{\"changed\":1}}\n");
        return 0;
    });
}

}  // namespace

void add_receive_commands(CLI::App& app, Commands& commands) {
    add_receive(app, commands);
    add_peek(app, commands);
    add_delete(app, commands);
    add_visibility(app, commands);
}

}  // namespace quern::cli
