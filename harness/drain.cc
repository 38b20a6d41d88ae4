#include "harness/drain.h"

#include <fmt/format.h>

namespace quern::harness {

namespace {

constexpr int64_t visibility_ms = 3'000;
constexpr uint32_t messages_max = 100;
constexpr Duration pause_between = Duration::milliseconds(200);

// In doubt, it may be the answer for a queue of that name from before.
bool is_gone(const Operation& op) {
    return op.error == ErrorCode::queue_does_not_exist && op.outcome == OpOutcome::fail;
}

}  // namespace

Drain::Drain(Scene& scene, WorkClient& client, int64_t queues)
    : scene_(scene), client_(client), queues_(queues) {}

Drain::~Drain() { scene_.cancel(timer_); }

void Drain::next_queue() {
    ++progress_;
    if (++queue_ == queues_) {
        done_ = true;
        return;
    }
    receive();
}

void Drain::again_later() {
    timer_ = scene_.at(scene_.now_ns() + pause_between.ns, client_.number(), 0,
                       [this] { receive(); });
}

void Drain::receive() {
    Operation op;
    op.kind = OpKind::receive;
    op.draining = true;
    op.messages_max = messages_max;
    op.visibility_ms = visibility_ms;
    wire::Request request;
    request.queue_name = queue_name(static_cast<uint64_t>(queue_));
    request.operation = wire::ReceiveRequest{messages_max, 0, visibility_ms};
    client_.perform(std::move(op), std::move(request), [this](const Operation& o) { received(o); });
}

void Drain::received(const Operation& op) {
    if (is_gone(op)) return next_queue();
    state_ = fmt::format("queue {}: {}", queue_name(static_cast<uint64_t>(queue_)), to_string(op));
    if (!op.ok()) return again_later();
    if (op.seen.empty()) return status();
    remove();
}

void Drain::remove() {
    Operation op;
    op.kind = OpKind::remove;
    op.draining = true;
    wire::DeleteRequest deletion;
    for (const wire::ReceiptBytes& receipt : client_.last_receipts()) {
        op.receipts.push_back({peek_receipt(receipt), true, 0, ErrorCode::ok});
        deletion.receipts.push_back(receipt);
    }
    wire::Request request;
    request.queue_name = queue_name(static_cast<uint64_t>(queue_));
    request.operation = std::move(deletion);
    client_.perform(std::move(op), std::move(request), [this](const Operation& done) {
        for (const ReceiptUse& use : done.receipts) {
            if (done.ok() && use.result == ErrorCode::ok) ++progress_;
        }
        receive();
    });
}

void Drain::status() {
    Operation op;
    op.kind = OpKind::status;
    op.draining = true;
    wire::Request request;
    request.queue_name = queue_name(static_cast<uint64_t>(queue_));
    request.operation = wire::QueueStatusRequest{};
    client_.perform(std::move(op), std::move(request), [this](const Operation& o) {
        if (is_gone(o)) return next_queue();
        state_ = fmt::format("queue {}: {}", queue_name(static_cast<uint64_t>(queue_)), to_string(o));
        if (o.ok() && o.counters.live() == 0) return next_queue();
        again_later();
    });
}

}  // namespace quern::harness
