// One client connection: decodes requests, keeps those under way, answers them in any order. Owned by
// the Balancer, which destroys it from the loop after ended().
//
// Bounds: limits::requests_inflight_per_connection_max requests (beyond: overloaded), the balancer's
// inflight_bytes_max (beyond: sends are overloaded, the rest goes on), frames of
// limits::frame_bytes_max_client, unread answers of out_bytes_high (beyond: requests for messages are
// overloaded) and connection_out_bytes_max (beyond: closed).
// A frame that cannot be decoded ends the connection with a goodbye.
// Requests that change queues, users or the cluster, purges, and refusals of permission are written to
// the log as "audit".
//
// States: open → (draining: new requests are refused, ends when none is under way) → ended.
#pragma once

#include <map>
#include <memory>

#include "system/balancer/active_request.h"
#include "system/wire/frame_connection.h"

namespace quern::balancer {

class Session;

class SessionOwner {
public:
    virtual ~SessionOwner() = default;
    // The connection is gone. The owner destroys the session later, from the loop.
    virtual void session_ended(Session& session) = 0;
};

class Session final : private wire::FrameHandler, private AnswerSink {
public:
    static constexpr size_t out_bytes_high = 8u << 20;

    Session(const Context& context, SessionOwner& owner,
            std::unique_ptr<wire::FrameConnection> connection, const std::string& key_id);
    ~Session() override;

    // Refuses new requests, answers long polls, ends when nothing is under way.
    void drain();
    // Says why, and ends; requests under way are withdrawn.
    void end(const Error& reason);
    size_t inflight() const { return active_.size(); }
    // Called every so often: ends a connection whose client has taken nothing of what is queued for it
    // since the last call (faults.md S125).
    void check_progress();

private:
    enum class State : uint8_t { open, draining, ended };

    void on_frame(wire::FrameConnection& connection, wire::Frame frame) override;
    void on_closed(wire::FrameConnection& connection, const Error& reason) override;
    void answer(uint64_t id, ErrorCode code, wire::Encoded response) override;

    void on_request(wire::Frame frame);
    Result<void> admit(const Arrived& arrived) const;
    Instant deadline_of(const wire::Request& request) const;
    void refuse(uint64_t id, Error error);
    void send(uint64_t id, wire::Encoded response);
    void withdraw(uint64_t id);
    void count(ErrorCode code);
    void audit(const wire::Request& request, ErrorCode code) const;
    void end_if_drained();
    void ended();

    const Context& context_;
    SessionOwner& owner_;
    std::unique_ptr<wire::FrameConnection> connection_;
    Identity identity_;
    State state_ = State::open;
    std::map<uint64_t, std::unique_ptr<ActiveRequest>> active_;
    uint64_t queued_bytes_total_ = 0;  // ever given to the connection
    uint64_t taken_bytes_before_ = 0;  // by the client, at the last check_progress()
};

}  // namespace quern::balancer
