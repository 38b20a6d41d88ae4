// A listening TCP socket. Private to this room (includes Asio).
#pragma once

#include "system/os/tcp_stream.h"

namespace quern::os {

// Binds and listens at once; see Network::listen.
Result<std::unique_ptr<Listener>> listen_tcp(TcpContext& context, const Endpoint& at,
                                             Callback<void(std::unique_ptr<Connection>)> accepted);

}  // namespace quern::os
