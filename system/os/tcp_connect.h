// Connecting to a peer. Private to this room (includes Asio).
#pragma once

#include "system/os/tcp_stream.h"

namespace quern::os {

// Resolves the host (names on the resolver's own thread) and tries its addresses one after another;
// all of it ends within `limit`. See Network::connect.
void connect_tcp(TcpContext& context, const Endpoint& to, Duration limit,
                 Callback<void(Result<std::unique_ptr<Connection>>)> done);

}  // namespace quern::os
