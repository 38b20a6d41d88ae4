#include "system/os/tcp_listener.h"

#include <asio/socket_base.hpp>

#include "system/os/posix_error.h"
#include "system/os/tcp_address.h"

namespace quern::os {

namespace {

using asio::ip::tcp;

// After the process ran out of descriptors or memory.
constexpr Duration accept_pause = Duration::milliseconds(100);

// Lives until its last handler has run; the TcpListener given to the user stops it.
class Acceptor final : public std::enable_shared_from_this<Acceptor> {
public:
    Acceptor(TcpContext& context, Callback<void(std::unique_ptr<Connection>)> accepted)
        : context_(context), acceptor_(context.loop.context()), accepted_(std::move(accepted)) {}

    Result<Endpoint> open(const tcp::endpoint& at) {
        asio::error_code error;
        acceptor_.open(at.protocol(), error);
        if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
        if (!error) acceptor_.bind(at, error);
        if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
        tcp::endpoint local;
        if (!error) local = acceptor_.local_endpoint(error);
        if (error)
            return posix_failure(error.value(), "cannot listen at " + endpoint_of(at).to_string());
        return endpoint_of(local);
    }

    void accept_next() {
        acceptor_.async_accept(
            [self = shared_from_this()](const asio::error_code& error, tcp::socket socket) {
                self->on_accept(error, std::move(socket));
            });
    }

    void stop() {
        stopped_ = true;
        if (pause_) context_.timers.cancel(pause_);
        asio::error_code ignored;
        acceptor_.close(ignored);
        if (!delivering_) accepted_.reset();
    }

private:
    void on_accept(const asio::error_code& error, tcp::socket socket) {
        if (stopped_) return;
        if (error && error != asio::error::connection_aborted) return pause(error);
        if (!error) {
            failing_ = false;
            delivering_ = true;
            accepted_(make_connection(context_, std::move(socket)));
            delivering_ = false;
            if (stopped_) return accepted_.reset();
        }
        accept_next();
    }

    void pause(const asio::error_code& error) {
        if (!failing_) {
            context_.log.write(LogLevel::error, "network",
                               "cannot accept connections: " + error.message());
        }
        failing_ = true;
        pause_ =
            context_.timers.start(context_.clock.now() + accept_pause, [self = shared_from_this()] {
                self->pause_ = TimerId{};
                self->accept_next();
            });
    }

    TcpContext& context_;
    tcp::acceptor acceptor_;
    Callback<void(std::unique_ptr<Connection>)> accepted_;
    TimerId pause_;
    bool stopped_ = false;
    bool delivering_ = false;
    bool failing_ = false;
};

class TcpListener final : public Listener {
public:
    TcpListener(std::shared_ptr<Acceptor> acceptor, Endpoint local)
        : acceptor_(std::move(acceptor)), local_(std::move(local)) {}
    ~TcpListener() override { acceptor_->stop(); }
    const Endpoint& local() const override { return local_; }

private:
    std::shared_ptr<Acceptor> acceptor_;
    Endpoint local_;
};

}  // namespace

Result<std::unique_ptr<Listener>> listen_tcp(TcpContext& context, const Endpoint& at,
                                             Callback<void(std::unique_ptr<Connection>)> accepted) {
    const auto addresses = resolve_now(context.loop.context(), at);
    if (!addresses) return fail(addresses.error());
    auto acceptor = std::make_shared<Acceptor>(context, std::move(accepted));
    Result<Endpoint> local = acceptor->open(addresses->front());
    if (!local) return fail(std::move(local.error()));
    acceptor->accept_next();
    return std::make_unique<TcpListener>(std::move(acceptor), std::move(*local));
}

}  // namespace quern::os
