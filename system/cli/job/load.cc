#include "system/cli/job/load.h"

#include <algorithm>
#include <cstring>

namespace quern::cli {

namespace {

constexpr Duration pause_after_error = Duration::milliseconds(20);
constexpr int64_t receive_wait_ms = 1000;
constexpr size_t stamp_bytes = sizeof(int64_t);

}  // namespace

// Bodies are a time stamp, for the cycle's latency, and shared filler. Bodies too short for a stamp
// carry none.
class Load::Producer {
public:
    Producer(Load& load, size_t in_flight)
        : load_(load), client_(load.env_, load.options_.client), in_flight_(in_flight),
          retry_timer_(load.env_.timers) {
        const size_t size = load.options_.size_bytes;
        MutableBuffer filler(size);
        if (size > 0) std::memset(filler.data(), 'q', size);
        filler_ = std::move(filler).freeze();
    }

    void fill() {
        while (under_way_ < in_flight_ && load_.may_send() && !retry_timer_.pending()) send();
    }

private:
    void send() {
        const Instant began = load_.env_.clock.now();
        wire::SendRequest send;
        send.entries.assign(load_.options_.batch,
                            {filler_.span(), static_cast<uint32_t>(filler_.size()), -1});
        BufferChain contents;
        const bool stamped = filler_.size() >= stamp_bytes;
        Buffer stamp;
        if (stamped) {
            MutableBuffer bytes(stamp_bytes);
            std::memcpy(bytes.data(), &began.ns, stamp_bytes);
            stamp = std::move(bytes).freeze();
        }
        for (uint32_t i = 0; i < load_.options_.batch; ++i) {
            if (stamped) contents.append(stamp);
            contents.append(stamped ? filler_.slice(stamp_bytes) : filler_);
        }
        wire::Request request;
        request.queue_name = load_.options_.queue;
        request.operation = std::move(send);
        ++under_way_;
        ++load_.sends_under_way_;
        client_.call(std::move(request), std::move(contents),
                     [this, began](Result<wire::Response> response) {
                         on_sent(began, std::move(response));
                     });
    }

    void on_sent(Instant began, Result<wire::Response> response) {
        --under_way_;
        --load_.sends_under_way_;
        const auto* sent = response && response->error.code == ErrorCode::ok
                               ? std::get_if<wire::SendResponse>(&response->body)
                               : nullptr;
        if (sent == nullptr) {
            load_.failed(response ? std::move(response->error) : std::move(response.error()));
            retry_timer_.start(load_.env_.clock.now() + pause_after_error, [this] { fill(); });
            return;
        }
        uint64_t messages = 0;
        for (const queue::SendResult& result : sent->results) {
            if (result.error == ErrorCode::ok) {
                load_.check_.acked(result.seq);
                ++messages;
            } else {
                load_.failed(Error(result.error, "a message was refused", result.limit, result.actual));
            }
        }
        load_.sent_ += messages;
        load_.note(LoadOperation::send, messages, load_.env_.clock.now() - began);
        fill();
    }

    Load& load_;
    client::Client client_;
    size_t in_flight_;
    size_t under_way_ = 0;
    Buffer filler_;
    OwnedTimer retry_timer_;
};

class Load::Consumer {
public:
    Consumer(Load& load, size_t in_flight)
        : load_(load), client_(load.env_, load.options_.client), in_flight_(in_flight),
          retry_timer_(load.env_.timers) {}

    void fill() {
        while (under_way_ < in_flight_ && load_.receiving_ && !retry_timer_.pending()) receive();
    }

private:
    void receive() {
        const Instant began = load_.env_.clock.now();
        wire::ReceiveRequest receive;
        receive.messages_max = load_.options_.receive_batch;
        receive.wait_ms = receive_wait_ms;
        wire::Request request;
        request.queue_name = load_.options_.queue;
        request.operation = receive;
        ++under_way_;
        client_.call(std::move(request), [this, began](Result<wire::Response> response) {
            on_received(began, std::move(response));
        });
    }

