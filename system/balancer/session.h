// One client connection: decodes requests, keeps those under way, answers them in any order. Owned by
// the Balancer, which destroys it from the loop after ended().
//
// Bounds: limits::requests_inflight_per_connection_max requests (beyond: overloaded), the balancer's
// inflight_bytes_max (beyond: sends are overloaded, the rest goes on), frames of
// limits::frame_bytes_max_client, and connection_out_bytes_max of unread answers (beyond: closed).
// A frame that cannot be decoded ends the connection with a goodbye.
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
    Session(const Context& context, SessionOwner& owner,
            std::unique_ptr<wire::FrameConnection> connection, const std::string& key_id);
    ~Session() override;

    // Refuses new requests, answers long polls, ends when nothing is under way.
    void drain();
    // Says why, and ends; requests under way are withdrawn.
    void end(const Error& reason);
    size_t inflight() const { return active_.size(); }

private:
    enum class State : uint8_t { open, draining, ended };

    void on_frame(wire::FrameConnection& connection, wire::Frame frame) override;
    void on_closed(wire::FrameConnection& connection, const Error& reason) override;
    void answer(uint64_t id, ErrorCode code, wire::Encoded response) override;

    void on_request(wire::Frame frame);
    Result<void> admit(const Arrived& arrived) const;
    Instant deadline_of(const wire::Request& request) const;
    void refuse(uint64_t id, Error error);
    void withdraw(uint64_t id);
    void count(ErrorCode code);
    void end_if_drained();
    void ended();

    const Context& context_;
    SessionOwner& owner_;
    std::unique_ptr<wire::FrameConnection> connection_;
    Identity identity_;
    State state_ = State::open;
    std::map<uint64_t, std::unique_ptr<ActiveRequest>> active_;
};

}  // namespace quern::balancer
