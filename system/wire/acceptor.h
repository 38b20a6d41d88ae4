// The answering end: listens on one port, takes connections through the handshake with small limits, and
// hands over those that proved themselves. Before that nothing else is decoded, at most
// frame_bytes_max_before_auth is held per connection, and connections are bounded in number and time.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "system/io/env.h"
#include "system/wire/frame_connection.h"
#include "system/wire/handshake.h"

namespace quern::wire {

class AcceptorHandler {
public:
    virtual ~AcceptorHandler() = default;
    // What the server says of itself; its nonce and version are filled in.
    virtual HelloReply greeting() = 0;
    // The secret that belongs to `name`; nothing if there is none. Answer at once or later, once.
    virtual void find_secret(const std::string& name,
                             Callback<void(Result<std::optional<std::vector<uint8_t>>>)> done) = 0;
    // `name` has proved itself. The receiver calls set_handler() and set_body_bytes_max() on it; what it
    // may queue to send is limits::connection_out_bytes_max already.
    virtual void on_session(std::unique_ptr<FrameConnection> connection, const std::string& name) = 0;
};

class Acceptor {
public:
    struct Options {
        Endpoint at;
        Port port = Port::client;
        size_t unauthenticated_max = 1024;  // beyond it, new connections are closed at once
        Duration handshake_timeout = Duration::milliseconds(5000);
    };
    Acceptor(Env& env, Options options, AcceptorHandler& handler);
    ~Acceptor();
    Result<void> start();
    void stop();  // no new connections; those in the handshake are closed
    const Endpoint& local() const;

private:
    class Greeting;
    void accepted(std::unique_ptr<Connection> connection);
    void finished(Greeting& greeting);

    Env& env_;
    Options options_;
    AcceptorHandler& handler_;
    std::unique_ptr<Listener> listener_;
    std::list<std::unique_ptr<Greeting>> greetings_;
};

}  // namespace quern::wire
