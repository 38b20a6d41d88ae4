// What to do after each attempt of one request, and what its final error may honestly say (faults.md
// Q13, S120; contract.md promise 5). Pure.
//
// The rules:
//  - An answer of the group's state machine is final: with a token it stands for all attempts.
//  - not_leader, unavailable, shutting_down, group_does_not_exist and a connection that never took the
//    request say "not done": ask another node.
//  - An attempt with unknown outcome (connection lost, no answer in time, a leader that fell) makes the
//    request ambiguous. It is sent again only if it is repeatable: it carries a token, or changes nothing.
//  - A refusal by the node itself (overloaded, out of time or disk, not permitted) goes to the client;
//    but if the request is ambiguous, it says nothing of the earlier attempts: a retryable one is asked
//    again later, the rest end as outcome_unknown.
//  - stale_catalogue and needs_attributes go to the caller, who mends the cause and asks again.
#pragma once

#include "system/base/error.h"
#include "system/base/ids.h"

namespace quern::balancer {

// How one attempt ended.
struct AttemptEnd {
    ErrorCode code = ErrorCode::ok;
    Outcome outcome = Outcome::applied;
};

enum class NextStep : uint8_t {
    deliver,     // the answer is final
    ask_leader,  // this node does not lead
    ask_other,   // not done here: another node, soon
    ask_later,   // the node is right but busy: after a pause
    give_up,     // final_error() is the answer
};

class AttemptPolicy {
public:
    struct Options {
        bool mutates = false;
        bool repeatable = true;
    };
    explicit AttemptPolicy(Options options) : options_(options) {}

    NextStep judge(const AttemptEnd& end);
    // Some attempt may have been, or may yet be, applied.
    bool ambiguous() const { return ambiguous_; }
    // The error of a request that ends without a final answer; `last` is why its last attempt failed.
    Error final_error(const Error& last) const;

private:
    Options options_;
    bool ambiguous_ = false;
};

}  // namespace quern::balancer
