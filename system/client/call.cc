#include "system/client/call.h"

#include <algorithm>

#include "system/base/planted_bug.h"
#include "system/base/prng.h"

namespace quern::client {

namespace {

// Of such a call nobody may say "not applied" once it was handed to a connection.
bool has_effect(const wire::Operation& operation) {
    return wire::mutates(operation) ||
           std::holds_alternative<wire::TransferLeaderRequest>(operation);
}

}  // namespace

Call::Call(CallContext& context, uint64_t id, wire::Request request, BufferChain contents, Done done,
           const CallOptions& options)
    : context_(context), id_(id), request_(std::move(request)), contents_(std::move(contents)),
      done_(std::move(done)), options_(options), has_effect_(has_effect(request_.operation)),
      timer_(context.env().timers) {
    timeout_ =
        options_.timeout > Duration::zero() ? options_.timeout : context_.options().request_timeout;
    deadline_ = context_.env().clock.now() + timeout_ + poll_wait();
    request_.token = {};
}

Call::~Call() {
    if (link_ != nullptr) {
        link_->cancel(link_request_);
        link_->send(wire::encode_frame(wire::FrameKind::cancel, link_request_, {}));
    }
    // Without a token the call has ended, and its client may be gone.
    if (request_.token.session) context_.tokens().end(request_.token);
}

void Call::link_usable() {
    if (context_.env().clock.now() < deadline_) attempt();  // else the timer is about to end it
}

// How long the answer may keep us waiting by our own wish.
Duration Call::poll_wait() const {
    const auto* receive = std::get_if<wire::ReceiveRequest>(&request_.operation);
    if (receive == nullptr) return Duration::zero();
    constexpr int64_t attribute_ms_max = 20'000;  // contract.md: receive wait time
    constexpr int64_t asked_ms_max = 30LL * 24 * 3600 * 1000;
    if (receive->wait_ms < 0) return Duration::milliseconds(attribute_ms_max);
    return Duration::milliseconds(std::min(receive->wait_ms, asked_ms_max));
}

// Once, when a connection has told the time: the token keeps its expiry on retries.
void Call::stamp() {
    if (!has_effect_ || !options_.token || request_.token.session) return;
    const Instant now = context_.env().clock.now();
    ClusterTime expires = ClusterTime::never();
    stamped_ = {};
    if (context_.cluster_time().known()) {
        const int64_t left_ms = (deadline_ - now).to_milliseconds();
        stamped_ = context_.cluster_time().at(now);
        expires = stamped_.plus_ms(std::min(left_ms, limits::request_horizon_ms_max));
    }
    request_.token = context_.tokens().begin(expires);
    stamped_at_ = now;
}

// When the first attempt may have begun, at the earliest.
ClusterTime Call::begun() const {
    if (stamped_.ms > 0) return stamped_;
    const Instant now = context_.env().clock.now();
    const int64_t ago_ms = (now - stamped_at_).to_milliseconds() + 1;
    return ClusterTime{std::max<int64_t>(1, context_.cluster_time().at(now).ms - ago_ms)};
}

// A new token, where the old one's fate is known: it did nothing and never will.
void Call::restamp() {
    QUERN_ASSERT(!ambiguous_);
    context_.tokens().end(request_.token);
    request_.token = {};
}

void Call::attempt() {
    const Instant now = context_.env().clock.now();
    if (now >= deadline_) return deadline_passed();
    const Links::Choice choice = context_.links().choose(options_.endpoint);
    if (choice.link == nullptr) {
        timer_.start(deadline_, [this] { deadline_passed(); });
        return context_.wait_for_link(*this);
    }
    timer_.cancel();
    if (PLANTED(new_token_for_each_attempt)) {
        context_.tokens().end(std::exchange(request_.token, {}));
    }
    stamp();
    // What may have been done to the queue of that name must not go to one that was heard of since.
    const bool in_doubt = ambiguous_ && has_effect_;
    if (!in_doubt && !request_.queue && !request_.queue_name.empty()) {
        request_.queue = context_.queue_ids().find(request_.queue_name);
        id_from_cache_ = static_cast<bool>(request_.queue);
    }
    request_.begun = in_doubt && !request_.queue ? begun() : ClusterTime{};
    const Instant attempt_deadline =
        std::min(deadline_, now + context_.options().attempt_timeout + poll_wait());
    // The balancer stops a little earlier than we do, so that what it then knows arrives.
    const int64_t left_ms = (attempt_deadline - now - poll_wait()).to_milliseconds();
    request_.deadline_ms = std::max<int64_t>(1, left_ms - std::min<int64_t>(50, left_ms / 10));
    const Duration full = std::min(context_.options().attempt_timeout, timeout_);
    hurried_ = attempt_deadline - now - poll_wait() < full / 2;
    endpoint_ = choice.endpoint;
    link_ = choice.link;
    link_request_ = link_->request(wire::FrameKind::request, wire::encode(request_, contents_),
                                   attempt_deadline,
                                   [this](Result<wire::Frame> frame) { answered(std::move(frame)); });
}

// --- answers ------------------------------------------------------------------------------------------

void Call::answered(Result<wire::Frame> frame) {
    wire::Link* link = std::exchange(link_, nullptr);
    if (!frame) {
        if (frame.error().code == ErrorCode::timed_out) {
            link->send(wire::encode_frame(wire::FrameKind::cancel, link_request_, {}));
        }
        return attempt_lost(std::move(frame.error()));
    }
    Result<wire::Response> response = fail(ErrorCode::protocol_error, "the answer is no response");
    if (frame->kind == wire::FrameKind::response) {
        response = wire::decode_response(frame->body, frame->head_bytes);
    }
    if (response) return response_came(std::move(*response));
    ambiguous_ = true;
    Error error = std::move(response.error());
    error.outcome = honest(Outcome::unknown);
    finish(fail(std::move(error)));
}

// The connection was lost, or nothing came in time.
void Call::attempt_lost(Error error) {
    // A balancer that got what little time another had left is none the worse for it: else a call that has
    // time for one attempt would begin with the bad one each time.
    if (!hurried_ || error.code != ErrorCode::timed_out) context_.links().failed(endpoint_);
    if (error.outcome == Outcome::unknown) {
        ambiguous_ = true;
        if (has_effect_ && !request_.token.session) {
            error.outcome = Outcome::unknown;
            return finish(fail(std::move(error)));
        }
    }
    retry(error);
}

void Call::response_came(wire::Response response) {
    context_.cluster_time().saw(response.time, context_.env().clock.now());
    if (response.error.code == ErrorCode::ok) return succeed(std::move(response));
    error_came(std::move(response));
}

void Call::error_came(wire::Response response) {
    const Error& error = response.error;
    if (error.code == ErrorCode::session_expired && !ambiguous_ && request_.token.session) {
        // The first time this token was asked, its session was gone: start over with another.
        context_.tokens().retire(request_.token);
        restamp();
        return retry(error);
    }
    if (error.outcome == Outcome::unknown) {
        ambiguous_ = true;
        // A token counts once in its queue: what may have been done there must not be done again in one that
        // was made under its name since.
        if (!request_.queue) request_.queue = response.queue;
        const bool repeatable = !has_effect_ || request_.token.session;
        if (repeatable && error_info(error.code).retryable) {
            // Its nodes do not answer this balancer; they may answer another one.
            if (!hurried_) context_.links().failed(endpoint_);
            return retry(error);
        }
        response.error.outcome = honest(Outcome::unknown);
        return finish(std::move(response));
    }
    // The state machine has answered for this token, now and for all attempts.
    const bool definite = response.index && request_.token.session;
    if (definite) ambiguous_ = false;
    if (ask_by_name(response)) return;
    if (error_info(error.code).retryable && error.outcome == Outcome::not_applied) {
        // A request that came too late had an expiry made from a time long past: its answer brought a
        // newer one. Where nothing can have been applied a new token is as good.
        const bool late = error.code == ErrorCode::deadline_exceeded && !ambiguous_;
        if (request_.token.session && (definite || late)) restamp();
        if (!definite) context_.links().failed(endpoint_);
        return retry(error);
    }
    response.error.outcome = honest(error.outcome);
    finish(std::move(response));
}

// The id learnt earlier may be that of a queue deleted since: the name decides, unless something may have
// been done to that queue.
bool Call::ask_by_name(const wire::Response& response) {
    if (response.error.code != ErrorCode::queue_does_not_exist || !id_from_cache_) return false;
    context_.queue_ids().forget(request_.queue_name);
    if (ambiguous_ && has_effect_) return false;
    id_from_cache_ = false;
    request_.queue = {};
    if (!ambiguous_) restamp();
    attempt();
    return true;
}

// --- retries ------------------------------------------------------------------------------------------

void Call::retry(const Error& why) {
    last_error_ = why;
    const Options& options = context_.options();
    const size_t doublings = std::min<size_t>(retries_, 16);
    const Duration full = std::min(options.backoff_max, options.backoff_min * (int64_t{1} << doublings));
    const auto half = static_cast<uint64_t>(full.ns / 2);
    const Duration pause = Duration::nanoseconds(
        full.ns - static_cast<int64_t>(bounded(context_.env().entropy.next(), half + 1)));
    const Instant due = context_.env().clock.now() + pause;
    timer_.start(std::min(due, deadline_), [this] { retry_due(); });
}

void Call::retry_due() {
    const Instant now = context_.env().clock.now();
    if (now >= deadline_) return deadline_passed();
    const bool paid = context_.budget().take(retries_, context_.calls_under_way(), now);
    ++retries_;
    if (!paid) return retry(Error(last_error_));
    attempt();
}

void Call::deadline_passed() {
    const Error& last =
        last_error_.code != ErrorCode::ok ? last_error_ : context_.links().last_error();
    Error error(ErrorCode::timed_out, "no final answer in time; last: " +
                                          std::string(error_name(last.code)) + ": " + last.detail);
    error.outcome = honest(Outcome::not_applied);
    finish(fail(std::move(error)));
}

void Call::refused(const Error& reason) {
    Error error = reason;
    error.outcome = honest(Outcome::not_applied);
    finish(fail(std::move(error)));
}

// --- the end ------------------------------------------------------------------------------------------

Outcome Call::honest(Outcome of_last_attempt) const {
    if (!has_effect_) return Outcome::not_applied;
    return ambiguous_ && !PLANTED(client_hides_doubt) ? Outcome::unknown : of_last_attempt;
}

void Call::succeed(wire::Response response) {
    if (retries_ > 0) context_.budget().retried_call_succeeded();
    QueueIds& ids = context_.queue_ids();
    if (std::holds_alternative<wire::DeleteQueueRequest>(request_.operation)) {
        ids.forget(request_.queue_name);
    } else {
        ids.learn(request_.queue_name, response.queue);
    }
    finish(std::move(response));
}

void Call::finish(Result<wire::Response> result) {
    const std::unique_ptr<Call> self = context_.end(*this);
    Done done = std::move(done_);
    // The client may be destroyed in it; this object must not touch it afterwards.
    context_.tokens().end(std::exchange(request_.token, {}));
    done(std::move(result));
}

}  // namespace quern::client
