#include "system/cli/job/line_job.h"

#include <algorithm>

#include "system/cli/job/line_content.h"

namespace quern::cli {

namespace {

constexpr Duration pause_after_error = Duration::milliseconds(50);
constexpr int64_t receive_wait_ms = 1000;

}  // namespace

// Keeps a number of sends under way. A send that was certainly not done is sent anew; one whose
// outcome stays unknown is not, since that could store it twice.
class LineJob::Producer {
public:
    explicit Producer(LineJob& job)
        : job_(job), client_(job.env_, job.options_.client), retry_timer_(job.env_.timers) {}

    void fill() {
        while (under_way_ < job_.options_.sends_per_producer && send_next()) {
        }
    }

private:
    struct Item {
        uint64_t line = 0;
        client::OutgoingMessage message;
    };

    bool send_next() {
        if (job_.exhausted_) return false;
        std::string_view body;
        if (!job_.source_(body)) {
            job_.exhausted_ = true;
            return false;
        }
        const uint64_t line = job_.ledger_.add_line(body_hash(body));
        ++job_.sends_under_way_;
        ++under_way_;
        send({line, line_message(line, body)});
        return true;
    }

    void send(Item item) {
        client::OutgoingMessage message = item.message;  // shares the bytes
        client_.send(job_.options_.queue, std::move(message),
                     [this, kept = std::move(item)](Result<queue::MessageId> sent) mutable {
                         on_sent(std::move(kept), std::move(sent));
                     });
    }

    void on_sent(Item item, Result<queue::MessageId> sent) {
        if (!sent) {
            const Error& error = job_.last_error_ = std::move(sent.error());
            if (error.outcome == Outcome::not_applied && error_info(error.code).retryable) {
                waiting_.push_back(std::move(item));
                if (!retry_timer_.pending()) {
                    retry_timer_.start(job_.env_.clock.now() + pause_after_error,
                                       [this] { send_waiting(); });
                }
                return;
            }
            if (error.outcome == Outcome::not_applied) {
                job_.ledger_.send_refused(item.line);
            } else {
                job_.ledger_.send_uncertain(item.line);
            }
        } else {
            job_.ledger_.send_acked(item.line);
            job_.last_progress_ = job_.env_.clock.now();
            job_.send_gaps_.success(job_.last_progress_);
        }
        --under_way_;
        --job_.sends_under_way_;
        fill();
        if (job_.exhausted_ && job_.sends_under_way_ == 0) {
            job_.send_gaps_.end();
            job_.receive_gaps_.end();
        }
    }

    void send_waiting() {
        std::deque<Item> waiting = std::exchange(waiting_, {});
        for (Item& item : waiting) send(std::move(item));
    }

    LineJob& job_;
    client::Client client_;
    size_t under_way_ = 0;
    std::deque<Item> waiting_;
    OwnedTimer retry_timer_;
};

// Receives one batch after another and deletes each; deletes go on beside the next receive. A delete
// may be asked again: it changes nothing the second time.
class LineJob::Consumer {
public:
    explicit Consumer(LineJob& job)
        : job_(job), client_(job.env_, job.options_.client), retry_timer_(job.env_.timers) {}

    void receive() {
        wire::Request request;
        request.queue_name = job_.options_.queue;
        wire::ReceiveRequest receive;
        receive.messages_max = job_.options_.receive_max;
        receive.wait_ms = receive_wait_ms;
        request.operation = receive;
        client_.call(std::move(request),
                     [this](Result<wire::Response> response) { on_received(std::move(response)); });
    }

private:
    struct Batch {
        std::vector<uint64_t> lines;
        std::vector<wire::ReceiptBytes> receipts;
    };

    void on_received(Result<wire::Response> response) {
        if (!response || response->error.code != ErrorCode::ok) {
            job_.last_error_ = response ? std::move(response->error) : std::move(response.error());
            retry_timer_.start(job_.env_.clock.now() + pause_after_error, [this] { receive(); });
            return;
        }
        Batch batch;
        if (const auto* received = std::get_if<wire::ReceiveResponse>(&response->body)) {
            for (const wire::ReceivedMessage& message : received->messages)
                note(message, response->index, batch);
        }
        if (!batch.lines.empty()) remove(std::move(batch));
        receive();
    }

    void note(const wire::ReceivedMessage& message, LogIndex index, Batch& batch) {
        LineDelivery delivery;
        delivery.line = line_number(message).value_or(0);
        delivery.body_hash = body_hash(message.content.text().substr(0, message.body_bytes));
        delivery.seq = message.seq;
        delivery.index = index;
        delivery.leased_from = message.leased_until.plus_ms(-job_.options_.visibility_ms);
        delivery.leased_until = message.leased_until;
        job_.last_progress_ = job_.env_.clock.now();
        job_.receive_gaps_.success(job_.last_progress_);
        job_.ledger_.delivered(delivery);
        if (delivery.line == 0 || delivery.line > job_.ledger_.totals().lines) return;
        batch.lines.push_back(delivery.line);
        batch.receipts.push_back(message.receipt);
    }

    void remove(Batch batch) {
        wire::Request request;
        request.queue_name = job_.options_.queue;
        request.operation = wire::DeleteRequest{batch.receipts};
        client_.call(std::move(request), [this, kept = std::move(batch)](
                                             Result<wire::Response> response) mutable {
            on_removed(std::move(kept), std::move(response));
        });
    }

    void on_removed(Batch batch, Result<wire::Response> response) {
        const bool answered = response && response->error.code == ErrorCode::ok;
        const auto* removed = answered ? std::get_if<wire::DeleteResponse>(&response->body) : nullptr;
        if (removed == nullptr || removed->results.size() != batch.lines.size()) {
            if (!answered)
                job_.last_error_ = response ? std::move(response->error) : std::move(response.error());
            return remove(std::move(batch));
        }
        for (size_t i = 0; i < batch.lines.size(); ++i) {
            if (removed->results[i] == ErrorCode::ok) {
                job_.ledger_.delete_acked(batch.lines[i], response->index);
            } else {
                job_.last_error_ = Error(removed->results[i], "a delete was refused");
            }
        }
        job_.last_progress_ = job_.env_.clock.now();
    }

    LineJob& job_;
    client::Client client_;
    OwnedTimer retry_timer_;
};

LineJob::LineJob(Env& env, Options options, LineSource source)
    : env_(env), options_(std::move(options)), source_(std::move(source)) {
    for (size_t i = 0; i < options_.producers; ++i)
        producers_.push_back(std::make_unique<Producer>(*this));
    for (size_t i = 0; i < options_.consumers; ++i)
        consumers_.push_back(std::make_unique<Consumer>(*this));
}

LineJob::~LineJob() = default;

void LineJob::start() {
    last_progress_ = env_.clock.now();
    for (auto& consumer : consumers_) consumer->receive();
    for (auto& producer : producers_) producer->fill();
}

void LineJob::watch_gaps() {
    if (exhausted_ && sends_under_way_ == 0) return;
    send_gaps_.begin(env_.clock.now());
    receive_gaps_.begin(env_.clock.now());
}

Duration LineJob::longest_gap() const {
    return std::max(send_gaps_.longest(), receive_gaps_.longest());
}

}  // namespace quern::cli
