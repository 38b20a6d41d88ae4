// Network over TCP sockets. Private to this room (includes Asio).
#pragma once

#include "system/os/tcp_stream.h"

namespace quern::os {

class TcpNetwork final : public Network {
public:
    TcpNetwork(EventLoop& loop, const Clock& clock, Timers& timers, Log& log,
               Duration connect_limit)
        : context_{loop, clock, timers, log}, connect_limit_(connect_limit) {}

    Result<std::unique_ptr<Listener>> listen(
        const Endpoint& at, Callback<void(std::unique_ptr<Connection>)> accepted) override;
    void connect(const Endpoint& to,
                 Callback<void(Result<std::unique_ptr<Connection>>)> done) override;

private:
    TcpContext context_;
    Duration connect_limit_;
};

}  // namespace quern::os
