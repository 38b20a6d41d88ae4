// Receives messages of one queue for a handler: long polls, a bounded number of messages held, deletes
// gathered into batches, leases extended on request.
//
// Each message is held until done() (it is deleted), give_back() (ready again at once) or the end of its
// lease (it is forgotten here: another receive may have it, and done() on it then changes nothing).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "system/client/client.h"

namespace quern::client {

struct ConsumerOptions {
    std::string queue;
    size_t messages_held_max = 100;  // no receive asks for more than fits
    uint32_t receive_messages_max = 100;
    size_t polls_max = 1;  // receives under way at once
    Duration wait = Duration::seconds(20);
    int64_t visibility_ms = -1;  // -1: the queue's
    // Leases of held messages are extended when half of them has passed.
    bool extend_leases = false;
    // Deletes wait this long for others, or for a full batch.
    Duration delete_linger = Duration::milliseconds(5);
    size_t delete_batch_max = 100;
    // After a receive that failed.
    Duration pause_after_error = Duration::seconds(1);
};

class Consumer;

class ConsumerHandler {
public:
    virtual ~ConsumerHandler() = default;
    // May call anything on the consumer, and may destroy it.
    virtual void on_message(Consumer& consumer, const wire::ReceivedMessage& message) = 0;
    // A message's lease ended before done() or give_back().
    virtual void on_lease_lost(Consumer&, MessageSeq) {}
    // A message was deleted (ok) or its delete failed; then it may come again.
    virtual void on_deleted(Consumer&, MessageSeq, const Result<void>&) {}
    // A receive failed; it is repeated after a pause.
    virtual void on_error(Consumer&, const Error&) {}
};

class Consumer {
public:
    // `client` and `handler` outlive the consumer.
    Consumer(Client& client, ConsumerOptions options, ConsumerHandler& handler);
    ~Consumer();  // what is held becomes ready when its lease ends
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;

    void start();
    // Ends receiving, also polls under way (a message handed out just then is ready again when its lease
    // ends); what is held may still be finished.
    void stop();
    // Unknown messages (done already, lease lost) are ignored.
    void done(MessageSeq seq);
    void give_back(MessageSeq seq);
    size_t held() const { return held_.size(); }

private:
    struct Held {
        wire::ReceiptBytes receipt{};
        ClusterTime leased_from;
        ClusterTime leased_until;
        bool extending = false;
    };
    void poll_more();
    void received(uint64_t poll, Result<wire::ReceiveResponse> response);
    void deliver(std::vector<wire::ReceivedMessage> messages);
    void send_deletes();
    void deleted(const std::vector<MessageSeq>& seqs, Result<std::vector<ErrorCode>> results);
    void arm_lease_timer();
    void leases_due();
    void extend(const std::vector<MessageSeq>& seqs);
    void extended(const std::vector<MessageSeq>& seqs, ClusterTime asked_at,
                  Result<std::vector<ErrorCode>> results);
    ClusterTime due_time(const Held& held) const;

    Client& client_;
    ConsumerOptions options_;
    ConsumerHandler& handler_;
    bool running_ = false;
    struct Poll {
        Client::CallId call = 0;
        uint32_t asked = 0;
    };
    uint64_t next_poll_ = 1;
    std::map<uint64_t, Poll> polls_;  // under way
    size_t asked_ = 0;                // messages that they may bring
    std::map<MessageSeq, Held> held_;
    std::map<MessageSeq, wire::ReceiptBytes> to_delete_;
    OwnedTimer pause_timer_;
    OwnedTimer delete_timer_;
    OwnedTimer lease_timer_;
    LifeGuard guard_;
};

}  // namespace quern::client
