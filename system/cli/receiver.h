// What `quern receive` does with messages: prints them or hands them to a command, deletes them.
#pragma once

#include <string>

#include "system/cli/session.h"

namespace quern::cli {

struct ReceiveOptions {
    std::string queue;
    uint32_t messages_max = 1;
    int64_t wait_ms = -1;
    int64_t visibility_ms = -1;
    bool remove = false;
    bool follow = false;
    std::string command;  // --exec; empty: print
};

class Receiver {
public:
    Receiver(Session& session, const ReceiveOptions& options, bool json)
        : session_(session), options_(options), json_(json) {}

    // Until messages_max were received, or nothing is there; with `follow` until Ctrl-C.
    Result<void> run();
    uint64_t received() const { return received_; }
    // Messages whose command failed; they come back when their lease ends.
    uint64_t commands_failed() const { return commands_failed_; }

private:
    static constexpr int64_t follow_wait_ms = 20'000;
    static constexpr uint32_t batch_max = 100;

    Result<size_t> receive_some(uint32_t count_max);
    Result<void> handle(const wire::ReceiveResponse& messages, QueueId queue);
    bool run_command(const wire::ReceivedMessage& message, QueueId queue);
    Result<void> remove(std::vector<wire::ReceiptBytes> receipts);

    Session& session_;
    const ReceiveOptions& options_;
    bool json_;
    uint64_t received_ = 0;
    uint64_t commands_failed_ = 0;
};

}  // namespace quern::cli
