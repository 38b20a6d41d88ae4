#include "system/client/consumer.h"

#include <algorithm>

namespace quern::client {

Consumer::Consumer(Client& client, ConsumerOptions options, ConsumerHandler& handler)
    : client_(client), options_(std::move(options)), handler_(handler),
      pause_timer_(client.env().timers), delete_timer_(client.env().timers),
      lease_timer_(client.env().timers) {
    QUERN_ASSERT(options_.messages_held_max > 0 && options_.receive_messages_max > 0);
    QUERN_ASSERT(options_.delete_batch_max > 0 &&
                 options_.delete_batch_max <= limits::batch_entries_max);
}

void Consumer::start() {
    running_ = true;
    poll_more();
}

void Consumer::stop() {
    running_ = false;
    pause_timer_.cancel();
    for (const auto& [poll, under_way] : polls_) client_.cancel(under_way.call);
    polls_.clear();
    asked_ = 0;
}

Consumer::~Consumer() { stop(); }

// --- receiving ----------------------------------------------------------------------------------------

void Consumer::poll_more() {
    while (running_ && !pause_timer_.pending() && polls_.size() < options_.polls_max &&
           held_.size() + asked_ < options_.messages_held_max) {
        const size_t room = options_.messages_held_max - held_.size() - asked_;
        wire::ReceiveRequest request;
        request.messages_max = static_cast<uint32_t>(
            std::min({room, size_t{options_.receive_messages_max}, limits::receive_entries_max}));
        request.wait_ms = options_.wait.to_milliseconds();
        request.visibility_ms = options_.visibility_ms;
        asked_ += request.messages_max;
        const uint64_t poll = next_poll_++;
        polls_[poll].asked = request.messages_max;
        polls_[poll].call = client_.receive(
            options_.queue, request,
            guard_.wrap([this, poll](Result<wire::ReceiveResponse> response) {
                received(poll, std::move(response));
            }));
    }
}

void Consumer::received(uint64_t poll, Result<wire::ReceiveResponse> response) {
    const auto ended = polls_.find(poll);
    if (ended == polls_.end()) return;  // stopped since
    asked_ -= ended->second.asked;
    polls_.erase(ended);
    if (!response) {
        if (running_) {
            pause_timer_.start(client_.env().clock.now() + options_.pause_after_error,
                               [this] { poll_more(); });
        }
        return handler_.on_error(*this, response.error());
    }
    deliver(std::move(response->messages));
}

void Consumer::deliver(std::vector<wire::ReceivedMessage> messages) {
    const ClusterTime now = client_.cluster_time();
    for (const wire::ReceivedMessage& message : messages) {
        // Received again: the old lease had ended, and with it the right to delete by it.
        to_delete_.erase(message.seq);
        held_[message.seq] = {message.receipt, std::min(now, message.leased_until),
                              message.leased_until, false};
    }
    arm_lease_timer();
    poll_more();
    // The handler may destroy this object; each message is handed over in a turn of its own.
    for (wire::ReceivedMessage& message : messages) {
        client_.env().loop.post(guard_.wrap([this, message = std::move(message)] {
            if (held_.contains(message.seq)) handler_.on_message(*this, message);
        }));
    }
}

// --- finishing ----------------------------------------------------------------------------------------

void Consumer::done(MessageSeq seq) {
    const auto found = held_.find(seq);
    if (found == held_.end()) return;
    to_delete_[seq] = found->second.receipt;
    held_.erase(found);
    if (to_delete_.size() >= options_.delete_batch_max) {
        send_deletes();
    } else if (!delete_timer_.pending()) {
        delete_timer_.start(client_.env().clock.now() + options_.delete_linger,
                            [this] { send_deletes(); });
    }
    poll_more();
}

void Consumer::send_deletes() {
    delete_timer_.cancel();
    std::vector<MessageSeq> seqs;
    std::vector<wire::ReceiptBytes> receipts;
    for (const auto& [seq, receipt] : std::exchange(to_delete_, {})) {
        seqs.push_back(seq);
        receipts.push_back(receipt);
    }
    if (seqs.empty()) return;
    client_.delete_messages(options_.queue, std::move(receipts),
                            guard_.wrap([this, seqs = std::move(seqs)](
                                            Result<std::vector<ErrorCode>> results) {
                                deleted(seqs, std::move(results));
                            }));
}

void Consumer::deleted(const std::vector<MessageSeq>& seqs, Result<std::vector<ErrorCode>> results) {
    for (size_t i = 0; i < seqs.size(); ++i) {
        Result<void> one;
        if (!results) {
            one = fail(results.error());
        } else if ((*results)[i] != ErrorCode::ok) {
            one = fail((*results)[i]);
        }
        client_.env().loop.post(guard_.wrap(
            [this, seq = seqs[i], one = std::move(one)] { handler_.on_deleted(*this, seq, one); }));
    }
}

void Consumer::give_back(MessageSeq seq) {
    const auto found = held_.find(seq);
    if (found == held_.end()) return;
    // Fire and forget: if it fails, the message is ready when its lease ends.
    client_.change_visibility(options_.queue, {{found->second.receipt, 0}},
                              [](Result<std::vector<ErrorCode>>) {});
    held_.erase(found);
    poll_more();
}

}  // namespace quern::client
