#include "harness/steady_load.h"

namespace quern::harness {

namespace {
constexpr uint32_t received_max = 10;
}

SteadyLoad::SteadyLoad(Scene& scene, std::vector<WorkClient*> clients, Options options)
    : scene_(scene), clients_(std::move(clients)), options_(options) {
    QUERN_ASSERT(!clients_.empty() && options_.interval > Duration::zero());
}

SteadyLoad::~SteadyLoad() { stop(); }

void SteadyLoad::start() {
    next_ns_ = scene_.now_ns();
    schedule();
}

void SteadyLoad::stop() {
    scene_.cancel(timer_);
    timer_ = 0;
}

void SteadyLoad::mark() {
    mark_ns_ = scene_.now_ns();
    sent_since_mark_ = 0;
}

void SteadyLoad::schedule() {
    next_ns_ += options_.interval.ns;
    timer_ = scene_.at(next_ns_, clients_.front()->number(), options_.queue, [this] { act(); });
}

void SteadyLoad::act() {
    schedule();
    WorkClient& client = *clients_[calls_ / 2 % clients_.size()];
    if (calls_++ % 2 == 0 || options_.sends_only) return send(client);
    receive(client);
}

void SteadyLoad::ask(WorkClient& client, PlannedOperation planned, WorkClient::Done done) {
    planned.client = client.number();
    planned.ordinal = options_.first_ordinal + ordinals_++;
    planned.queue = options_.queue;
    ++under_way_;
    const bool asked = client.ask(planned, [this, done = std::move(done)](const Operation& op) mutable {
        --under_way_;
        done(op);
    });
    if (!asked) --under_way_;
}

void SteadyLoad::send(WorkClient& client) {
    PlannedOperation planned;
    planned.kind = OpKind::send;
    planned.bodies.push_back({options_.body_bytes, 0});
    ask(client, std::move(planned), [this](const Operation& op) {
        const bool accepted = op.ok() && op.sent.front().error == ErrorCode::ok;
        if (!accepted) return void(++refused_);
        ++sent_;
        sent_since_mark_ += op.invoked_ns >= mark_ns_ ? 1 : 0;
    });
}

void SteadyLoad::receive(WorkClient& client) {
    PlannedOperation planned;
    planned.kind = OpKind::receive;
    planned.messages_max = received_max;
    planned.visibility_ms = options_.visibility_ms;
    ask(client, std::move(planned), [this, &client](const Operation& op) {
        if (op.ok() && !op.seen.empty()) remove(client, op);
    });
}

void SteadyLoad::remove(WorkClient& client, const Operation& received) {
    PlannedOperation planned;
    planned.kind = OpKind::remove;
    for (uint32_t part = 0; part < received.seen.size(); ++part) {
        planned.receipts.push_back({received.ordinal, part});
    }
    ask(client, std::move(planned), [](const Operation&) {});
}

}  // namespace quern::harness
