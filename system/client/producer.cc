#include "system/client/producer.h"

namespace quern::client {

Producer::Producer(Client& client, ProducerOptions options)
    : client_(client), options_(std::move(options)), timer_(client.env().timers) {
    QUERN_ASSERT(options_.batch_entries_max > 0 && options_.batches_under_way_max > 0);
    QUERN_ASSERT(options_.batch_entries_max <= limits::batch_entries_max);
    QUERN_ASSERT(options_.batch_bytes_max <= limits::batch_bytes_max);
}

bool Producer::send(OutgoingMessage message, Done done) {
    const size_t size = message.content.size();
    if (messages_ >= options_.messages_max || bytes_ + size > options_.bytes_max) return false;
    ++messages_;
    bytes_ += size;
    gathered_bytes_ += size;
    gathered_.push_back({std::move(message), std::move(done)});
    if (batch_full()) {
        send_ready(false);
    } else {
        schedule();
    }
    return true;
}

bool Producer::batch_full() const {
    return gathered_.size() >= options_.batch_entries_max ||
           gathered_bytes_ >= options_.batch_bytes_max;
}

void Producer::schedule() {
    if (scheduled_ || gathered_.empty()) return;
    scheduled_ = true;
    Env& env = client_.env();
    if (options_.linger > Duration::zero()) {
        timer_.start(env.clock.now() + options_.linger, [this] { send_ready(true); });
    } else {
        env.loop.post(guard_.wrap([this] { send_ready(true); }));
    }
}

void Producer::flush() { send_ready(true); }

// `all`: also what does not fill a batch; else it waits on.
void Producer::send_ready(bool all) {
    if (all) {
        scheduled_ = false;
        flushing_ = true;
    }
    while (batches_under_way_ < options_.batches_under_way_max && !gathered_.empty() &&
           (flushing_ || batch_full())) {
        send_batch();
    }
    if (gathered_.empty()) flushing_ = false;
    if (!flushing_) schedule();
}

void Producer::send_batch() {
    Batch batch;
    std::vector<OutgoingMessage> messages;
    while (!gathered_.empty() && messages.size() < options_.batch_entries_max) {
        const size_t size = gathered_.front().message.content.size();
        if (!messages.empty() && batch.bytes + size > options_.batch_bytes_max) break;
        batch.bytes += size;
        messages.push_back(std::move(gathered_.front().message));
        batch.done.push_back(std::move(gathered_.front().done));
        gathered_.pop_front();
    }
    gathered_bytes_ -= batch.bytes;
    ++batches_under_way_;
    CallOptions options;
    options.timeout = options_.timeout;
    client_.send_batch(options_.queue, std::move(messages),
                       guard_.wrap([this, batch = std::move(batch)](
                                       Result<Client::BatchSent> sent) mutable {
                           answered(std::move(batch), std::move(sent));
                       }),
                       options);
}

// The callbacks run last: one may destroy the producer.
void Producer::answered(Batch batch, Result<Client::BatchSent> sent) {
    --batches_under_way_;
    messages_ -= batch.done.size();
    bytes_ -= batch.bytes;
    send_ready(false);
    tell_room();
    for (size_t i = 0; i < batch.done.size(); ++i) {
        if (!sent) {
            batch.done[i](fail(sent.error()));
            continue;
        }
        const queue::SendResult& result = sent->results[i];
        if (result.error == ErrorCode::ok) {
            batch.done[i](queue::MessageId{sent->queue, result.seq});
        } else {
            batch.done[i](
                fail(Error(result.error, "the message was refused", result.limit, result.actual)));
        }
    }
}

void Producer::tell_room() {
    if (!room_ || messages_ >= options_.messages_max) return;
    if (bytes_ + options_.batch_bytes_max > options_.bytes_max && bytes_ > 0) return;
    client_.env().loop.post(guard_.wrap([room = std::move(room_)]() mutable { room(); }));
    room_ = {};
}

}  // namespace quern::client
