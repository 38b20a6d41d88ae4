#include "system/balancer/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "system/base/limits.h"
#include "system/base/planted_bug.h"

namespace quern::balancer {

namespace {

constexpr int64_t deadline_ms_max = 3600 * 1000;

bool hands_out_messages(const wire::Operation& operation) {
    return std::holds_alternative<wire::ReceiveRequest>(operation) ||
           std::holds_alternative<wire::PeekRequest>(operation);
}

bool audited(const wire::Operation& operation) {
    return !std::holds_alternative<wire::SendRequest>(operation) &&
           !std::holds_alternative<wire::ReceiveRequest>(operation) &&
           !std::holds_alternative<wire::DeleteRequest>(operation) &&
           !std::holds_alternative<wire::ChangeVisibilityRequest>(operation) &&
           (wire::mutates(operation) ||
            wire::required_action(operation) == metadata::Action::administer);
}

}  // namespace

Session::Session(const Context& context, SessionOwner& owner,
                 std::unique_ptr<wire::FrameConnection> connection, const std::string& key_id)
    : context_(context), owner_(owner), connection_(std::move(connection)), identity_(key_id) {
    connection_->set_handler(*this);
    connection_->set_body_bytes_max(limits::frame_bytes_max_client);
}

Session::~Session() {
    while (!active_.empty()) withdraw(active_.begin()->first);
}

// --- requests -----------------------------------------------------------------------------------------

void Session::on_frame(wire::FrameConnection&, wire::Frame frame) {
    if (state_ == State::ended) return;
    switch (frame.kind) {
        case wire::FrameKind::request: return on_request(std::move(frame));
        case wire::FrameKind::cancel:
            withdraw(frame.request_id);
            return end_if_drained();
        case wire::FrameKind::goodbye: return ended();
        default:
            return end(Error(ErrorCode::protocol_error, "a client does not send frames of this kind"));
    }
}

void Session::on_request(wire::Frame frame) {
    const uint64_t id = frame.request_id;
    if (id == 0 || active_.contains(id)) {
        return end(Error(ErrorCode::protocol_error, "the request's number is 0 or in use"));
    }
    Result<wire::Request> request = wire::decode_request(frame.body, frame.head_bytes);
    if (!request && request.error().code == ErrorCode::unsupported_operation) {
        return refuse(id, std::move(request.error()));
    }
    if (!request) return end(request.error());
    ++context_.load.requests;
    Arrived arrived;
    arrived.id = id;
    arrived.deadline = deadline_of(*request);
    arrived.request = std::move(*request);
    arrived.body = std::move(frame.body);
    arrived.head_bytes = frame.head_bytes;
    Result<void> admitted = admit(arrived);
    if (!admitted) return refuse(id, std::move(admitted.error()));
    ++context_.load.inflight;
    context_.load.inflight_bytes += arrived.body.size();
    std::unique_ptr<ActiveRequest>& slot = active_[id];
    slot = make_request(context_, *this, identity_, std::move(arrived));
    slot->start();
}

Result<void> Session::admit(const Arrived& arrived) const {
    if (state_ == State::draining) {
        return fail(ErrorCode::shutting_down, "this balancer is stopping");
    }
    if (active_.size() >= limits::requests_inflight_per_connection_max) {
        return fail(Error(ErrorCode::overloaded, "too many requests in flight on this connection",
                          limits::requests_inflight_per_connection_max,
                          static_cast<int64_t>(active_.size()) + 1));
    }
    if (connection_->queued_bytes() > out_bytes_high && hands_out_messages(arrived.request.operation)) {
        return fail(Error(ErrorCode::overloaded, "the client does not read its answers",
                          out_bytes_high, static_cast<int64_t>(connection_->queued_bytes())));
    }
    if (PLANTED(places_not_given_back) && context_.load.inflight > 100) {
        return fail(Error(ErrorCode::overloaded, "too many requests in flight"));
    }
    const size_t bytes = context_.load.inflight_bytes + arrived.body.size();
    if (std::holds_alternative<wire::SendRequest>(arrived.request.operation) &&
        bytes > context_.options.inflight_bytes_max) {
        return fail(Error(ErrorCode::overloaded, "too many bytes in flight in this balancer",
                          static_cast<int64_t>(context_.options.inflight_bytes_max),
                          static_cast<int64_t>(bytes)));
    }
    return {};
}

Instant Session::deadline_of(const wire::Request& request) const {
    const Instant now = context_.env.clock.now();
    if (request.deadline_ms <= 0) return now + context_.options.request_timeout;
    return now + Duration::milliseconds(std::min(request.deadline_ms, deadline_ms_max));
}

void Session::refuse(uint64_t id, Error error) {
    count(error.code);
    wire::Response response;
    response.error = std::move(error);
    send(id, wire::encode(response));
}

void Session::send(uint64_t id, wire::Encoded response) {
    BufferChain frame = wire::encode_frame(wire::FrameKind::response, id, std::move(response.head),
                                           std::move(response.attachments));
    queued_bytes_total_ += frame.size();
    connection_->send_answer(std::move(frame));
}

void Session::answer(uint64_t id, ErrorCode code, wire::Encoded response) {
    count(code);
    const bool in_doubt = code == ErrorCode::outcome_unknown || code == ErrorCode::unavailable;
    if (PLANTED(places_not_given_back) && in_doubt) ++context_.load.inflight;
    audit(active_.at(id)->request(), code);
    send(id, std::move(response));
    withdraw(id);
    if (state_ == State::open && code == ErrorCode::unauthenticated) {
        return end(Error(code, "the access key exists no more"));
    }
    end_if_drained();
}

void Session::withdraw(uint64_t id) {
    auto found = active_.find(id);
    if (found == active_.end()) return;
    const std::unique_ptr<ActiveRequest> request = std::move(found->second);
    active_.erase(found);
    --context_.load.inflight;
    context_.load.inflight_bytes -= request->body_bytes();
}

void Session::count(ErrorCode code) {
    if (code == ErrorCode::ok) return context_.requests_ok.add();
    context_.env.metrics.counter("balancer_requests_" + std::string(error_name(code))).add();
}

// Names from outside are printable before they reach the log.
void Session::audit(const wire::Request& request, ErrorCode code) const {
    const bool denied = code == ErrorCode::access_denied || code == ErrorCode::unauthenticated;
    if (!denied && !audited(request.operation)) return;
    if (!context_.env.log.enabled(LogLevel::info)) return;
    context_.env.log.write(
        LogLevel::info, "audit",
        fmt::format("key {} at {}: {} queue \"{}\" id {}: {}", printable(identity_.key_id()),
                    connection_->peer().to_string(), wire::operation_name(request.operation),
                    printable(request.queue_name), request.queue.value, error_name(code)));
}

void Session::check_progress() {
    const uint64_t taken = queued_bytes_total_ - connection_->queued_bytes();
    if (connection_->queued_bytes() > 0 && taken == taken_bytes_before_) {
        return end(Error(ErrorCode::overloaded, "the client takes none of its answers"));
    }
    taken_bytes_before_ = taken;
}

// --- the end ------------------------------------------------------------------------------------------

void Session::drain() {
    if (state_ != State::open) return;
    state_ = State::draining;
    std::vector<uint64_t> ids;
    for (const auto& [id, request] : active_) ids.push_back(id);
    for (const uint64_t id : ids) {
        auto found = active_.find(id);
        if (found != active_.end()) found->second->end_poll();
    }
    end_if_drained();
}

void Session::end_if_drained() {
    if (state_ != State::draining || !active_.empty()) return;
    end(Error(ErrorCode::shutting_down, "this balancer is stopping"));
}

void Session::end(const Error& reason) {
    if (state_ == State::ended) return;
    connection_->send(wire::encode_goodbye(reason));
    ended();
}

void Session::on_closed(wire::FrameConnection&, const Error&) { ended(); }

void Session::ended() {
    if (state_ == State::ended) return;
    state_ = State::ended;
    connection_->close();
    while (!active_.empty()) withdraw(active_.begin()->first);
    owner_.session_ended(*this);
}

}  // namespace quern::balancer
