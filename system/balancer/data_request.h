// A request on one queue's messages: send, receive, delete, change visibility, purge, peek, status.
//
// States: permitting → asking (a GroupCall at the queue's group) → answered. On the way back from asking:
//   stale_catalogue, or a queue asked for by name is gone  → permitting anew, on a fresh catalogue
//   needs_attributes                                       → recording (ensure_queue) → asking
// Such turns are bounded (mends_max), and paced from the second on. The leader's answer is passed on as
// it came, but for status, which gets the record put in.
#pragma once

#include "system/balancer/active_request.h"
#include "system/balancer/permit.h"

namespace quern::balancer {

class DataRequest final : public ActiveRequest {
public:
    static constexpr unsigned mends_max = 8;

    DataRequest(const Context& context, AnswerSink& sink, Identity& identity, Arrived arrived);
    ~DataRequest() override;
    void start() override;
    void end_poll() override;

private:
    enum class State : uint8_t { permitting, asking, recording, pausing };

    void permitted(Result<Granted> granted);
    bool made_since_begun(const Granted& granted) const;
    void ask();
    void plan_poll();
    wire::ForwardHeader header() const;
    void replied(Result<GroupReply> result);
    void refresh_catalogue(const Error& cause);
    void send_record();
    void record_replied(Result<GroupReply> result);
    bool count_mend(const Error& cause);
    void pause_then(void (DataRequest::*next)());
    void ask_permit();
    void deliver(Answer answer);
    void deliver_status(const Answer& answer);
    void refuse(Error error);
    void set_parked(bool parked);

    State state_ = State::permitting;
    Permit permit_;
    Granted granted_;
    GroupCall call_;
    std::unique_ptr<GroupCall> record_call_;
    OwnedTimer pause_timer_;
    bool asked_ = false;         // the call was started once
    bool looked_again_ = false;  // for a queue that was gone
    bool parked_ = false;
    unsigned mends_ = 0;
    bool poll_ = false;
    Duration poll_wait_;
};

// What can be refused without asking anybody: empty or too large batches, counts out of range.
Result<void> check_bounds(const wire::Request& request);

}  // namespace quern::balancer
