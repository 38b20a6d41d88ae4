#include "system/replica/receive_desk.h"

#include "system/base/planted_bug.h"
#include "system/replica/data_replica.h"

namespace quern::replica {

namespace {

// What a receive is going to hand out, if nothing comes between; only a planted bug asks.
std::vector<queue::Delivery> foreseen(const queue::GroupState& state, QueueId queue,
                                      const queue::Receive& receive) {
    std::vector<queue::Delivery> deliveries;
    const int64_t visibility_ms =
        receive.visibility_ms < 0 ? state.attributes(queue)->visibility_ms : receive.visibility_ms;
    for (const auto& peeked : state.peek(queue, MessageSeq{}, limits::receive_entries_max)) {
        if (peeked.state != queue::MessageState::ready) continue;
        if (deliveries.size() == receive.messages_max) break;
        queue::Delivery& delivery = deliveries.emplace_back(peeked.message);
        delivery.epoch = delivery.epoch.next();
        ++delivery.receive_count;
        delivery.leased_until = state.time().plus_ms(visibility_ms);
    }
    return deliveries;
}

}  // namespace

ReceiveDesk::ReceiveDesk(DataReplica& owner) : owner_(owner) {}
ReceiveDesk::~ReceiveDesk() = default;

void ReceiveDesk::receive(uint64_t request, queue::Command base, const queue::Receive& receive,
                          Instant deadline) {
    auto waiter = std::make_unique<Waiter>(owner_.host_.env().timers);
    waiter->request = request;
    waiter->base = std::move(base);
    waiter->receive = receive;
    waiter->deadline = deadline;
    const QueueId queue = waiter->base.queue;
    auto line = lines_.find(queue);
    const bool others_wait = line != lines_.end() && !line->second.parked.empty();
    if (repeats(*waiter) || (owner_.state_.has_ready(queue) && !others_wait)) {
        return propose(std::move(waiter));
    }
    if (deadline <= owner_.now()) return confirm_empty(std::move(waiter));
    if (PLANTED(parked_too_late)) {
        owner_.host_.env().timers.start(
            owner_.now() + Duration::milliseconds(2),
            guard_.wrap([this, waiter = std::move(waiter)]() mutable { park(std::move(waiter), false); }));
        return;
    }
    park(std::move(waiter), false);
    if (others_wait) wake(queue);
}

bool ReceiveDesk::repeats(const Waiter& waiter) const {
    return owner_.state_.remembers(waiter.base.principal, waiter.base.token);
}

Error ReceiveDesk::gone(const Waiter& waiter) const {
    return Error(ErrorCode::queue_does_not_exist)
        .with_outcome(repeats(waiter) ? Outcome::unknown : Outcome::not_applied);
}

void ReceiveDesk::propose(WaiterPtr waiter) {
    if (!owner_.responders_.contains(waiter->request)) return;  // nobody waits for it any more
    if (PLANTED(receive_before_commit)) {
        deliver(*waiter, foreseen(owner_.state_, waiter->base.queue, waiter->receive));
    }
    Line& line = lines_[waiter->base.queue];
    line.asked += waiter->receive.messages_max;
    queue::Command command = waiter->base;
    command.operation = waiter->receive;
    owner_.submit(std::move(command), {}, Instant::never(),
                  [this, waiter = std::move(waiter)](Result<queue::Reply> reply) mutable {
                      applied(std::move(waiter), std::move(reply));
                  });
}

void ReceiveDesk::applied(WaiterPtr waiter, Result<queue::Reply> reply) {
    const QueueId queue = waiter->base.queue;
    auto line = lines_.find(queue);
    if (line != lines_.end()) {
        QUERN_ASSERT(line->second.asked >= waiter->receive.messages_max);
        line->second.asked -= waiter->receive.messages_max;
        if (line->second.asked == 0 && line->second.parked.empty()) lines_.erase(line);
    }
    const UserId principal = waiter->base.principal;
    const Token token = waiter->base.token;
    finish(std::move(waiter), std::move(reply));
    if (token.session && owner_.state_.remembers(principal, token)) wake_repetitions(principal, token);
    wake(queue);  // it may have taken less than it asked for
}

// The same request was sent again, by another way, before it was applied.
void ReceiveDesk::wake_repetitions(UserId principal, const Token& token) {
    std::vector<uint64_t> requests;
    for (auto at = repeatable_.lower_bound({principal, token.session, token.seq, 0});
         at != repeatable_.end() && *at <= Repeatable{principal, token.session, token.seq, UINT64_MAX}; ++at) {
        requests.push_back(std::get<3>(*at));
    }
    for (const uint64_t request : requests) {
        const auto queue = where_.find(request);
        if (queue != where_.end()) propose(take(queue->second, request));
    }
}

ReceiveDesk::Repeatable ReceiveDesk::repeatable(const Waiter& waiter) {
    const Token& token = waiter.base.token;
    return {waiter.base.principal, token.session, token.seq, waiter.request};
}

void ReceiveDesk::finish(WaiterPtr waiter, Result<queue::Reply> reply) {
    const QueueId queue = waiter->base.queue;
    if (!reply) return owner_.respond_error(waiter->request, queue, std::move(reply.error()));
    if (auto* error = std::get_if<Error>(&reply->result)) {
        return owner_.respond_refusal(waiter->request, queue, std::move(*error));
    }
    auto& received = std::get<queue::ReceiveReply>(reply->result);
    const bool wanted = owner_.responders_.contains(waiter->request);
    // A repeated one says what its first application has left. If that is nothing, since the leases have ended,
    // say, it goes on as a new one, for which the token is used up.
    if (reply->repeated && received.deliveries.empty() && wanted) {
        if (!owner_.state_.has_queue(queue)) {
            return owner_.respond_refusal(waiter->request, queue, gone(*waiter));
        }
        waiter->base.token = {};
        if (owner_.state_.has_ready(queue)) return propose(std::move(waiter));
    }
    // Applying an empty receive shows that nothing was ready at that index.
    if (!received.deliveries.empty() || waiter->deadline <= owner_.now()) {
        if (wanted) deliver(*waiter, std::move(received.deliveries));
        return;
    }
    if (wanted) park(std::move(waiter), true);
}

void ReceiveDesk::park(WaiterPtr waiter, bool front) {
    if (parked_count_ >= limits::waiters_max) return confirm_empty(std::move(waiter));
    const QueueId queue = waiter->base.queue;
    const uint64_t request = waiter->request;
    waiter->timer.start(waiter->deadline, [this, queue, request] { timed_out(queue, request); });
    if (waiter->base.token.session) repeatable_.insert(repeatable(*waiter));
    std::list<WaiterPtr>& parked = lines_[queue].parked;
    if (front) {
        parked.push_front(std::move(waiter));
    } else {
        parked.push_back(std::move(waiter));
    }
    where_[request] = queue;
    ++parked_count_;
    owner_.replica_->set_activity(Activity::polls_parked, true);
}

ReceiveDesk::WaiterPtr ReceiveDesk::take(QueueId queue, uint64_t request) {
    auto line = lines_.find(queue);
    if (line == lines_.end()) return nullptr;
    std::list<WaiterPtr>& parked = line->second.parked;
    for (auto it = parked.begin(); it != parked.end(); ++it) {
        if ((*it)->request != request) continue;
        WaiterPtr waiter = std::move(*it);
        parked.erase(it);
        where_.erase(request);
        repeatable_.erase(repeatable(*waiter));
        --parked_count_;
        owner_.replica_->set_activity(Activity::polls_parked, parked_count_ > 0);
        waiter->timer.cancel();
        if (parked.empty() && line->second.asked == 0) lines_.erase(line);
        return waiter;
    }
    return nullptr;
}

void ReceiveDesk::cancel(uint64_t request) {
    auto found = where_.find(request);
    if (found != where_.end()) take(found->second, request);
}

// As many waiters are woken as there are messages for; the rest would only write empty receives.
void ReceiveDesk::wake(QueueId queue) {
    auto found = lines_.find(queue);
    if (found == lines_.end() || found->second.parked.empty()) return;
    if (!owner_.state_.has_ready(queue)) return;
    const uint64_t ready = owner_.state_.counters(queue).ready;
    while (!found->second.parked.empty() && found->second.asked < ready) {
        WaiterPtr waiter = take(queue, found->second.parked.front()->request);
        propose(std::move(waiter));
        found = lines_.find(queue);
        if (found == lines_.end()) return;
    }
}

const char* ReceiveDesk::violated() const {
    for (const auto& [queue, line] : lines_) {
        if (line.parked.empty()) continue;
        if (!owner_.state_.has_queue(queue)) return "a poll is parked for a queue that is gone";
        if (owner_.state_.has_ready(queue) && line.asked < owner_.state_.counters(queue).ready) {
            return "a poll is parked beside messages that nobody asks for";
        }
    }
    return nullptr;
}

void ReceiveDesk::timed_out(QueueId queue, uint64_t request) {
    if (WaiterPtr waiter = take(queue, request)) confirm_empty(std::move(waiter));
}

void ReceiveDesk::confirm_empty(WaiterPtr waiter) {
    const QueueId queue = waiter->base.queue;
    owner_.replica_->read_barrier(
        guard_.wrap([this, queue, waiter = std::move(waiter)](Result<void> read) mutable {
            if (!read) return owner_.respond_error(waiter->request, queue, std::move(read.error()));
            if (!owner_.state_.has_queue(queue)) {
                return owner_.respond_error(waiter->request, queue, gone(*waiter));
            }
            if (owner_.state_.has_ready(queue) || repeats(*waiter)) return propose(std::move(waiter));
            deliver(*waiter, {});
        }));
}

void ReceiveDesk::queue_dropped(QueueId queue) {
    auto found = lines_.find(queue);
    while (found != lines_.end() && !found->second.parked.empty()) {
        WaiterPtr waiter = take(queue, found->second.parked.front()->request);
        owner_.respond_error(waiter->request, queue, gone(*waiter));
        found = lines_.find(queue);
    }
}

void ReceiveDesk::leadership_lost() {
    std::map<QueueId, Line> lines = std::exchange(lines_, {});
    where_.clear();
    repeatable_.clear();
    parked_count_ = 0;
    owner_.replica_->set_activity(Activity::polls_parked, false);
    for (auto& [queue, line] : lines) {
        for (WaiterPtr& waiter : line.parked) {
            owner_.respond_error(waiter->request, queue, Error(ErrorCode::not_leader));
        }
    }
}

void ReceiveDesk::deliver(const Waiter& waiter, std::vector<queue::Delivery> deliveries) {
    const QueueId queue = waiter.base.queue;
    wire::Response response = owner_.response_at_now(queue);
    ReplicaObserver* observer = owner_.host_.observer();
    if (observer != nullptr && !deliveries.empty()) {
        observer->answers_applied(owner_.options_.self, response.group, response.index);
    }
    std::vector<BodyRef> bodies;
    for (const queue::Delivery& delivery : deliveries) bodies.push_back(delivery.content);
    owner_.replica_->gather(
        bodies, true,
        guard_.wrap([this, request = waiter.request, queue, response = std::move(response),
                     deliveries = std::move(deliveries)](std::vector<Result<Buffer>> found) mutable {
            wire::ReceiveResponse body;
            for (size_t i = 0; i < deliveries.size(); ++i) {
                // A body that is damaged here and on all others that answer is not handed out; its lease
                // ends, and it may be served later.
                if (!found[i]) {
                    owner_.host_.env().log.write(LogLevel::error, "replica",
                                                 "body not readable: " + found[i].error().to_string());
                    continue;
                }
                const queue::Delivery& delivery = deliveries[i];
                wire::ReceivedMessage message;
                message.seq = delivery.seq;
                message.receipt = queue::seal_receipt(owner_.options_.receipt_key,
                                                      {queue, delivery.seq, delivery.epoch});
                message.receive_count = delivery.receive_count;
                message.sent = delivery.sent;
                message.first_received = delivery.first_received;
                message.leased_until = delivery.leased_until;
                message.content = std::move(*found[i]);
                message.body_bytes = delivery.body_bytes;
                body.messages.push_back(std::move(message));
            }
            response.body = std::move(body);
            owner_.respond(request, response);
        }));
}

}  // namespace quern::replica
