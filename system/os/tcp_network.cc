#include "system/os/tcp_network.h"

#include "system/os/tcp_connect.h"
#include "system/os/tcp_listener.h"

namespace quern::os {

Result<std::unique_ptr<Listener>> TcpNetwork::listen(
    const Endpoint& at, Callback<void(std::unique_ptr<Connection>)> accepted) {
    return listen_tcp(context_, at, std::move(accepted));
}

void TcpNetwork::connect(const Endpoint& to,
                         Callback<void(Result<std::unique_ptr<Connection>>)> done) {
    connect_tcp(context_, to, connect_limit_, std::move(done));
}

}  // namespace quern::os
