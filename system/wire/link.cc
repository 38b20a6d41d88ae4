#include "system/wire/link.h"

#include <algorithm>

#include <fmt/format.h>

#include "system/base/planted_bug.h"
#include "system/base/prng.h"
#include "system/wire/peer_messages.h"

namespace quern::wire {

Link::Link(Env& env, Options options, LinkHandler& handler)
    : env_(env), options_(std::move(options)), handler_(handler), backoff_(options_.backoff_min),
      timer_(env.timers), deadline_timer_(env.timers) {}

Link::~Link() = default;

void Link::start() {
    QUERN_ASSERT(state_ == State::idle);
    dial();
}

void Link::stop() {
    if (state_ == State::stopped) return;
    state_ = State::stopped;
    timer_.cancel();
    connection_.reset();
    fail_pending(Error(ErrorCode::connection_closed, "the link was stopped"));
}

void Link::dial() {
    state_ = State::dialing;
    await_step("connection");
    env_.network.connect(options_.endpoint,
                         guard_.wrap([this, attempt = ++attempt_](
                                         Result<std::unique_ptr<Connection>> result) {
                             if (attempt == attempt_) connected(std::move(result));
                         }));
}

void Link::await_step(const char* step) {
    timer_.start(env_.clock.now() + options_.handshake_timeout, [this, step] {
        drop(Error(ErrorCode::timed_out,
                   fmt::format("{} did not answer to the {} within {} ms", options_.endpoint.to_string(),
                               step, options_.handshake_timeout.to_milliseconds())),
             false);
    });
}

void Link::connected(Result<std::unique_ptr<Connection>> result) {
    if (state_ != State::dialing) return;
    if (!result) return drop(std::move(result.error()), false);
    FrameConnection::Options options;
    options.body_bytes_max = options_.frame_bytes_max;
    connection_ = std::make_unique<FrameConnection>(env_, std::move(*result), options, *this);
    connection_->start();
    state_ = State::greeting;
    Hello hello;
    hello.port = options_.port;
    hello.software = options_.software;
    connection_->send(encode(hello));
    await_step("greeting");
}

void Link::handshake_frame(const Frame& frame) {
    if (frame.kind == FrameKind::goodbye) {
        Result<Error> reason = decode_goodbye(frame);
        return drop(reason ? std::move(*reason) : std::move(reason.error()), true);
    }
    if (state_ == State::greeting && frame.kind == FrameKind::hello_reply) return hello_reply(frame);
    if (state_ == State::proving && frame.kind == FrameKind::authenticate_reply) {
        return authenticate_reply(frame);
    }
    drop(Error(ErrorCode::protocol_error, "an unexpected frame in the handshake"), true);
}

void Link::hello_reply(const Frame& frame) {
    Result<HelloReply> reply = decode_hello_reply(frame);
    if (!reply) return drop(std::move(reply.error()), true);
    server_ = *reply;
    for (uint64_t& word : nonce_.words) word = env_.entropy.next();
    Authenticate message;
    message.name = options_.name;
    message.nonce = nonce_;
    message.proof =
        asker_proof(options_.secret, options_.port, server_.nonce, nonce_, options_.name);
    state_ = State::proving;
    connection_->send(encode(message));
    await_step("proof");
}

void Link::authenticate_reply(const Frame& frame) {
    Result<AuthenticateReply> reply = decode_authenticate_reply(frame);
    if (!reply) return drop(std::move(reply.error()), true);
    if (reply->error.code != ErrorCode::ok) return drop(std::move(reply->error), true);
    const Digest expected =
        server_proof(options_.secret, options_.port, server_.nonce, nonce_, options_.name);
    if (!equal_constant_time(expected, reply->proof)) {
        return drop(Error(ErrorCode::unauthenticated,
                          "the server at " + options_.endpoint.to_string() +
                              " could not prove that it knows the secret"),
                    true);
    }
    state_ = State::up;
    timer_.cancel();
    backoff_ = options_.backoff_min;
    handler_.on_link_up(*this, server_);
}

void Link::drop(Error reason, bool refused) {
    if (state_ == State::stopped) return;
    connection_.reset();
    state_ = State::waiting;
    last_error_ = reason;
    // Jitter of a half, so that many askers do not come back at once.
    const Duration base = refused ? options_.backoff_max : backoff_;
    const auto jitter = static_cast<int64_t>(
        bounded(env_.entropy.next(), static_cast<uint64_t>(base.ns / 2 + 1)));
    backoff_ = std::min(options_.backoff_max, backoff_ * 2);
    timer_.start(env_.clock.now() + base + Duration::nanoseconds(jitter), [this] { dial(); });
    Error lost(PLANTED(lost_connection_is_refusal) ? ErrorCode::connection_refused
                                                   : ErrorCode::connection_reset,
               "the connection to " + options_.endpoint.to_string() + " was lost: " + reason.detail);
    fail_pending(lost);
    handler_.on_link_down(*this, reason);
}

void Link::fail_pending(const Error& reason) {
    std::map<uint64_t, Pending> lost = std::exchange(pending_, {});
    deadline_timer_.cancel();
    for (auto& [id, pending] : lost) {
        // Never from inside a submitting call: the owner may be in request() on another link.
        env_.loop.post(guard_.wrap([done = std::move(pending.done), reason]() mutable {
            done(fail(reason));
        }));
    }
}

bool Link::send(BufferChain frame) {
    return state_ == State::up && connection_->send(std::move(frame));
}

uint64_t Link::request(FrameKind kind, Encoded message, Instant deadline,
                       Callback<void(Result<Frame>)> done) {
    const uint64_t id = next_request_++;
    if (state_ != State::up) {
        env_.loop.post(guard_.wrap([this, done = std::move(done)]() mutable {
            done(fail(Error(ErrorCode::connection_refused,
                            "not connected to " + options_.endpoint.to_string() + ": " +
                                last_error_.detail)));
        }));
        return id;
    }
    pending_.emplace(id, Pending{env_.clock.now(), deadline, std::move(done)});
    if (deadline < Instant::never()) arm_deadline_timer(deadline);
    // On a full queue the connection ends and on_closed answers this request with the others.
    connection_->send(encode_frame(kind, id, std::move(message.head), std::move(message.attachments)));
    return id;
}

void Link::probe(Instant deadline) {
    if (state_ != State::up) return;
    const uint64_t id = request(FrameKind::ping, encode(Ping{env_.clock.now()}), deadline,
                                [](const Result<Frame>&) {});
    if (const auto asked = pending_.find(id); asked != pending_.end()) asked->second.probe = true;
}

void Link::cancel(uint64_t request) { pending_.erase(request); }

void Link::arm_deadline_timer(Instant deadline) {
    if (deadline_timer_.pending() && deadline_timer_.deadline() <= deadline) return;
    deadline_timer_.start(deadline, [this] { deadlines_due(); });
}

void Link::deadlines_due() {
    const Instant now = env_.clock.now();
    Instant earliest = Instant::never();
    bool gone = false;
    std::vector<Callback<void(Result<Frame>)>> due;
    for (auto it = pending_.begin(); it != pending_.end();) {
        if (it->second.deadline <= now) {
            gone = gone || silent(it->second);
            due.push_back(std::move(it->second.done));
            it = pending_.erase(it);
        } else {
            earliest = std::min(earliest, it->second.deadline);
            ++it;
        }
    }
    if (earliest < Instant::never()) arm_deadline_timer(earliest);
    for (auto& done : due) {
        env_.loop.post(guard_.wrap([this, run = std::move(done)]() mutable {
            run(fail(Error(ErrorCode::timed_out,
                           "no answer from " + options_.endpoint.to_string() + " in time")));
        }));
    }
    if (gone) drop(Error(ErrorCode::timed_out, "the peer is silent"), false);
}

bool Link::silent(const Pending& pending) const {
    if (heard_ >= pending.sent) return false;
    return pending.probe || (options_.silence_max > Duration::zero() &&
                             pending.deadline - pending.sent >= options_.silence_max);
}

void Link::on_frame(FrameConnection&, Frame frame) {
    heard_ = env_.clock.now();
    if (state_ != State::up) return handshake_frame(frame);
    auto found = frame.request_id != 0 ? pending_.find(frame.request_id) : pending_.end();
    if (found != pending_.end()) {
        Callback<void(Result<Frame>)> done = std::move(found->second.done);
        pending_.erase(found);
        return done(std::move(frame));
    }
    if (frame.kind == FrameKind::goodbye) {
        Result<Error> reason = decode_goodbye(frame);
        return drop(reason ? std::move(*reason) : std::move(reason.error()), false);
    }
    handler_.on_link_frame(*this, std::move(frame));
}

void Link::on_closed(FrameConnection&, const Error& reason) { drop(reason, false); }

}  // namespace quern::wire