    void on_received(Instant began, Result<wire::Response> response) {
        --under_way_;
        const auto* received = response && response->error.code == ErrorCode::ok
                                   ? std::get_if<wire::ReceiveResponse>(&response->body)
                                   : nullptr;
        if (received == nullptr) {
            load_.failed(response ? std::move(response->error) : std::move(response.error()));
            retry_timer_.start(load_.env_.clock.now() + pause_after_error, [this] { fill(); });
            return;
        }
        for (const wire::ReceivedMessage& message : received->messages)
            load_.check_.received(message.seq);
        if (!received->messages.empty()) {
            load_.note(LoadOperation::receive, received->messages.size(),
                       load_.env_.clock.now() - began);
            if (load_.options_.operation == LoadOperation::cycle) remove(*received);
        }
        fill();
    }

    void remove(const wire::ReceiveResponse& received) {
        Deletion deletion;
        deletion.stamps.reserve(received.messages.size());
        deletion.receipts.reserve(received.messages.size());
        for (const wire::ReceivedMessage& message : received.messages) {
            int64_t stamp = 0;
            if (message.body_bytes >= stamp_bytes)
                std::memcpy(&stamp, message.content.data(), stamp_bytes);
            deletion.stamps.push_back(stamp);
            deletion.receipts.push_back(message.receipt);
        }
        remove(std::move(deletion));
    }

    struct Deletion {
        std::vector<int64_t> stamps;
        std::vector<wire::ReceiptBytes> receipts;
    };
    void remove(Deletion deletion) {
        wire::Request request;
        request.queue_name = load_.options_.queue;
        request.operation = wire::DeleteRequest{deletion.receipts};
        client_.call(std::move(request), [this, kept = std::move(deletion)](
                                             Result<wire::Response> response) mutable {
            if (!response || response->error.code != ErrorCode::ok) {
                load_.failed(response ? std::move(response->error) : std::move(response.error()));
                return remove(std::move(kept));
            }
            on_removed(kept.stamps);
        });
    }

    void on_removed(const std::vector<int64_t>& stamps) {
        const Instant now = load_.env_.clock.now();
        for (const int64_t stamp : stamps)
            load_.note(LoadOperation::cycle, 1, stamp == 0 ? Duration::zero() : now - Instant{stamp});
        load_.deleted_ += stamps.size();
        if (load_.sending_) {
            for (auto& producer : load_.producers_) producer->fill();
        }
    }

    Load& load_;
    client::Client client_;
    size_t in_flight_;
    size_t under_way_ = 0;
    OwnedTimer retry_timer_;
};

Load::Load(Env& env, LoadOptions options) : env_(env), options_(std::move(options)) {
    // The part of `total` that falls to each of `count`: all of it, as even as can be, at least one.
    auto share = [](size_t total, size_t count, size_t i) {
        return std::max<size_t>(1, total / count + (i < total % count ? 1 : 0));
    };
    for (size_t i = 0; i < std::min(options_.producers, options_.in_flight); ++i) {
        producers_.push_back(
            std::make_unique<Producer>(*this, share(options_.in_flight, options_.producers, i)));
    }
    const bool receive_only = options_.operation == LoadOperation::receive;
    const size_t receives = receive_only ? options_.in_flight : options_.consumers;
    for (size_t i = 0; i < std::min(options_.consumers, receives); ++i) {
        consumers_.push_back(
            std::make_unique<Consumer>(*this, share(receives, options_.consumers, i)));
    }
}

Load::~Load() = default;

void Load::start_sending() {
    sending_ = true;
    for (auto& producer : producers_) producer->fill();
}

void Load::start_receiving() {
    receiving_ = true;
    for (auto& consumer : consumers_) consumer->fill();
}

void Load::begin_measuring() {
    measuring_ = true;
    measured_ = 0;
    latency_ns_ = Histogram();
}

bool Load::drained() const {
    if (options_.operation == LoadOperation::cycle && deleted_ < check_.received()) return false;
    return idle_senders() && check_.missing() == 0;
}

bool Load::may_send() const {
    if (!sending_) return false;
    return options_.operation != LoadOperation::cycle || sent_ < deleted_ + backlog_max;
}

void Load::note(LoadOperation operation, uint64_t messages, Duration took) {
    if (!measuring_ || operation != options_.operation) return;
    measured_ += messages;
    if (took > Duration::zero()) latency_ns_.record(static_cast<uint64_t>(took.ns));
}

void Load::failed(Error error) {
    ++errors_;
    last_error_ = std::move(error);
}

}  // namespace quern::cli
