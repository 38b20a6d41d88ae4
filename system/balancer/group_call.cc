#include "system/balancer/group_call.h"

#include <fmt/format.h>

#include <algorithm>

#include "system/balancer/leader_table.h"
#include "system/base/prng.h"

namespace quern::balancer {

GroupCall::GroupCall(const Context& context) : context_(context), timer_(context.env.timers) {}

GroupCall::~GroupCall() { cancel(); }

void GroupCall::cancel() {
    if (state_ == State::asking) context_.upstreams.cancel(call_);
    timer_.cancel();
    state_ = State::idle;
}

void GroupCall::extend(Instant deadline) {
    options_.deadline = std::max(options_.deadline, deadline);
}

void GroupCall::forward(const Options& options, wire::Forward request, Done done) {
    request_ = std::move(request);
    reset(options);
    begin(options, std::move(done));
}

void GroupCall::query(const Options& options, wire::Query query, Done done) {
    request_ = std::move(query);
    reset(options);
    begin(options, std::move(done));
}

void GroupCall::forward_again(const wire::ForwardHeader& header, Done done) {
    auto& forward = std::get<wire::Forward>(request_);
    const uint32_t head_bytes = forward.header.request_head_bytes;
    forward.header = header;
    forward.header.request_head_bytes = head_bytes;
    options_.group = header.group;
    begin(Options(options_), std::move(done));
}

void GroupCall::become_poll(const wire::Request& poll, Instant until, Instant deadline) {
    QUERN_ASSERT(state_ == State::idle);
    options_.poll = &poll;
    options_.poll_until = until;
    options_.deadline = deadline;
}

void GroupCall::reset(const Options& options) {
    policy_ = AttemptPolicy({options.mutates, options.repeatable});
    attempts_ = 0;
    timeouts_ = 0;
    rounds_ = 0;
    backoff_ = backoff_min;
    if (options.budgeted) context_.load.budget.call_begun();
}

void GroupCall::begin(const Options& options, Done done) {
    QUERN_ASSERT(state_ == State::idle);
    options_ = options;
    done_ = std::move(done);
    last_error_ = Error(ErrorCode::unavailable, "no node of the group is connected");
    new_round();
    ask_next();
}

void GroupCall::new_round() {
    tried_.clear();
    hint_ = NodeId{};
    hops_ = 0;
}

void GroupCall::ask_next() {
    NodeId node = std::exchange(hint_, NodeId{});
    if (!node || !context_.upstreams.connected(node)) {
        node = context_.leaders.pick(options_.group, tried_);
    }
    if (!node || context_.env.clock.now() >= options_.deadline) return wait_then_ask();
    ask(node, NodeId{});
}

void GroupCall::ask(NodeId node, NodeId via) {
    const Instant now = context_.env.clock.now();
    if (std::find(tried_.begin(), tried_.end(), node) == tried_.end()) tried_.push_back(node);
    if (++attempts_ > 1) ++context_.load.retries;
    state_ = State::asking;
    node_ = node;
    via_ = via;
    attempt_started_ = now;
    const Instant deadline = attempt_deadline(now);
    if (auto* forward = std::get_if<wire::Forward>(&request_)) {
        if (options_.poll != nullptr && attempts_ > 1) shorten_poll(*forward, now);
        // The node stops a little earlier than we do, so that its refusal arrives as "not done".
        const int64_t left = (deadline - now).to_milliseconds();
        forward->header.deadline_ms = std::max<int64_t>(1, left - std::min<int64_t>(50, left / 10));
        send(*forward, deadline);
    } else {
        send(std::get<wire::Query>(request_), deadline);
    }
}

void GroupCall::send(const wire::Forward& forward, Instant deadline) {
    auto done = [this](Result<Answer> answer) { forward_ended(std::move(answer)); };
    Upstreams& upstreams = context_.upstreams;
    call_ = via_ ? upstreams.forward_via(via_, node_, forward, deadline, done)
                 : upstreams.forward(node_, forward, deadline, done);
}

void GroupCall::send(const wire::Query& query, Instant deadline) {
    auto done = [this](Result<wire::QueryReply> reply) { query_ended(std::move(reply)); };
    Upstreams& upstreams = context_.upstreams;
    call_ = via_ ? upstreams.query_via(via_, node_, query, deadline, done)
                 : upstreams.query(node_, query, deadline, done);
}

Instant GroupCall::attempt_deadline(Instant now) const {
    if (!options_.repeatable) return options_.deadline;
    Duration timeout = options_.attempt_timeout;
    for (unsigned i = 0; i < timeouts_ && timeout < attempt_timeout_max; ++i) timeout = timeout * 2;
    const Instant parked = std::max(now, options_.poll_until);
    return std::min(options_.deadline, parked + timeout);
}

void GroupCall::shorten_poll(wire::Forward& forward, Instant now) const {
    wire::Request request = *options_.poll;
    const Duration left = options_.poll_until - now;
    std::get<wire::ReceiveRequest>(request.operation).wait_ms =
        std::max<int64_t>(0, left.to_milliseconds());
    wire::Encoded encoded = wire::encode(request);
    forward.header.request_head_bytes = static_cast<uint32_t>(encoded.head.size());
    BufferChain body(std::move(encoded.head));
    body.append(encoded.attachments);
    forward.request = body.flatten();
}

// --- answers ------------------------------------------------------------------------------------------

void GroupCall::forward_ended(Result<Answer> answer) {
    if (!answer) {
        const Error& error = answer.error();
        return judge({error.code, error.outcome}, NodeId{}, &error, {});
    }
    const AttemptEnd ended{answer->summary.error.code, answer->summary.error.outcome};
    const NodeId leader = answer->summary.leader;
    GroupReply reply;
    reply.answer = std::move(*answer);
    judge(ended, leader, nullptr, std::move(reply));
}

void GroupCall::query_ended(Result<wire::QueryReply> answer) {
    if (!answer) {
        const Error& error = answer.error();
        return judge({error.code, error.outcome}, NodeId{}, &error, {});
    }
    const AttemptEnd ended{answer->error.code, answer->error.outcome};
    const NodeId leader = answer->leader;
    GroupReply reply;
    reply.reply = std::make_unique<wire::QueryReply>(std::move(*answer));
    judge(ended, leader, nullptr, std::move(reply));
}

void GroupCall::judge(const AttemptEnd& ended, NodeId hint, const Error* error, GroupReply reply) {
    reply.node = node_;
    state_ = State::waiting;
    const NextStep next = policy_.judge(ended);
    if (next == NextStep::deliver) {
        if (ended.code == ErrorCode::ok) context_.leaders.learned(options_.group, node_);
        return end(std::move(reply));
    }
    if (ended.code == ErrorCode::timed_out) ++timeouts_;
    last_error_ = error != nullptr
                      ? *error
                      : Error(ended.code, fmt::format("node {} said {}", node_.value,
                                                      error_name(ended.code)));
    next_attempt(next, hint);
}

void GroupCall::next_attempt(NextStep next, NodeId hint) {
    if (next == NextStep::give_up) return give_up();
    if (next == NextStep::ask_later) return wait_then_ask();
    LeaderTable& leaders = context_.leaders;
    leaders.not_leader(options_.group, node_);
    if (next == NextStep::ask_leader && hint && hint != node_ &&
        leaders.may_lead(options_.group, hint)) {
        leaders.learned(options_.group, hint);
        if (hops_++ >= hops_max) return wait_then_ask();
        // Out of reach from here, but not from the node that knows of it.
        if (!context_.upstreams.connected(hint)) return ask(hint, via_ ? via_ : node_);
        hint_ = hint;
    }
    ask_next();
}

void GroupCall::wait_then_ask() {
    const Instant now = context_.env.clock.now();
    if (now >= options_.deadline) {
        // Never inside begin(): the caller is still starting us.
        state_ = State::waiting;
        return timer_.start(now, [this] { give_up(); });
    }
    state_ = State::waiting;
    const auto half = static_cast<uint64_t>(backoff_.ns / 2);
    const auto jitter = static_cast<int64_t>(bounded(context_.env.entropy.next(), half + 1));
    const Duration pause = Duration::nanoseconds(backoff_.ns / 2 + jitter);
    backoff_ = std::min(backoff_max, backoff_ * 2);
    timer_.start(std::min(options_.deadline, now + pause), [this] {
        const Instant woken = context_.env.clock.now();
        if (woken >= options_.deadline) return give_up();
        if (options_.budgeted &&
            !context_.load.budget.take(rounds_, context_.load.inflight, woken)) {
            return wait_then_ask();
        }
        ++rounds_;
        new_round();
        ask_next();
    });
}

void GroupCall::give_up() { end(fail(policy_.final_error(last_error_))); }

void GroupCall::end(Result<GroupReply> result) {
    state_ = State::idle;
    if (options_.budgeted && result && rounds_ > 0) context_.load.budget.retried_call_succeeded();
    Done done = std::move(done_);
    done(std::move(result));
}

}  // namespace quern::balancer
