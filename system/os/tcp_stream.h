// An established TCP stream and the Connection that owns it. Private to this room (includes Asio).
//
// A TcpStream lives as long as anything of it is pending in the loop (handlers hold a shared_ptr);
// the TcpConnection given to the user abandons it on destruction, after which no completion runs.
#pragma once

#include "system/os/asio.h"

#include <asio/ip/tcp.hpp>
#include <memory>
#include <optional>

#include "system/base/log.h"
#include "system/io/clock.h"
#include "system/io/network.h"
#include "system/io/timers.h"
#include "system/os/event_loop.h"

namespace quern::os {

// What the parts of the network share; outlives them all.
struct TcpContext {
    EventLoop& loop;
    const Clock& clock;
    Timers& timers;
    Log& log;
};

class TcpStream final : public std::enable_shared_from_this<TcpStream> {
public:
    TcpStream(TcpContext& context, asio::ip::tcp::socket socket);

    void read(std::span<uint8_t> into, Callback<void(Result<size_t>)> done);
    void write(BufferChain data, Callback<void(Result<void>)> done);
    void close();
    // Drops the callbacks; resets the stream if a write is outstanding, else closes it.
    void abandon();

private:
    // open → lingering (our side has ended; what still arrives is thrown away, so that the kernel
    // does not answer it with a reset that would destroy our last bytes on their way) → closed.
    enum class State : uint8_t { open, lingering, closed };

    void on_read(const asio::error_code& error, size_t bytes);
    void tell_input_over();
    void finish_read(Result<size_t> result);
    void send_more();
    void wait_for_room();
    void on_sent();
    void finish_write(Result<void> result);
    void post_closed();
    void complete_closed();
    void linger();
    void discard_input();
    void shut();
    Failure failed(const char* what);

    TcpContext& context_;
    asio::ip::tcp::socket socket_;
    State state_ = State::open;
    bool closed_posted_ = false;
    // The errno that broke the stream. The kernel tells it once, then reads give 0; a broken stream
    // must not look like one that ended in order.
    int broken_ = 0;
    // A read has given the end or the error: the kernel will not wake a reader again.
    bool input_over_ = false;

    Callback<void(Result<size_t>)> read_done_;

    BufferChain out_;
    size_t out_part_ = 0;          // the first part not sent whole
    size_t out_offset_bytes_ = 0;  // sent of it
    Callback<void(Result<void>)> write_done_;

    TimerId linger_timer_;
    size_t discarded_bytes_ = 0;
};

// Wraps an accepted or connected socket: sets its options and learns its peer.
std::unique_ptr<Connection> make_connection(TcpContext& context, asio::ip::tcp::socket socket);

}  // namespace quern::os
