#include "system/balancer/catalogue_request.h"

#include "system/base/planted_bug.h"

namespace quern::balancer {

namespace {

// May be given by the catalogue's table of tokens before a command is looked at: then it says nothing of a copy that
// was carried out and forgotten since. (invalid_argument may also be the command's own refusal; that it is in doubt
// then, after a lost answer, is more than is known.)
bool is_of_the_token(ErrorCode code) {
    return code == ErrorCode::deadline_exceeded || code == ErrorCode::overloaded ||
           code == ErrorCode::invalid_argument;
}

}  // namespace

CatalogueRequest::CatalogueRequest(const Context& context, AnswerSink& sink, Identity& identity,
                                   Arrived arrived)
    : ActiveRequest(context, sink, identity, std::move(arrived)), call_(context),
      permit_(context, identity) {}

void CatalogueRequest::authorise(Target target) {
    const wire::Request& request = arrived_.request;
    Permit::Ask ask;
    ask.action = wire::required_action(request.operation);
    if (target != Target::none) ask.name = request.queue_name;
    if (target == Target::existing_queue) {
        ask.queue_must_exist = ask.want_record = true;
        // A repeated deletion finds no queue of that name, and still gets its first reply.
        ask.queue_may_be_absent = true;
        ask.queue = request.queue;
    }
    ask.deadline = arrived_.deadline;
    std::optional<Result<Granted>> verdict = permit_.ask(
        std::move(ask), [this](Result<Granted> granted) { permit_came(std::move(granted)); });
    if (verdict) permit_came(std::move(*verdict));
}

void CatalogueRequest::permit_came(Result<Granted> granted) {
    if (!granted) return finish(std::move(granted.error()));
    granted_ = std::move(*granted);
    permitted(granted_);
}

// --- the metadata group -------------------------------------------------------------------------------

void CatalogueRequest::ask_catalogue(wire::Query query, GroupId group) {
    GroupCall::Options options;
    options.group = group;
    options.deadline = arrived_.deadline;
    options.budgeted = true;
    call_.query(options, std::move(query),
                [this](Result<GroupReply> result) { reply_came(std::move(result)); });
}

void CatalogueRequest::reply_came(Result<GroupReply> result) {
    if (!result) return finish(std::move(result.error()));
    const wire::QueryReply& reply = *result->reply;
    if (reply.error.code != ErrorCode::ok) return finish(reply.error);
    time_ = reply.time;
    catalogue_said(reply);
}

void CatalogueRequest::change(Change operation) {
    metadata::Command command;
    if (!PLANTED(catalogue_change_without_token)) command.token = arrived_.request.token;
    command.principal = granted_.user;
    command.authorised_at = granted_.authorised_at;
    command.operation = std::move(operation);
    GroupCall::Options options;
    options.group = metadata_group;
    options.deadline = arrived_.deadline;
    options.budgeted = true;
    options.mutates = true;
    options.repeatable = static_cast<bool>(arrived_.request.token.session);
    call_.query(options, wire::Change{std::move(command)},
                [this](Result<GroupReply> result) { change_came(std::move(result)); });
}

void CatalogueRequest::change_came(Result<GroupReply> result) {
    if (!result) return change_failed(std::move(result.error()));
    const wire::QueryReply& reply = *result->reply;
    if (reply.error.code != ErrorCode::ok) return change_failed(reply.error);
    time_ = reply.time;
    const auto* answer = std::get_if<wire::ChangeAnswer>(&reply.answer);
    if (answer == nullptr) {
        return finish(Error(ErrorCode::outcome_unknown, "the metadata group's answer makes no sense"));
    }
    if (const auto* error = std::get_if<Error>(&answer->reply.result)) {
        if (error->code == ErrorCode::stale_catalogue) return ask_permit_again(*error);
        if (!is_of_the_token(error->code)) return finish(*error);
        change_comes_again();
        return change_failed(*error);
    }
    changed(answer->reply);
}

void CatalogueRequest::change_failed(Error error) {
    if (!in_doubt_ || error.outcome != Outcome::not_applied) return finish(std::move(error));
    finish(Error(ErrorCode::outcome_unknown,
                 "an earlier attempt was not answered, and may have been carried out; the last one: " +
                     error.to_string()));
}

// The command changed nothing, and none of its copies ever will: ids and policy versions do not come back.
void CatalogueRequest::ask_permit_again(const Error& cause) {
    if (++mends_ > mends_max) {
        return change_failed(
            Error(ErrorCode::unavailable, "the catalogue changes too fast: " + cause.detail));
    }
    context_.catalogue.forget_queue({granted_.account, arrived_.request.queue_name});
    permit_.ask_again([this](Result<Granted> granted) { permit_came(std::move(granted)); });
}

// --- the queue's group --------------------------------------------------------------------------------

void CatalogueRequest::tell_group(const metadata::QueueRecord& record, CatalogueVersion seen_at,
                                  wire::ForwardHeader::Kind kind) {
    wire::Forward forward;
    forward.header.group = record.group;
    forward.header.queue = record.id;
    forward.header.record_version = record.version;
    forward.header.authorised_at = seen_at;
    forward.header.principal = granted_.user;
    forward.header.kind = kind;
    forward.header.attributes = record.attributes;
    GroupCall::Options options;
    options.group = record.group;
    options.deadline = arrived_.deadline;
    options.budgeted = true;
    options.mutates = true;
    call_.forward(options, std::move(forward),
                  [this](Result<GroupReply> result) { group_came(std::move(result)); });
}

void CatalogueRequest::group_came(Result<GroupReply> result) {
    if (!result) return group_said(result.error());
    if (result->answer.summary.error.code == ErrorCode::ok) return group_said(Error());
    group_said(result->answer.summary.error);
}

void CatalogueRequest::catalogue_said(const wire::QueryReply&) { QUERN_UNREACHABLE(); }
void CatalogueRequest::changed(const metadata::Reply&) { QUERN_UNREACHABLE(); }
void CatalogueRequest::group_said(const Error&) { QUERN_UNREACHABLE(); }

wire::Response CatalogueRequest::response_now() const {
    wire::Response response;
    response.time = std::max(time_, context_.catalogue.time());
    return response;
}

}  // namespace quern::balancer
