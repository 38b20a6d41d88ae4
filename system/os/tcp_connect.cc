#include "system/os/tcp_connect.h"

#include "system/os/posix_error.h"
#include "system/os/tcp_address.h"

namespace quern::os {

namespace {

using asio::ip::tcp;

// One call of connect; kept alive by its handlers and its timer.
class Attempt final : public std::enable_shared_from_this<Attempt> {
public:
    Attempt(TcpContext& context, Endpoint to,
            Callback<void(Result<std::unique_ptr<Connection>>)> done)
        : context_(context),
          to_(std::move(to)),
          resolver_(context.loop.context()),
          socket_(context.loop.context()),
          done_(std::move(done)) {}

    void start(Duration limit) {
        timer_ = context_.timers.start(context_.clock.now() + limit, [self = shared_from_this()] {
            self->timer_ = TimerId{};
            self->finish(fail(ErrorCode::timed_out, "no answer from " + self->to_.to_string()));
        });
        if (auto literal = literal_address(to_)) {
            addresses_.push_back(*literal);
            return try_next();
        }
        resolver_.async_resolve(
            to_.host, std::to_string(to_.port), tcp::resolver::numeric_service,
            [self = shared_from_this()](const asio::error_code& error,
                                        const tcp::resolver::results_type& found) {
                self->on_resolved(error, found);
            });
    }

private:
    void on_resolved(const asio::error_code& error, const tcp::resolver::results_type& found) {
        if (!done_) return;
        if (error || found.empty()) {
            return finish(fail(ErrorCode::not_found,
                               "no address for host '" + to_.host + "': " + error.message()));
        }
        for (const auto& entry : found)
            addresses_.push_back(entry.endpoint());
        try_next();
    }

    void try_next() {
        asio::error_code ignored;
        socket_.close(ignored);
        socket_.async_connect(addresses_[next_++],
                              [self = shared_from_this()](const asio::error_code& error) {
                                  self->on_connected(error);
                              });
    }

    void on_connected(asio::error_code error) {
        if (!done_) return;
        asio::error_code ignored;
        // A connect to a free port of this host may be given that very port as its own and meet
        // itself.
        if (!error && socket_.local_endpoint(ignored) == socket_.remote_endpoint(ignored)) {
            error = asio::error::connection_refused;
        }
        if (!error) return finish(make_connection(context_, std::move(socket_)));
        if (next_ < addresses_.size()) return try_next();
        finish(posix_failure(error.value(), "cannot connect to " + to_.to_string()));
    }

    void finish(Result<std::unique_ptr<Connection>> result) {
        if (timer_) context_.timers.cancel(std::exchange(timer_, TimerId{}));
        asio::error_code ignored;
        if (socket_.is_open()) socket_.close(ignored);
        resolver_.cancel();
        Callback<void(Result<std::unique_ptr<Connection>>)> done = std::move(done_);
        if (done) done(std::move(result));
    }

    TcpContext& context_;
    Endpoint to_;
    tcp::resolver resolver_;
    tcp::socket socket_;
    std::vector<tcp::endpoint> addresses_;
    size_t next_ = 0;
    TimerId timer_;
    Callback<void(Result<std::unique_ptr<Connection>>)> done_;
};

}  // namespace

void connect_tcp(TcpContext& context, const Endpoint& to, Duration limit,
                 Callback<void(Result<std::unique_ptr<Connection>>)> done) {
    std::make_shared<Attempt>(context, to, std::move(done))->start(limit);
}

}  // namespace quern::os
