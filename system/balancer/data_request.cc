#include "system/balancer/data_request.h"

#include <algorithm>

#include "system/base/planted_bug.h"

namespace quern::balancer {

namespace {

// Keeps arithmetic on deadlines far from overflow; "uncapped" for any practical purpose.
constexpr int64_t poll_wait_ms_max = 30LL * 24 * 3600 * 1000;
// What a client takes for the cluster's time may be ahead of the metadata group's by less than this.
constexpr int64_t clocks_apart_ms_max = 1'000;

bool goes_by_name(const wire::Request& request) {
    return PLANTED(purge_by_name) && std::holds_alternative<wire::PurgeRequest>(request.operation);
}

}  // namespace

DataRequest::DataRequest(const Context& context, AnswerSink& sink, Identity& identity,
                         Arrived arrived)
    : ActiveRequest(context, sink, identity, std::move(arrived)), permit_(context, identity),
      call_(context), pause_timer_(context.env.timers) {}

DataRequest::~DataRequest() { set_parked(false); }

void DataRequest::set_parked(bool parked) {
    if (parked == parked_) return;
    parked_ = parked;
    if (parked) {
        ++context_.load.parked;
    } else {
        --context_.load.parked;
    }
}

void DataRequest::start() {
    const wire::Request& request = arrived_.request;
    Result<void> bounds = check_bounds(request);
    if (!bounds) return finish(std::move(bounds.error()));
    Permit::Ask ask;
    ask.action = wire::required_action(request.operation);
    ask.queue_must_exist = true;
    if (!goes_by_name(request)) ask.queue = request.queue;
    ask.name = request.queue_name;
    ask.want_record = std::holds_alternative<wire::QueueStatusRequest>(request.operation) ||
                      request.begun.ms > 0;
    ask.deadline = arrived_.deadline;
    std::optional<Result<Granted>> verdict = permit_.ask(
        std::move(ask), [this](Result<Granted> granted) { permitted(std::move(granted)); });
    if (verdict) permitted(std::move(*verdict));
}

// The request was sent before, to the queue of that name then: not to one that was made since.
bool DataRequest::made_since_begun(const Granted& granted) const {
    const ClusterTime begun = arrived_.request.begun;
    return begun.ms > 0 && granted.record && granted.record->created.plus_ms(clocks_apart_ms_max) > begun;
}

void DataRequest::permitted(Result<Granted> granted) {
    const bool by_name = goes_by_name(arrived_.request);
    if (!granted && by_name && call_.ambiguous()) {
        if (count_mend(granted.error())) pause_then(&DataRequest::ask_permit);
        return;
    }
    if (!granted) return refuse(std::move(granted.error()));
    const bool follows = PLANTED(retry_follows_the_name) || by_name;
    if (call_.ambiguous() && granted->queue.id != granted_.queue.id && !follows) {
        // What may have been done to the old queue must not be done again to the new one.
        return refuse(Error(ErrorCode::queue_does_not_exist, "the queue was deleted and made anew"));
    }
    if (made_since_begun(*granted) && !by_name) {
        return refuse(Error(ErrorCode::queue_does_not_exist,
                            "the queue was made after the request had first been sent"));
    }
    granted_ = std::move(*granted);
    ask();
}

// A receive that may wait is a long poll: its wait comes on top of the deadline.
void DataRequest::plan_poll() {
    const auto* receive = std::get_if<wire::ReceiveRequest>(&arrived_.request.operation);
    if (receive == nullptr) return;
    const int64_t wait_ms =
        receive->wait_ms >= 0 ? receive->wait_ms : granted_.queue.attributes.receive_wait_ms;
    if (wait_ms <= 0) return;
    poll_ = true;
    poll_wait_ = Duration::milliseconds(std::min(wait_ms, poll_wait_ms_max));
}

wire::ForwardHeader DataRequest::header() const {
    wire::ForwardHeader header;
    header.group = granted_.queue.group;
    header.queue = granted_.queue.id;
    header.record_version = granted_.queue.version;
    header.authorised_at = granted_.authorised_at;
    header.principal = granted_.user;
    header.request_head_bytes = arrived_.head_bytes;
    return header;
}

void DataRequest::ask() {
    state_ = State::asking;
    auto done = [this](Result<GroupReply> reply) { replied(std::move(reply)); };
    const bool knew = poll_;
    if (!poll_) plan_poll();
    if (asked_) {
        // A newer record of the queue may say that its receives wait.
        if (poll_ && !knew) {
            call_.become_poll(arrived_.request, context_.env.clock.now() + poll_wait_,
                              arrived_.deadline + poll_wait_);
        }
        set_parked(poll_);
        return call_.forward_again(header(), done);
    }
    asked_ = true;
    set_parked(poll_);
    const wire::Request& request = arrived_.request;
    GroupCall::Options options;
    options.group = granted_.queue.group;
    options.deadline = arrived_.deadline;
    options.mutates = wire::mutates(request.operation);
    options.repeatable = !options.mutates || static_cast<bool>(request.token.session);
    options.budgeted = true;
    if (poll_) {
        options.poll = &request;
        options.poll_until = context_.env.clock.now() + poll_wait_;
        options.deadline = arrived_.deadline + poll_wait_;
    }
    call_.forward(options, wire::Forward{header(), arrived_.body}, done);
}

// --- answers ------------------------------------------------------------------------------------------

void DataRequest::replied(Result<GroupReply> result) {
    set_parked(false);
    if (!result) return finish(std::move(result.error()));
    const ErrorCode code = result->answer.summary.error.code;
    if (code == ErrorCode::stale_catalogue) {
        return refresh_catalogue(result->answer.summary.error);
    }
    // The name may belong to a new queue by now; an id never does.
    if (code == ErrorCode::queue_does_not_exist && !arrived_.request.queue && !looked_again_) {
        looked_again_ = true;
        return refresh_catalogue(result->answer.summary.error);
    }
    if (code == ErrorCode::needs_attributes) {
        if (!count_mend(result->answer.summary.error)) return;
        return send_record();
    }
    deliver(std::move(result->answer));
}

void DataRequest::refresh_catalogue(const Error& cause) {
    if (!count_mend(cause)) return;
    if (!arrived_.request.queue_name.empty()) {
        context_.catalogue.forget_queue({granted_.account, arrived_.request.queue_name});
    }
    if (mends_ == 1) return ask_permit();
    pause_then(&DataRequest::ask_permit);
}

void DataRequest::ask_permit() {
    state_ = State::permitting;
    permit_.ask_again([this](Result<Granted> granted) { permitted(std::move(granted)); });
}

// The group has never heard of the queue, or of its newest attributes: tell it.
void DataRequest::send_record() {
    state_ = State::recording;
    if (record_call_ == nullptr) record_call_ = std::make_unique<GroupCall>(context_);
    wire::Forward forward;
    forward.header = header();
    forward.header.request_head_bytes = 0;
    forward.header.kind = wire::ForwardHeader::Kind::ensure_queue;
    // The group must not take up a queue again that it dropped since (queue::EnsureQueue).
    forward.header.authorised_at = granted_.queue.seen_at;
    forward.header.attributes = granted_.queue.attributes;
    GroupCall::Options options;
    options.group = granted_.queue.group;
    options.deadline = arrived_.deadline;
    options.mutates = true;
    record_call_->forward(options, std::move(forward), [this](Result<GroupReply> reply) {
        record_replied(std::move(reply));
    });
}

void DataRequest::record_replied(Result<GroupReply> result) {
    if (!result) {
        // Nothing of the client's request hangs on how this ended.
        return refuse(Error(ErrorCode::unavailable,
                            "the queue's group could not be prepared: " + result.error().detail));
    }
    const ErrorCode code = result->answer.summary.error.code;
    if (code == ErrorCode::ok) return ask();
    Error error = result->answer.summary.error;
    if (code == ErrorCode::stale_catalogue || code == ErrorCode::queue_does_not_exist) {
        return refresh_catalogue(error);
    }
    refuse(std::move(error));
}

// False if there were too many: then the request is answered, and gone.
bool DataRequest::count_mend(const Error& cause) {
    if (++mends_ <= mends_max) return true;
    refuse(Error(ErrorCode::unavailable,
                 "the storage node and the catalogue do not agree: " + cause.detail));
    return false;
}

void DataRequest::pause_then(void (DataRequest::*next)()) {
    state_ = State::pausing;
    const Duration pause = GroupCall::backoff_min * (1 << std::min(mends_, 4u));
    pause_timer_.start(context_.env.clock.now() + pause, [this, next] { (this->*next)(); });
}

void DataRequest::deliver(Answer answer) {
    const bool status =
        std::holds_alternative<wire::QueueStatusRequest>(arrived_.request.operation);
    if (status && answer.summary.error.code == ErrorCode::ok) return deliver_status(answer);
    finish(answer.summary.error.code, std::move(answer.message));
}

void DataRequest::deliver_status(const Answer& answer) {
    const auto head_bytes = static_cast<uint32_t>(answer.message.head.size());
    Result<wire::Response> response = wire::decode_response(answer.message.head, head_bytes);
    if (!response) return refuse(std::move(response.error()));
    auto* status = std::get_if<wire::QueueStatusResponse>(&response->body);
    if (status == nullptr) {
        return refuse(Error(ErrorCode::protocol_error, "the node's answer is not a queue's status"));
    }
    QUERN_ASSERT(granted_.record.has_value());
    status->record = *granted_.record;
    finish(*response);
}

// Ends the request with an error that is not the group's answer to it: if an earlier attempt may have
// been applied, that is what the client must know.
void DataRequest::refuse(Error error) {
    if (call_.ambiguous()) {
        error = call_.final_error(error);
        arrived_.request.queue = granted_.queue.id;  // where it may have been done, for whoever asked by name
    }
    finish(std::move(error));
}

void DataRequest::end_poll() {
    if (!std::holds_alternative<wire::ReceiveRequest>(arrived_.request.operation) || !parked_) return;
    wire::Response response;
    response.queue = granted_.queue.id;
    response.group = granted_.queue.group;
    response.time = context_.catalogue.time();
    response.body = wire::ReceiveResponse{};
    finish(response);
}

}  // namespace quern::balancer
