#include "system/balancer/attempt_policy.h"

#include "system/base/planted_bug.h"

namespace quern::balancer {

namespace {

bool another_node_may_do(ErrorCode code) {
    switch (code) {
        case ErrorCode::unavailable:
        case ErrorCode::shutting_down:
        case ErrorCode::group_does_not_exist:
        case ErrorCode::connection_refused: return true;
        default: return false;
    }
}

// What a node says before anything reaches the state machine, or what both may say.
bool refused_by_node(ErrorCode code) {
    switch (code) {
        case ErrorCode::overloaded:
        case ErrorCode::deadline_exceeded:
        case ErrorCode::insufficient_storage:
        case ErrorCode::unsupported_operation:
        case ErrorCode::unauthenticated:
        case ErrorCode::access_denied:
        case ErrorCode::protocol_error: return true;
        default: return false;
    }
}

}  // namespace

NextStep AttemptPolicy::judge(const AttemptEnd& end) {
    if (end.code == ErrorCode::ok) return NextStep::deliver;
    // Of all that the state machine itself says, only this leaves the outcome open, and asking again
    // would not help.
    if (end.code == ErrorCode::session_expired) return NextStep::deliver;
    if (end.outcome == Outcome::unknown) {
        if (options_.mutates && !PLANTED(lost_answer_is_refusal)) ambiguous_ = true;
        return options_.repeatable ? NextStep::ask_other : NextStep::give_up;
    }
    if (end.code == ErrorCode::not_leader) return NextStep::ask_leader;
    if (another_node_may_do(end.code)) return NextStep::ask_other;
    if (!ambiguous_ || !refused_by_node(end.code)) return NextStep::deliver;
    return error_info(end.code).retryable ? NextStep::ask_later : NextStep::give_up;
}

Error AttemptPolicy::final_error(const Error& last) const {
    if (ambiguous_) {
        return Error(ErrorCode::outcome_unknown,
                     "the request may have been done, but no answer came back: " + last.detail);
    }
    return Error(ErrorCode::unavailable, "no leader could take the request in time: " + last.detail);
}

}  // namespace quern::balancer
