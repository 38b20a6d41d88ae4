// One request to the leader of one group, through attempts at nodes until an answer that is final or the
// deadline (attempt_policy.h has the rules). Forwards go to any group, queries as well.
//
// States: idle → asking (an attempt is at a node) ⇄ waiting (backoff) → idle, with `done` called.
// A round asks each replica at most once, following at most `hops_max` hints, to a leader out of reach
// through the node that named it; between rounds it waits
// 10 to 200 ms, doubling, jittered (faults.md S113).
//
// Destroying it, or cancel(), withdraws the request: the node is told, `done` does not run.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "system/balancer/attempt_policy.h"
#include "system/balancer/context.h"
#include "system/balancer/upstreams.h"

namespace quern::balancer {

struct GroupReply {
    NodeId node;                               // who answered
    Answer answer;                             // to a forward
    std::unique_ptr<wire::QueryReply> reply;  // to a query
};

class GroupCall {
public:
    static constexpr unsigned hops_max = 3;
    static constexpr Duration backoff_min = Duration::milliseconds(10);
    static constexpr Duration backoff_max = Duration::milliseconds(200);
    static constexpr Duration attempt_timeout_default = Duration::seconds(2);
    static constexpr Duration attempt_timeout_max = Duration::seconds(10);

    struct Options {
        GroupId group;
        Instant deadline;
        // Of one attempt; doubles with each that times out. A request that is not repeatable has one
        // attempt at most under way, for all the time it has.
        Duration attempt_timeout = attempt_timeout_default;
        bool mutates = false;
        bool repeatable = true;
        // Rounds after the second are paid for from the balancer's retry budget, so that clients' requests
        // cannot make an overload worse. The balancer's own questions are few and free.
        bool budgeted = false;
        // A long poll: parked at the leader until then. After a lost leader it is sent again with what
        // is left of the wait, encoded anew from `poll`, which must outlive the call.
        Instant poll_until;
        const wire::Request* poll = nullptr;
    };
    // The error is final and honest: outcome_unknown, or unavailable if nothing was done.
    using Done = Callback<void(Result<GroupReply>)>;

    explicit GroupCall(const Context& context);
    ~GroupCall();
    GroupCall(const GroupCall&) = delete;
    GroupCall& operator=(const GroupCall&) = delete;

    // Starts a request. `done` runs from the loop, never inside; it may destroy this object.
    void forward(const Options& options, wire::Forward request, Done done);
    void query(const Options& options, wire::Query query, Done done);
    // Sends the same request once more, after its answer was stale_catalogue or needs_attributes and
    // the cause is mended; `header` replaces the old one. What is known of its outcome is kept.
    void forward_again(const wire::ForwardHeader& header, Done done);
    // Before forward_again(): what was mended has shown that the request is a long poll.
    void become_poll(const wire::Request& poll, Instant until, Instant deadline);
    void cancel();

    bool busy() const { return state_ != State::idle; }
    // A later deadline takes effect at the next attempt.
    void extend(Instant deadline);
    // When the attempt that was answered was sent.
    Instant attempt_started() const { return attempt_started_; }
    bool ambiguous() const { return policy_.ambiguous(); }
    Error final_error(const Error& last) const { return policy_.final_error(last); }

private:
    enum class State : uint8_t { idle, asking, waiting };

    void reset(const Options& options);
    void begin(const Options& options, Done done);
    void new_round();
    void ask_next();
    void ask(NodeId node, NodeId via);
    void send(const wire::Forward& forward, Instant deadline);
    void send(const wire::Query& query, Instant deadline);
    void wait_then_ask();
    Instant attempt_deadline(Instant now) const;
    void shorten_poll(wire::Forward& forward, Instant now) const;
    void forward_ended(Result<Answer> answer);
    void query_ended(Result<wire::QueryReply> reply);
    // `error` is null where the node's answer says why.
    void judge(const AttemptEnd& ended, NodeId hint, const Error* error, GroupReply reply);
    void next_attempt(NextStep next, NodeId hint);
    void give_up();
    void end(Result<GroupReply> result);

    const Context& context_;
    State state_ = State::idle;
    Options options_;
    AttemptPolicy policy_{{}};
    std::variant<wire::Forward, wire::Query> request_;
    Done done_;
    NodeId node_;  // being asked
    NodeId via_;   // that passes it on, if the balancer cannot reach it
    Upstreams::Call call_;
    std::vector<NodeId> tried_;  // in this round
    NodeId hint_;
    unsigned hops_ = 0;      // hints followed in this round
    unsigned attempts_ = 0;  // ever
    unsigned timeouts_ = 0;
    unsigned rounds_ = 0;  // begun after the first
    Duration backoff_ = backoff_min;
    Instant attempt_started_;
    Error last_error_;
    OwnedTimer timer_;
};

}  // namespace quern::balancer
