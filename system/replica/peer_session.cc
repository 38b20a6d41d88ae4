#include "system/replica/peer_session.h"

namespace quern::replica {

PeerSession::PeerSession(Env& env, ReplicaHost& host, uint64_t id,
                         std::unique_ptr<wire::FrameConnection> connection, std::string name)
    : env_(env), host_(host), id_(id), connection_(std::move(connection)), name_(std::move(name)) {
    connection_->set_body_bytes_max(limits::frame_bytes_max_peer);
    connection_->set_handler(*this);
}

PeerSession::~PeerSession() {
    for (const auto& [id, forward] : forwards_) host_.cancel(forward);
}

void PeerSession::on_frame(wire::FrameConnection&, wire::Frame frame) {
    Result<void> done = dispatch(frame);
    if (done) return;
    env_.log.write(LogLevel::warning, "peer",
                   "closing the connection of " + printable(name_) + ": " + done.error().to_string());
    connection_->send(wire::encode_goodbye(done.error()));
    connection_->close();
    host_.session_ended(id_);
}

void PeerSession::on_closed(wire::FrameConnection&, const Error&) { host_.session_ended(id_); }

Result<void> PeerSession::dispatch(wire::Frame& frame) {
    switch (frame.kind) {
        case wire::FrameKind::raft: {
            Result<std::vector<wire::RaftMessage>> messages = wire::decode_raft(frame);
            if (!messages) return fail(std::move(messages.error()));
            host_.receive_raft(std::move(*messages));
            return {};
        }
        case wire::FrameKind::ping: {
            Result<wire::Ping> ping = wire::decode_ping(frame);
            if (!ping) return fail(std::move(ping.error()));
            reply(wire::FrameKind::pong, frame.request_id,
                  wire::encode(wire::Pong{ping->sent, env_.clock.wall(),
                                          host_.disk_full(host_.self()),
                                          host_.reached_nodes()}));
            return {};
        }
        case wire::FrameKind::forward: return forward(frame);
        case wire::FrameKind::query: return query(frame);
        case wire::FrameKind::relay: return relay(frame);
        case wire::FrameKind::cancel: {
            auto found = forwards_.find(frame.request_id);
            if (found == forwards_.end()) return {};
            host_.cancel(found->second);
            forwards_.erase(found);
            return {};
        }
        case wire::FrameKind::snapshot_offer: {
            Result<wire::SnapshotOffer> offer = wire::decode_snapshot_offer(frame);
            if (!offer) return fail(std::move(offer.error()));
            host_.snapshot_offer(*offer, guard_.wrap([this, id = frame.request_id](
                                                         const wire::SnapshotReply& answer) {
                reply(wire::FrameKind::snapshot_reply, id, wire::encode(answer));
            }));
            return {};
        }
        case wire::FrameKind::snapshot_chunk: {
            Result<wire::SnapshotChunk> chunk = wire::decode_snapshot_chunk(frame);
            if (!chunk) return fail(std::move(chunk.error()));
            host_.snapshot_chunk(std::move(*chunk), guard_.wrap([this, id = frame.request_id](
                                                                    const wire::SnapshotReply& answer) {
                reply(wire::FrameKind::snapshot_reply, id, wire::encode(answer));
            }));
            return {};
        }
        case wire::FrameKind::repair: {
            Result<wire::RepairRequest> request = wire::decode_repair_request(frame);
            if (!request) return fail(std::move(request.error()));
            host_.repair(*request, guard_.wrap([this, id = frame.request_id](
                                                   const wire::RepairReply& answer) {
                reply(wire::FrameKind::repair_reply, id, wire::encode(answer));
            }));
            return {};
        }
        default: return fail(ErrorCode::protocol_error, "a frame that does not belong on a peer port");
    }
}

Result<void> PeerSession::forward(const wire::Frame& frame) {
    Result<wire::Forward> request = wire::decode_forward(frame);
    if (!request) return fail(std::move(request.error()));
    if (forwards_.contains(frame.request_id)) {
        return fail(ErrorCode::protocol_error, "a request id is used twice");
    }
    const uint64_t id = frame.request_id;
    forwards_[id] = host_.forward(*request, guard_.wrap([this, id](wire::Encoded response) {
        forwards_.erase(id);
        reply(wire::FrameKind::forward_reply, id, std::move(response));
    }));
    return {};
}

Result<void> PeerSession::query(const wire::Frame& frame) {
    Result<wire::Query> query = wire::decode_query(frame);
    if (!query) return fail(std::move(query.error()));
    host_.query(std::move(*query), guard_.wrap([this, id = frame.request_id](wire::QueryReply answer) {
        reply(wire::FrameKind::query_reply, id, wire::encode(answer));
    }));
    return {};
}

Result<void> PeerSession::relay(const wire::Frame& frame) {
    Result<wire::Relay> asked = wire::decode_relay(frame);
    if (!asked) return fail(std::move(asked.error()));
    if (forwards_.contains(frame.request_id)) {
        return fail(ErrorCode::protocol_error, "a request id is used twice");
    }
    const uint64_t id = frame.request_id;
    forwards_[id] = host_.relay(std::move(*asked), guard_.wrap([this, id](Result<wire::Frame> answer) {
        forwards_.erase(id);
        if (!answer) {
            const bool sent = answer.error().outcome != Outcome::not_applied;
            return reply(wire::FrameKind::relay_failed, id, wire::encode(wire::RelayFailed{sent}));
        }
        if (!connection_->open()) return;
        connection_->send_answer(wire::encode_frame_body(answer->kind, id, answer->head_bytes, answer->body));
    }));
    return {};
}

void PeerSession::reply(wire::FrameKind kind, uint64_t request_id, wire::Encoded message) {
    if (!connection_->open()) return;
    const bool answers = kind == wire::FrameKind::forward_reply || kind == wire::FrameKind::query_reply;
    BufferChain frame = wire::encode_frame(kind, request_id, std::move(message.head),
                                           std::move(message.attachments));
    if (answers) {
        connection_->send_answer(std::move(frame));
    } else {
        connection_->send(std::move(frame));
    }
}

}  // namespace quern::replica
