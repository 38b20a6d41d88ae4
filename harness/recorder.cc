#include "harness/recorder.h"

#include "system/base/checksum.h"

namespace quern::harness {

namespace {

void take(Operation& op, const wire::SendResponse& body) {
    for (size_t i = 0; i < op.sent.size() && i < body.results.size(); ++i) {
        op.sent[i].error = body.results[i].error;
        op.sent[i].seq = body.results[i].seq;
        op.sent[i].limit = body.results[i].limit;
        op.sent[i].actual = body.results[i].actual;
    }
}

SeenMessage seen_of(const wire::ReceivedMessage& message) {
    SeenMessage seen;
    seen.seq = message.seq;
    seen.receive_count = message.receive_count;
    seen.hash = hash64(message.content.span());
    seen.size_bytes = static_cast<uint32_t>(message.content.size());
    seen.sent = message.sent;
    seen.first_received = message.first_received;
    seen.leased_until = message.leased_until;
    return seen;
}

void take(Operation& op, const wire::ReceiveResponse& body) {
    for (const wire::ReceivedMessage& message : body.messages) {
        op.seen.push_back(seen_of(message));
        op.seen.back().epoch = peek_receipt(message.receipt).epoch;
    }
}

void take(Operation& op, const wire::PeekResponse& body) {
    for (const wire::PeekResponse::Message& message : body.messages) {
        op.seen.push_back(seen_of(message.message));
        op.seen.back().state = static_cast<queue::MessageState>(message.state);
    }
}

void take_results(Operation& op, const std::vector<ErrorCode>& results) {
    for (size_t i = 0; i < op.receipts.size() && i < results.size(); ++i) {
        op.receipts[i].result = results[i];
    }
}

void take(Operation& op, const wire::DeleteResponse& body) { take_results(op, body.results); }
void take(Operation& op, const wire::ChangeVisibilityResponse& body) {
    take_results(op, body.results);
}
void take(Operation& op, const wire::PurgeResponse& body) { op.purged = body.purged; }
void take(Operation& op, const wire::QueueStatusResponse& body) {
    op.counters = body.counters;
    op.attributes = body.record.attributes;
}
void take(Operation& op, const wire::QueueResponse& body) { op.at.queue = body.record.id; }
template <typename Other>
void take(Operation&, const Other&) {}

}  // namespace

size_t Recorder::invoke(Operation operation) {
    operation.invoked_ns = scene_.now_ns();
    history_.operations.push_back(std::move(operation));
    ++open_;
    if (asked_ != nullptr) (*asked_)(history_.operations.back());
    return history_.operations.size() - 1;
}

const Operation& Recorder::complete(size_t index, const Result<wire::Response>& response) {
    Operation& op = history_.operations[index];
    QUERN_ASSERT(!op.returned());
    op.returned_ns = scene_.now_ns();
    --open_;
    const Error& error = response ? response->error : response.error();
    op.error = error.code;
    op.detail = error.detail;
    if (response) op.at = {response->queue, response->group, response->index, response->time};
    if (error.code == ErrorCode::ok) {
        op.outcome = OpOutcome::ok;
        std::visit([&op](const auto& body) { take(op, body); }, response->body);
    } else {
        // An answer that was lost after the deed says applied: for a history, that it may have been.
        op.outcome = error.outcome == Outcome::not_applied ? OpOutcome::fail : OpOutcome::info;
    }
    scene_.note(static_cast<uint64_t>(op.outcome) << 32 | static_cast<uint64_t>(op.error));
    scene_.note(op.at.index.value);
    if (telling()) tell("client", "op", to_string(op));
    if (answered_ != nullptr) (*answered_)(op);
    return op;
}

}  // namespace quern::harness
