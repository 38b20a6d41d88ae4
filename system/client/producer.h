// Sends many messages to one queue: single sends are gathered into batches, several batches are under
// way at once, and each message has its own callback. Everything is bounded: at a bound send() refuses,
// and on_room() of the handler tells when there is room again.
//
// Messages of one producer may be stored in another order than they were sent when more than one batch
// is under way (batches_under_way_max).
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "system/client/client.h"

namespace quern::client {

struct ProducerOptions {
    std::string queue;
    // Sent but not answered, gathered ones included.
    size_t messages_max = 10'000;
    size_t bytes_max = 32 * 1024 * 1024;
    // A batch goes out at either, or when its first message has waited for `linger` (0: until the end of
    // this turn of the loop), if fewer than batches_under_way_max are.
    size_t batch_entries_max = 500;
    size_t batch_bytes_max = 512 * 1024;
    Duration linger = Duration::zero();
    size_t batches_under_way_max = 8;
    Duration timeout = Duration::zero();  // of each batch; zero: the client's
};

class Producer {
public:
    // `client` outlives the producer.
    Producer(Client& client, ProducerOptions options);
    // Callbacks of messages that are not answered yet do not run.
    ~Producer() = default;
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

    using Done = Callback<void(Result<queue::MessageId>)>;
    // False at a bound: nothing was taken, `done` will not run.
    bool send(OutgoingMessage message, Done done);
    // Sends what is gathered without lingering.
    void flush();
    // Called from the loop, once, when there is room for a message of up to a batch's bytes after send()
    // refused one.
    void on_room(Callback<void()> room) { room_ = std::move(room); }

    size_t messages_under_way() const { return messages_; }
    size_t bytes_under_way() const { return bytes_; }

private:
    struct Pending {
        OutgoingMessage message;
        Done done;
    };
    struct Batch {
        std::vector<Done> done;
        size_t bytes = 0;
    };
    bool batch_full() const;
    void schedule();
    void send_ready(bool all);
    void send_batch();
    void answered(Batch batch, Result<Client::BatchSent> sent);
    void tell_room();

    Client& client_;
    ProducerOptions options_;
    std::deque<Pending> gathered_;
    size_t gathered_bytes_ = 0;
    size_t messages_ = 0;
    size_t bytes_ = 0;
    size_t batches_under_way_ = 0;
    bool flushing_ = false;  // linger is over for what is gathered
    bool scheduled_ = false;
    Callback<void()> room_;
    OwnedTimer timer_;
    LifeGuard guard_;
};

}  // namespace quern::client
