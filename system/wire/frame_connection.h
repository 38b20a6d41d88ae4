// A Connection that speaks frames: reads and decodes, queues and writes, with bounds both ways. Owned by
// a session, peer link or client connection, which is its handler.
//
// Life: created open; ends once, by a damaged frame, the peer, an error, a full send queue, or close();
// then `on_closed` is called from the loop (but not after destruction, nor for the owner's own close())
// and nothing else.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "system/io/env.h"
#include "system/wire/frame.h"

namespace quern::wire {

class FrameConnection;

class FrameHandler {
public:
    virtual ~FrameHandler() = default;
    // May call send() and close() on the connection, and may destroy it.
    virtual void on_frame(FrameConnection& connection, Frame frame) = 0;
    // The owner may destroy the connection in this call.
    virtual void on_closed(FrameConnection& connection, const Error& reason) = 0;
};

class FrameConnection {
public:
    struct Options {
        size_t body_bytes_max = 0;
        size_t out_bytes_max = 0;  // 0: limits::connection_out_bytes_max
    };
    FrameConnection(Env& env, std::unique_ptr<Connection> connection, const Options& options,
                    FrameHandler& handler);
    ~FrameConnection();

    // Starts reading. Call once, when the handler is ready.
    void start();
    // Queues a frame; frames queued within one turn of the loop go out in one write. False (and the
    // connection ends with overloaded) if out_bytes_max would be exceeded.
    bool send(BufferChain frame);
    // Stops delivering frames until resume_reading(): back-pressure on a peer that sends too much. Then
    // the end of the stream is not noticed either.
    void pause_reading();
    void resume_reading();
    // send() of an answer: where the simulator wants it so, the connection is lost instead, and the answer
    // with it. Safe wherever send() is.
    bool send_answer(BufferChain frame);
    // Writes what is queued, then closes. No callback follows. This object may be destroyed at once: the
    // queue is still written, for at most a second.
    void close();
    void set_body_bytes_max(size_t bytes);
    // Of what is queued from now on.
    void set_out_bytes_max(size_t bytes);
    // Hands the connection to another owner (after the handshake). Frames decoded but not yet delivered
    // go to the new handler.
    void set_handler(FrameHandler& handler);
    size_t queued_bytes() const;
    bool open() const;
    const Endpoint& peer() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace quern::wire
