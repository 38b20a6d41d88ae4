// quern send QUEUE [BODY]
#include <fmt/format.h>

#include "system/cli/command.h"
#include "system/cli/line_sender.h"
#include "system/cli/output.h"
#include "system/cli/session.h"
#include "system/queue/receipt.h"

namespace quern::cli {

namespace {

struct SendOptions {
    std::string queue;
    std::string body;
    std::string lines;
    int64_t delay_ms = -1;
};

Result<int> send_one(const GlobalOptions& global, const SendOptions& options, bool body_given) {
    std::string body = options.body;
    if (!body_given) {
        Result<std::string> input = read_standard_input(limits::message_bytes_max);
        if (!input) return fail(std::move(input.error()));
        body = std::move(*input);
    }
    Result<std::unique_ptr<Session>> session = Session::open(global);
    if (!session) return fail(std::move(session.error()));
    wire::SendRequest send;
    send.entries.push_back(
        {as_bytes(body), static_cast<uint32_t>(body.size()), options.delay_ms});
    Result<wire::Response> response = (*session)->ask(on_queue(options.queue, std::move(send)));
    if (!response) return fail(std::move(response.error()));
    const auto* answer = std::get_if<wire::SendResponse>(&response->body);
    if (answer == nullptr || answer->results.size() != 1) {
        return fail(ErrorCode::protocol_error, "the cluster's answer belongs to another operation");
    }
    const queue::SendResult& result = answer->results.front();
    if (result.error != ErrorCode::ok) {
        return fail(Error(result.error, fmt::format("queue {} refused the message", options.queue),
                          result.limit, result.actual));
    }
    const std::string id = queue::message_id_to_text({response->queue, result.seq});
    fmt::print(fmt::runtime(global.json ? "{{\"id\":\"{}\"}}\n" : "{}\n"), id);
    return 0;
}

Result<int> send_lines(const GlobalOptions& global, const SendOptions& options) {
    Result<LineFile> lines = LineFile::open(options.lines);
    if (!lines) return fail(std::move(lines.error()));
    Result<std::unique_ptr<Session>> session = Session::open(global);
    if (!session) return fail(std::move(session.error()));
    (*session)->catch_interrupts();
    LineSender sender(**session, options.queue, std::move(*lines), options.delay_ms);
    Result<void> done = sender.run(!global.json);
    if (!done) return fail(std::move(done.error()));
    if (global.json) {
        fmt::print("{{\"sent\":{}}}\n", sender.sent());
    } else {
        fmt::print("sent {} messages to {}\n", grouped(sender.sent()), options.queue);
    }
    return 0;
}

}  // namespace

void add_send_command(CLI::App& app, Commands& commands) {
    auto options = std::make_shared<SendOptions>();
    CLI::App* command = commands.add(app, "send", "Send messages; they are safe once this returns 0",
                                     "  quern send jobs 'resize cat.jpg'\n"
                                     "  quern send jobs < picture.png        one message from stdin\n"
                                     "  quern send jobs --lines todo.txt     a message for each line\n"
                                     "  ls | quern send jobs --lines -\n");
    command->add_option("queue", options->queue, "the queue")->required();
    CLI::Option* body = command->add_option("body", options->body, "the message; else stdin is read");
    command->add_option("--lines", options->lines, "send each line as a message; - is stdin")
        ->type_name("FILE")
        ->excludes(body);
    add_duration(command, "--delay", options->delay_ms, "before it can be received");
    commands.run(command, [options, body](const GlobalOptions& global) -> Result<int> {
        if (!options->lines.empty()) return send_lines(global, *options);
        return send_one(global, *options, body->count() > 0);
    });
}

}  // namespace quern::cli
