#include "system/cli/receiver.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "system/cli/queue_output.h"
#include "system/queue/receipt.h"

namespace quern::cli {

Result<void> Receiver::run() {
    while (!session_.interrupted()) {
        const uint64_t missing = options_.messages_max - std::min<uint64_t>(received_, options_.messages_max);
        if (!options_.follow && missing == 0) return {};
        // A command takes its time: one message at a time, so that no lease waits for its turn.
        const uint32_t batch = options_.command.empty() ? batch_max : 1;
        const uint32_t count =
            options_.follow ? batch : static_cast<uint32_t>(std::min<uint64_t>(missing, batch));
        Result<size_t> got = receive_some(count);
        if (!got && got.error().code == ErrorCode::cancelled && session_.interrupted()) return {};
        if (!got) return fail(std::move(got.error()));
        if (*got == 0 && !options_.follow) return {};
    }
    return {};
}

Result<size_t> Receiver::receive_some(uint32_t count_max) {
    wire::ReceiveRequest receive;
    receive.messages_max = count_max;
    receive.visibility_ms = options_.visibility_ms;
    receive.wait_ms = options_.wait_ms;
    if (receive.wait_ms < 0 && options_.follow) receive.wait_ms = follow_wait_ms;
    // What is there is enough once some messages came.
    if (received_ > 0 && !options_.follow) receive.wait_ms = 0;
    const Duration wait = Duration::milliseconds(std::max<int64_t>(receive.wait_ms, 0));
    Result<wire::Response> response = session_.ask(on_queue(options_.queue, receive), wait);
    if (!response) return fail(std::move(response.error()));
    const auto* messages = std::get_if<wire::ReceiveResponse>(&response->body);
    if (messages == nullptr) {
        return fail(ErrorCode::protocol_error, "the cluster's answer belongs to another operation");
    }
    received_ += messages->messages.size();
    Result<void> handled = handle(*messages, response->queue);
    if (!handled) return fail(std::move(handled.error()));
    return messages->messages.size();
}

Result<void> Receiver::handle(const wire::ReceiveResponse& messages, QueueId queue) {
    std::vector<wire::ReceiptBytes> handled;
    for (const wire::ReceivedMessage& message : messages.messages) {
        if (!options_.command.empty()) {
            if (run_command(message, queue)) handled.push_back(message.receipt);
            continue;
        }
        print_message(message, queue, !options_.remove, json_);
        if (options_.remove) handled.push_back(message.receipt);
    }
    // Deleted only once it is out of our hands.
    if (std::fflush(stdout) != 0) return fail(ErrorCode::io_failed, "cannot write to standard output");
    return handled.empty() ? Result<void>() : remove(std::move(handled));
}

bool Receiver::run_command(const wire::ReceivedMessage& message, QueueId queue) {
    const std::string id = queue::message_id_to_text({queue, message.seq});
    ::setenv("QUERN_MESSAGE_ID", id.c_str(), 1);
    ::setenv("QUERN_RECEIVE_COUNT", std::to_string(message.receive_count).c_str(), 1);
    std::FILE* input = ::popen(options_.command.c_str(), "we");
    if (input == nullptr) {
        fmt::print(stderr, "quern: cannot run `{}`\n", options_.command);
        ++commands_failed_;
        return false;
    }
    // A command need not read its input: what counts is its exit status.
    (void)std::fwrite(message.content.data(), 1, message.body_bytes, input);
    const int status = ::pclose(input);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    ++commands_failed_;
    fmt::print(stderr, "quern: the command {} for message {}; it comes back when its lease ends\n",
               WIFEXITED(status) ? fmt::format("exited with status {}", WEXITSTATUS(status))
                                 : fmt::format("was ended by signal {}", WTERMSIG(status)),
               id);
    return false;
}

Result<void> Receiver::remove(std::vector<wire::ReceiptBytes> receipts) {
    auto removed = session_.ask_for<wire::DeleteResponse>(
        on_queue(options_.queue, wire::DeleteRequest{std::move(receipts)}));
    if (!removed) return fail(std::move(removed.error()));
    for (const ErrorCode code : removed->results) {
        if (code != ErrorCode::ok) return fail(code, "a message was received but not deleted");
    }
    return {};
}

}  // namespace quern::cli
