// Byte streams, exactly as TCP gives them: partial reads, back-pressure, resets, half-open peers.
// TLS lies below this interface, in os. Two implementations: os (Asio) and sim.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "system/base/buffer.h"
#include "system/base/callback.h"
#include "system/base/result.h"

namespace quern {

// A host name or address and a TCP port. Host names are resolved by os at connect and listen.
struct Endpoint {
    std::string host;
    uint16_t port = 0;
    auto operator<=>(const Endpoint&) const = default;
    std::string to_string() const;
    // "host:port"; invalid_argument otherwise.
    static Result<Endpoint> parse(const std::string& text);
};

// One end of an established stream. Destroying it resets the stream if bytes are unsent, else closes
// it; completions that are outstanding then never run. All completions run from the loop, once,
// never inside the submitting call.
class Connection {
public:
    virtual ~Connection() = default;

    // Reads 1..into.size() bytes; 0 means the peer closed its sending side in order. One read may be
    // outstanding; `into` must stay valid until it completes or this object is destroyed.
    // Errors: connection_reset, connection_closed (after close()), timed_out.
    virtual void read(std::span<uint8_t> into, Callback<void(Result<size_t>)> done) = 0;

    // Writes all of `data`, in order. One write may be outstanding. Done means handed to the network
    // and room for more, not that the peer has it. Errors as read().
    virtual void write(BufferChain data, Callback<void(Result<void>)> done) = 0;

    // Ends the stream: writes that completed are still delivered, an outstanding read or write
    // completes with connection_closed.
    virtual void close() = 0;

    // The peer's address, for logs and limits.
    virtual const Endpoint& peer() const = 0;
};

// A listening socket; destroying it stops listening.
class Listener {
public:
    virtual ~Listener() = default;
    // The bound endpoint (the real port when 0 was asked for).
    virtual const Endpoint& local() const = 0;
};

class Network {
public:
    virtual ~Network() = default;

    // Listens at once; `accepted` runs from the loop for each new connection until the listener is
    // destroyed. Errors: address_in_use, permission_denied, invalid_argument.
    virtual Result<std::unique_ptr<Listener>> listen(
        const Endpoint& at, Callback<void(std::unique_ptr<Connection>)> accepted) = 0;

    // Errors: connection_refused, timed_out (after an implementation's own limit, at most 10 s),
    // not_found (host name). There is no cancel: the caller checks in `done` whether it still wants
    // the connection, and must keep the callback's captures valid (see LifeGuard in env.h).
    virtual void connect(const Endpoint& to,
                         Callback<void(Result<std::unique_ptr<Connection>>)> done) = 0;
};

}  // namespace quern
