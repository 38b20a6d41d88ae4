#include "system/wire/acceptor.h"

#include "system/base/limits.h"

namespace quern::wire {

// One connection in the handshake.
class Acceptor::Greeting final : public FrameHandler {
public:
    Greeting(Acceptor& acceptor, std::unique_ptr<Connection> connection)
        : acceptor_(acceptor), timer_(acceptor.env_.timers) {
        FrameConnection::Options options;
        options.body_bytes_max = limits::frame_bytes_max_before_auth;
        options.out_bytes_max = 4 * limits::frame_bytes_max_before_auth;
        connection_ = std::make_unique<FrameConnection>(acceptor.env_, std::move(connection), options,
                                                        *this);
    }

    void start() {
        const Instant deadline = acceptor_.env_.clock.now() + acceptor_.options_.handshake_timeout;
        timer_.start(deadline, [this] { acceptor_.finished(*this); });
        connection_->start();
    }

private:
    enum class State : uint8_t { hello, authenticate, looking_up };

    void on_frame(FrameConnection&, Frame frame) override {
        if (state_ == State::hello && frame.kind == FrameKind::hello) return hello(frame);
        if (state_ == State::authenticate && frame.kind == FrameKind::authenticate) {
            return authenticate(frame);
        }
        refuse(Error(ErrorCode::protocol_error, "a frame came before the handshake was complete"));
    }

    void on_closed(FrameConnection&, const Error& reason) override {
        if (reason.code != ErrorCode::protocol_error) return acceptor_.finished(*this);
        // Not our protocol at all: nothing to say that the other end would understand.
        acceptor_.env_.log.write(LogLevel::info, "acceptor",
                                 "refused " + connection_->peer().to_string() + ": " + reason.detail);
        acceptor_.finished(*this);
    }

    void hello(const Frame& frame) {
        Result<Hello> hello = decode_hello(frame);
        if (!hello) return refuse(std::move(hello.error()));
        if (hello->port != acceptor_.options_.port) {
            return refuse(Error(ErrorCode::protocol_error,
                                acceptor_.options_.port == Port::client
                                    ? "this is a client port; nodes meet on the peer port"
                                    : "this is a peer port; clients use the client port"));
        }
        Result<uint16_t> version = choose_version(*hello);
        if (!version) return refuse(std::move(version.error()));
        reply_ = acceptor_.handler_.greeting();
        reply_.version = *version;
        for (uint64_t& word : reply_.nonce.words) word = acceptor_.env_.entropy.next();
        state_ = State::authenticate;
        connection_->send(encode(reply_));
    }

    void authenticate(const Frame& frame) {
        Result<Authenticate> message = decode_authenticate(frame);
        if (!message) return refuse(std::move(message.error()));
        message_ = std::move(*message);
        state_ = State::looking_up;
        acceptor_.handler_.find_secret(
            message_.name,
            guard_.wrap([this](Result<std::optional<std::vector<uint8_t>>> secret) {
                found_secret(std::move(secret));
            }));
    }

    void found_secret(Result<std::optional<std::vector<uint8_t>>> secret) {
        if (!secret) return refuse(std::move(secret.error()));
        static const std::vector<uint8_t> dummy(32, 0x5a);
        const bool known = secret->has_value();
        const std::vector<uint8_t>& bytes = known ? **secret : dummy;
        const Port port = acceptor_.options_.port;
        const Digest expected =
            asker_proof(bytes, port, reply_.nonce, message_.nonce, message_.name);
        const bool proved = equal_constant_time(expected, message_.proof);
        if (!proved || !known) {
            return refuse(Error(ErrorCode::unauthenticated, "unknown access key or wrong secret"));
        }
        AuthenticateReply welcome;
        welcome.proof = server_proof(bytes, port, reply_.nonce, message_.nonce, message_.name);
        connection_->send(encode(welcome));
        timer_.cancel();
        connection_->set_out_bytes_max(limits::connection_out_bytes_max);
        acceptor_.handler_.on_session(std::move(connection_), message_.name);
        acceptor_.finished(*this);
    }

    void refuse(Error reason) {
        acceptor_.env_.log.write(LogLevel::info, "acceptor",
                                 "refused " + connection_->peer().to_string() + ": " + reason.detail);
        connection_->send(encode_goodbye(reason));
        connection_->close();
        acceptor_.finished(*this);
    }

    Acceptor& acceptor_;
    OwnedTimer timer_;
    State state_ = State::hello;
    HelloReply reply_;
    Authenticate message_;
    std::unique_ptr<FrameConnection> connection_;
    LifeGuard guard_;
};

Acceptor::Acceptor(Env& env, Options options, AcceptorHandler& handler)
    : env_(env), options_(std::move(options)), handler_(handler) {}

Acceptor::~Acceptor() = default;

Result<void> Acceptor::start() {
    Result<std::unique_ptr<Listener>> listener = env_.network.listen(
        options_.at, [this](std::unique_ptr<Connection> c) { accepted(std::move(c)); });
    if (!listener) return fail(std::move(listener.error()));
    listener_ = std::move(*listener);
    return {};
}

void Acceptor::stop() {
    listener_.reset();
    greetings_.clear();
}

const Endpoint& Acceptor::local() const {
    QUERN_ASSERT(listener_ != nullptr);
    return listener_->local();
}

void Acceptor::accepted(std::unique_ptr<Connection> connection) {
    if (greetings_.size() >= options_.unauthenticated_max) return;  // destroyed: closed
    greetings_.push_back(std::make_unique<Greeting>(*this, std::move(connection)));
    greetings_.back()->start();
}

// May be called from inside the greeting: it is destroyed from the loop.
void Acceptor::finished(Greeting& greeting) {
    for (auto it = greetings_.begin(); it != greetings_.end(); ++it) {
        if (it->get() != &greeting) continue;
        env_.loop.post([doomed = std::shared_ptr<Greeting>(std::move(*it))] {});
        greetings_.erase(it);
        return;
    }
}

}  // namespace quern::wire
