#include "tests/unit/balancer/fake_node.h"

#include "system/wire/relay_messages.h"

namespace quern::balancer {

void FakeNode::start() {
    wire::Acceptor::Options options;
    options.at = Endpoint{machine_.name(), peer_port};
    options.port = wire::Port::peer;
    acceptor_ = std::make_unique<wire::Acceptor>(machine_.env(), options, *this);
    QUERN_ASSERT(acceptor_->start().has_value());
}

void FakeNode::stop() {
    acceptor_.reset();
    sessions_.clear();
}

void FakeNode::find_secret(const std::string& name,
                           Callback<void(Result<std::optional<std::vector<uint8_t>>>)> done) {
    QUERN_ASSERT(name.starts_with("node:"));
    done(std::optional<std::vector<uint8_t>>(secret_));
}

void FakeNode::on_session(std::unique_ptr<wire::FrameConnection> connection, const std::string&) {
    sessions_.emplace_back(*this, ++last_session_, std::move(connection));
}

void FakeNode::take(Session& session, wire::Frame frame) {
    if (frame.kind == wire::FrameKind::cancel) return cancelled.push_back(frame.request_id);
    if (frame.kind == wire::FrameKind::query) {
        Result<wire::Query> query = wire::decode_query(frame);
        QUERN_ASSERT(query.has_value());
        queries.push_back(*query);
        std::optional<wire::QueryReply> reply = on_query(id_, *query);
        if (!reply) return;
        wire::Encoded encoded = wire::encode(*reply);
        session.connection->send(wire::encode_frame(wire::FrameKind::query_reply, frame.request_id,
                                                    encoded.head, encoded.attachments));
        return;
    }
    if (frame.kind == wire::FrameKind::ping) {
        ++pings;
        Result<wire::Ping> ping = wire::decode_ping(frame);
        QUERN_ASSERT(ping.has_value());
        wire::Encoded encoded = wire::encode(wire::Pong{ping->sent, machine_.env().clock.wall(), false, {}});
        session.connection->send(wire::encode_frame(wire::FrameKind::pong, frame.request_id,
                                                    encoded.head, encoded.attachments));
        return;
    }
    if (frame.kind == wire::FrameKind::relay) {  // reaches nobody either
        wire::Encoded encoded = wire::encode(wire::RelayFailed{false});
        session.connection->send(wire::encode_frame(wire::FrameKind::relay_failed, frame.request_id,
                                                    encoded.head, encoded.attachments));
        return;
    }
    QUERN_ASSERT(frame.kind == wire::FrameKind::forward);
    Result<wire::Forward> forward = wire::decode_forward(frame);
    QUERN_ASSERT(forward.has_value());
    Forwarded seen{id_, session.serial, frame.request_id, forward->header, {}, forward->request};
    if (forward->header.kind == wire::ForwardHeader::Kind::client_request) {
        Result<wire::Request> request =
            wire::decode_request(forward->request, forward->header.request_head_bytes);
        QUERN_ASSERT(request.has_value());
        seen.request = std::move(*request);
    }
    std::optional<wire::Response> response = on_forward(seen);
    if (response) respond(seen, *response);
}

void FakeNode::respond(const Forwarded& to, const wire::Response& response) {
    for (Session& session : sessions_) {
        if (session.serial != to.connection) continue;
        wire::Encoded encoded = wire::encode(response);
        session.connection->send(wire::encode_frame(wire::FrameKind::forward_reply, to.id,
                                                    encoded.head, encoded.attachments));
    }
}

}  // namespace quern::balancer
