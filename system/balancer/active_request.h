// One client request under way. Made by a session when a request was decoded, owned by it, destroyed
// when answered or when nobody waits any more; destruction withdraws whatever it has asked of others.
#pragma once

#include "system/balancer/context.h"
#include "system/balancer/identity.h"
#include "system/wire/client_messages.h"

namespace quern::balancer {

// A decoded request with the bytes it came in.
struct Arrived {
    uint64_t id = 0;  // the client's, unique among its requests in flight
    wire::Request request;
    Buffer body;
    uint32_t head_bytes = 0;
    Instant deadline;  // without the wait of a long poll
};

class AnswerSink {
public:
    virtual ~AnswerSink() = default;
    // Destroys the request of that id.
    virtual void answer(uint64_t id, ErrorCode code, wire::Encoded response) = 0;
};

class ActiveRequest {
public:
    ActiveRequest(const Context& context, AnswerSink& sink, Identity& identity, Arrived arrived)
        : context_(context), identity_(identity), arrived_(std::move(arrived)), sink_(sink) {}
    virtual ~ActiveRequest() = default;
    ActiveRequest(const ActiveRequest&) = delete;
    ActiveRequest& operator=(const ActiveRequest&) = delete;

    // May answer at once and thereby destroy this object.
    virtual void start() = 0;
    // The balancer drains: a long poll answers now, empty, and is destroyed; others go on.
    virtual void end_poll() {}
    size_t body_bytes() const { return arrived_.body.size(); }
    const wire::Request& request() const { return arrived_.request; }

protected:
    // Each answers, and destroys this object: nothing may follow it.
    void finish(ErrorCode code, wire::Encoded response) {
        sink_.answer(arrived_.id, code, std::move(response));
    }
    void finish(const wire::Response& response) {
        finish(response.error.code, wire::encode(response));
    }
    // With the present time, by which a client whose request came too late stamps the next one.
    void finish(Error error);

    const Context& context_;
    Identity& identity_;
    Arrived arrived_;

private:
    AnswerSink& sink_;
};

// The handler of the request's operation.
std::unique_ptr<ActiveRequest> make_request(const Context& context, AnswerSink& sink,
                                            Identity& identity, Arrived arrived);

}  // namespace quern::balancer
