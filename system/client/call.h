// One call from begin to answer: attempts, backoff, deadline, and what its outcome may honestly be.
//
// States: waiting (for a link) ⇄ backing_off ⇄ asking → ended. Ambiguous once an attempt may have taken
// effect; an answer of the group's state machine (it has a log index) ends that, since with a token it
// stands for all attempts.
#pragma once

#include <memory>
#include <optional>

#include "system/client/links.h"
#include "system/client/options.h"
#include "system/client/queue_ids.h"
#include "system/base/cluster_time_estimate.h"
#include "system/base/retry_budget.h"
#include "system/client/tokens.h"
#include "system/io/env.h"
#include "system/wire/client_messages.h"

namespace quern::client {

class Call;

// What a call uses of its client.
class CallContext {
public:
    virtual ~CallContext() = default;
    virtual Env& env() = 0;
    virtual const Options& options() const = 0;
    virtual Links& links() = 0;
    virtual Tokens& tokens() = 0;
    virtual QueueIds& queue_ids() = 0;
    virtual RetryBudget& budget() = 0;
    virtual ClusterTimeEstimate& cluster_time() = 0;
    virtual size_t calls_under_way() const = 0;
    // Calls link_usable() or refused() on it later.
    virtual void wait_for_link(Call& call) = 0;
    // The call is over: hands it to the caller.
    virtual std::unique_ptr<Call> end(Call& call) = 0;
};

class Call {
public:
    using Done = Callback<void(Result<wire::Response>)>;
    Call(CallContext& context, uint64_t id, wire::Request request, BufferChain contents, Done done,
         const CallOptions& options);
    ~Call();

    void start() { attempt(); }
    uint64_t id() const { return id_; }
    size_t content_bytes() const { return contents_.size(); }
    // A link came up. Never ends the call.
    void link_usable();
    // No endpoint will ever take this client.
    void refused(const Error& reason);

private:
    void attempt();
    void stamp();
    void restamp();
    ClusterTime begun() const;
    Duration poll_wait() const;
    void answered(Result<wire::Frame> frame);
    void attempt_lost(Error error);
    void response_came(wire::Response response);
    void error_came(wire::Response response);
    bool ask_by_name(const wire::Response& response);
    void retry(const Error& why);
    void retry_due();
    void deadline_passed();
    void succeed(wire::Response response);
    void finish(Result<wire::Response> result);
    // The outcome that an error of this call may claim.
    Outcome honest(Outcome of_last_attempt) const;

    CallContext& context_;
    uint64_t id_;
    wire::Request request_;
    BufferChain contents_;
    Done done_;
    CallOptions options_;
    Instant stamped_at_;   // the token
    ClusterTime stamped_;  // the same instant; 0: not known then
    Duration timeout_;  // of the whole call, without the wait of a long poll
    Instant deadline_;
    bool hurried_ = false;  // the attempt under way has little of the time that one may take
    bool has_effect_;
    bool id_from_cache_ = false;
    bool ambiguous_ = false;
    size_t retries_ = 0;
    size_t endpoint_ = 0;        // of the attempt under way
    wire::Link* link_ = nullptr; // nullptr: no attempt is under way
    uint64_t link_request_ = 0;
    Error last_error_;
    OwnedTimer timer_;  // waiting: the deadline; backing off: its end, or the deadline
};

}  // namespace quern::client
