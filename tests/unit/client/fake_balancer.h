// A balancer for tests: takes the handshake, records every request with its token, and answers as the
// test tells it to.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "sim/world/world.h"
#include "system/client/client.h"
#include "system/wire/acceptor.h"

namespace quern::client {

class FakeBalancer final : public wire::AcceptorHandler, public wire::FrameHandler {
public:
    struct Seen {
        uint64_t id = 0;
        wire::Request request;
        std::vector<std::string> contents;  // of a send
        wire::FrameConnection* connection = nullptr;
    };
    // What to do with a request; may use answer(), drop_connection(), or nothing.
    using Behaviour = std::function<void(FakeBalancer&, const Seen&)>;

    FakeBalancer(sim::Machine& machine, Behaviour behaviour, std::string secret = "secret")
        : behaviour_(std::move(behaviour)), machine_(machine), secret_(std::move(secret)) {
        listen();
    }
    static constexpr uint16_t port = 7000;

    void listen() {
        wire::Acceptor::Options options;
        options.at = {machine_.name(), port};
        acceptor_ = std::make_unique<wire::Acceptor>(machine_.env(), options, *this);
        ASSERT_OR_DIE(acceptor_->start().has_value());
    }
    void stop_listening() { acceptor_.reset(); }
    void drop_connections() { sessions_.clear(); }

    void answer(const Seen& to, wire::Response response) {
        if (response.time.ms == 0) response.time = time;
        wire::Encoded encoded = wire::encode(response);
        to.connection->send(wire::encode_frame(wire::FrameKind::response, to.id,
                                                 std::move(encoded.head),
                                                 std::move(encoded.attachments)));
    }
    void answer_body(const Seen& to, wire::ResponseBody body, QueueId queue = QueueId(5)) {
        wire::Response response;
        response.queue = queue;
        response.index = LogIndex(1);
        response.body = std::move(body);
        answer(to, std::move(response));
    }
    void answer_error(const Seen& to, Error error, LogIndex index = {}) {
        wire::Response response;
        response.error = std::move(error);
        response.index = index;
        answer(to, std::move(response));
    }
    // Every entry is accepted.
    void answer_send(const Seen& to) {
        wire::SendResponse body;
        for (size_t i = 0; i < to.contents.size(); ++i) {
            body.results.push_back({ErrorCode::ok, MessageSeq(++sent), -1, -1});
        }
        answer_body(to, std::move(body));
    }

    std::vector<Seen> seen;
    size_t cancelled = 0;
    std::function<void(uint64_t)> on_cancel;
    size_t sessions_begun = 0;
    uint64_t sent = 0;
    ClusterTime time{1'000'000};
    Behaviour behaviour_;

private:
    static void ASSERT_OR_DIE(bool condition) { QUERN_ASSERT(condition); }

    wire::HelloReply greeting() override {
        wire::HelloReply reply;
        reply.cluster = {1, 2};
        reply.time = time;
        return reply;
    }
    void find_secret(
        const std::string& name,
        Callback<void(Result<std::optional<std::vector<uint8_t>>>)> done) override {
        if (name != "key") return done(std::optional<std::vector<uint8_t>>{});
        done(std::optional<std::vector<uint8_t>>(std::in_place, secret_.begin(), secret_.end()));
    }
    void on_session(std::unique_ptr<wire::FrameConnection> connection,
                    const std::string&) override {
        ++sessions_begun;
        connection->set_handler(*this);
        connection->set_body_bytes_max(limits::frame_bytes_max_client);
        sessions_.push_back(std::move(connection));
    }
    void on_frame(wire::FrameConnection& connection, wire::Frame frame) override {
        if (frame.kind == wire::FrameKind::cancel) {
            ++cancelled;
            if (on_cancel) on_cancel(frame.request_id);
            return;
        }
        Result<wire::Request> request = wire::decode_request(frame.body, frame.head_bytes);
        QUERN_ASSERT(frame.kind == wire::FrameKind::request && request);
        Seen one{frame.request_id, std::move(*request), {}, &connection};
        if (const auto* send = std::get_if<wire::SendRequest>(&one.request.operation)) {
            for (const auto& entry : send->entries) one.contents.emplace_back(as_text(entry.content));
        }
        seen.push_back(one);
        behaviour_(*this, one);
    }
    void on_closed(wire::FrameConnection& connection, const Error&) override {
        sessions_.remove_if([&](const auto& s) { return s.get() == &connection; });
    }

    sim::Machine& machine_;
    std::string secret_;
    std::unique_ptr<wire::Acceptor> acceptor_;
    std::list<std::unique_ptr<wire::FrameConnection>> sessions_;
};

// A world with two hosts for balancers and one for the client.
struct ClientWorld {
    sim::World world{{.seed = 11}};
    sim::Machine& b1 = world.add_machine({.name = "b1"});
    sim::Machine& b2 = world.add_machine({.name = "b2"});
    sim::Machine& host = world.add_machine({.name = "client"});

    Options options(bool both = false) {
        Options o;
        o.endpoints = {{"b1", FakeBalancer::port}};
        if (both) o.endpoints.push_back({"b2", FakeBalancer::port});
        o.key_id = "key";
        o.secret = "secret";
        return o;
    }
    void later(Duration after, Callback<void()> run) {
        world.scheduler().after(after, sim::world_owner, sim::EventKind::user, 1, std::move(run));
    }
    template <typename Predicate>
    bool wait(Predicate done, Duration within = Duration::seconds(60)) {
        return world.run_until(std::move(done), within);
    }
};

// Keeps what a call answered.
template <typename T>
struct Answer {
    std::optional<Result<T>> result;
    int count = 0;
    auto callback() {
        return [this](Result<T> r) {
            result = std::move(r);
            ++count;
        };
    }
    bool done() const { return result.has_value(); }
    const Error& error() const { return result->error(); }
};

}  // namespace quern::client
