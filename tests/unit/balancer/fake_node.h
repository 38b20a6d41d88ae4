// A storage node played by the test: a real peer port, and answers by script.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "sim/world/world.h"
#include "system/base/limits.h"
#include "system/wire/acceptor.h"
#include "system/wire/peer_messages.h"

namespace quern::balancer {

constexpr uint16_t peer_port = 7000;

struct Forwarded {
    NodeId node;
    uint64_t connection = 0;  // which of the node's
    uint64_t id = 0;          // the frame's
    wire::ForwardHeader header;
    std::optional<wire::Request> request;  // of a client
    Buffer body;
};

class FakeNode final : public wire::AcceptorHandler {
public:
    // What a node answers; nothing: not yet, or never.
    using Answer = std::function<std::optional<wire::Response>(const Forwarded&)>;
    using QueryAnswer = std::function<std::optional<wire::QueryReply>(NodeId, const wire::Query&)>;

    FakeNode(sim::Machine& machine, NodeId id, std::vector<uint8_t> secret)
        : machine_(machine), id_(id), secret_(std::move(secret)) {
        start();
    }

    NodeId id() const { return id_; }
    void start();
    void stop();
    // Ends the connections that are there; new ones are welcome.
    void hang_up() { sessions_.clear(); }
    void respond(const Forwarded& to, const wire::Response& response);

    Answer on_forward;
    QueryAnswer on_query;
    std::vector<wire::Query> queries;
    std::vector<uint64_t> cancelled;
    unsigned pings = 0;

private:
    struct Session final : wire::FrameHandler {
        Session(FakeNode& n, uint64_t s, std::unique_ptr<wire::FrameConnection> c)
            : node(n), serial(s), connection(std::move(c)) {
            connection->set_handler(*this);
            connection->set_body_bytes_max(limits::frame_bytes_max_peer);
        }
        void on_frame(wire::FrameConnection&, wire::Frame frame) override {
            node.take(*this, std::move(frame));
        }
        void on_closed(wire::FrameConnection&, const Error&) override {}
        FakeNode& node;
        uint64_t serial;
        std::unique_ptr<wire::FrameConnection> connection;
    };

    wire::HelloReply greeting() override { return {}; }
    void find_secret(const std::string& name,
                     Callback<void(Result<std::optional<std::vector<uint8_t>>>)> done) override;
    void on_session(std::unique_ptr<wire::FrameConnection> connection, const std::string&) override;
    void take(Session& session, wire::Frame frame);

    sim::Machine& machine_;
    NodeId id_;
    std::vector<uint8_t> secret_;
    std::unique_ptr<wire::Acceptor> acceptor_;
    std::list<Session> sessions_;
    uint64_t last_session_ = 0;
};

}  // namespace quern::balancer
