// The asking end of a connection: dials, proves itself, keeps the connection up, and matches answers to
// requests. Used by clients (to balancers), balancers (to nodes) and nodes (to each other).
//
// States: idle → dialing → greeting (hello sent) → proving (authenticate sent) → up → waiting (backoff)
// → dialing … ; stopped after stop(). A refused proof or version is reported and retried with the
// longest backoff, since an operator may be mending it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "system/io/env.h"
#include "system/wire/frame_connection.h"
#include "system/wire/client_messages.h"
#include "system/wire/handshake.h"

namespace quern::wire {

class Link;

class LinkHandler {
public:
    virtual ~LinkHandler() = default;
    virtual void on_link_up(Link& link, const HelloReply& server) = 0;
    // The link was up, or an attempt failed. Requests outstanding have been answered before.
    virtual void on_link_down(Link& link, const Error& reason) = 0;
    // A frame that answers no request.
    virtual void on_link_frame(Link& link, Frame frame) = 0;
};

class Link final : public FrameHandler {
public:
    struct Options {
        Endpoint endpoint;
        Port port = Port::client;
        std::string name;           // see handshake.h
        std::vector<uint8_t> secret;
        std::string software = "quern";
        size_t frame_bytes_max = 0;
        Duration backoff_min = Duration::milliseconds(20);
        Duration backoff_max = Duration::seconds(1);
        // Each step of getting up (connection, greeting, proof) may take this long; then the attempt is
        // given up for another one, as packets lost early are sent again ever more seldom.
        Duration handshake_timeout = Duration::seconds(5);
        // A request reached its deadline after this long without a frame from the peer: the peer is
        // gone, and the connection is dropped. zero(): never.
        Duration silence_max = Duration::zero();
    };
    Link(Env& env, Options options, LinkHandler& handler);
    ~Link();  // outstanding requests are not answered

    void start();
    // Ends for good; outstanding requests are answered with connection_closed.
    void stop();
    bool up() const { return state_ == State::up; }
    const Options& options() const { return options_; }

    // Queues a one-way frame; false if the link is not up (the frame is dropped) or its queue is full.
    bool send(BufferChain frame);

    // Sends a request; `done` gets the answering frame, or an error whose outcome is honest:
    // not_applied if it was never handed to a connection (connection_refused), else unknown
    // (connection_reset, timed_out at `deadline`). Returns a number for cancel(), never 0.
    uint64_t request(FrameKind kind, Encoded message, Instant deadline,
                     Callback<void(Result<Frame>)> done);
    // Asks for a sign of life at once; the connection is dropped if no frame comes until `deadline`.
    void probe(Instant deadline);
    // `done` will not be called; the peer is not told.
    void cancel(uint64_t request);
    size_t outstanding() const { return pending_.size(); }
    // Not yet taken by the connection.
    size_t queued_bytes() const { return connection_ == nullptr ? 0 : connection_->queued_bytes(); }
    // When the last frame came.
    Instant heard() const { return heard_; }
    // The reason of the last failure, for error texts.
    const Error& last_error() const { return last_error_; }

private:
    enum class State : uint8_t { idle, dialing, greeting, proving, up, waiting, stopped };
    struct Pending {
        Instant sent;
        Instant deadline;
        Callback<void(Result<Frame>)> done;
        bool probe = false;  // silence until its deadline is enough
    };

    void dial();
    void await_step(const char* step);
    void connected(Result<std::unique_ptr<Connection>> result);
    void handshake_frame(const Frame& frame);
    void hello_reply(const Frame& frame);
    void authenticate_reply(const Frame& frame);
    void drop(Error reason, bool refused);
    void fail_pending(const Error& reason);
    void arm_deadline_timer(Instant deadline);
    void deadlines_due();
    bool silent(const Pending& pending) const;
    void on_frame(FrameConnection& connection, Frame frame) override;
    void on_closed(FrameConnection& connection, const Error& reason) override;

    Env& env_;
    Options options_;
    LinkHandler& handler_;
    State state_ = State::idle;
    std::unique_ptr<FrameConnection> connection_;
    HelloReply server_;
    Nonce nonce_;
    Error last_error_;
    Duration backoff_;
    uint64_t attempt_ = 0;  // of dialing
    uint64_t next_request_ = 1;
    Instant heard_;
    std::map<uint64_t, Pending> pending_;  // by request id, which is also the order of sending
    OwnedTimer timer_;           // backoff, dialing and handshake
    OwnedTimer deadline_timer_;  // the earliest deadline of pending requests, or earlier
    LifeGuard guard_;
};

}  // namespace quern::wire
