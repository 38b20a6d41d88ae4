// The Connection a user holds: it owns a TcpStream and abandons it.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "system/os/tcp_address.h"
#include "system/os/tcp_stream.h"

namespace quern::os {

namespace {

class TcpConnection final : public Connection {
public:
    TcpConnection(std::shared_ptr<TcpStream> stream, Endpoint peer)
        : stream_(std::move(stream)), peer_(std::move(peer)) {}
    ~TcpConnection() override { stream_->abandon(); }

    void read(std::span<uint8_t> into, Callback<void(Result<size_t>)> done) override {
        stream_->read(into, std::move(done));
    }
    void write(BufferChain data, Callback<void(Result<void>)> done) override {
        stream_->write(std::move(data), std::move(done));
    }
    void close() override { stream_->close(); }
    const Endpoint& peer() const override { return peer_; }

private:
    std::shared_ptr<TcpStream> stream_;
    Endpoint peer_;
};

void set_option(int socket, int level, int option, int value) {
    // A socket whose peer has gone already may refuse; its first read or write will tell.
    ::setsockopt(socket, level, option, &value, sizeof(value));
}

// No delay: frames are complete when they are written. Keepalive finds a vanished peer of an idle
// stream within about a minute.
void set_options(int socket) {
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 30);
    set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace

std::unique_ptr<Connection> make_connection(TcpContext& context, asio::ip::tcp::socket socket) {
    set_options(socket.native_handle());
    asio::error_code error;
    const asio::ip::tcp::endpoint remote = socket.remote_endpoint(error);
    Endpoint peer = error ? Endpoint{"unknown", 0} : endpoint_of(remote);
    return std::make_unique<TcpConnection>(std::make_shared<TcpStream>(context, std::move(socket)),
                                           std::move(peer));
}

}  // namespace quern::os
