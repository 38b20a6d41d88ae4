#include "proto/relay_generated.h"
#include "system/wire/records_internal.h"
#include "system/wire/relay_messages.h"

namespace quern::wire {

namespace {
constexpr const char* relay_identifier = "QRLY";
constexpr const char* failed_identifier = "QRLF";
}  // namespace

bool may_be_relayed(FrameKind kind) {
    return kind == FrameKind::forward || kind == FrameKind::query || kind == FrameKind::snapshot_offer ||
           kind == FrameKind::snapshot_chunk;
}

Encoded encode_relay(NodeId to, FrameKind kind, int64_t deadline_ms, Encoded message) {
    FlatBufferBuilder builder(128);
    const auto root =
        fb::CreateRelay(builder, to.value, static_cast<uint16_t>(kind), deadline_ms,
                        static_cast<uint32_t>(message.head.size()));
    BufferChain body(std::move(message.head));
    body.append(message.attachments);
    return {finish(builder, root, relay_identifier), std::move(body)};
}

Encoded encode(const RelayFailed& message) {
    FlatBufferBuilder builder(64);
    return {finish(builder, fb::CreateRelayFailed(builder, message.sent), failed_identifier), {}};
}

Result<Relay> decode_relay(const Frame& frame) {
    if (frame.kind != FrameKind::relay) return fail(ErrorCode::protocol_error, "no relay frame");
    auto root = Root<fb::Relay>::read(frame.head(), relay_identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::Relay& from = **root;
    Reader reader(frame.head_bytes);
    Relay relay;
    relay.to = NodeId(from.to());
    relay.kind = static_cast<FrameKind>(from.kind());
    reader.require(may_be_relayed(relay.kind), "only forwards, queries and snapshots are passed on");
    relay.deadline_ms = from.deadline_ms();
    reader.require(relay.deadline_ms >= 0, "the deadline is negative");
    relay.head_bytes = from.head_bytes();
    relay.body = frame.attachments();
    reader.require(relay.head_bytes <= relay.body.size(), "the head is cut off");
    if (!reader.ok()) return reader.failure();
    return relay;
}

Result<RelayFailed> decode_relay_failed(const Frame& frame) {
    if (frame.kind != FrameKind::relay_failed) {
        return fail(ErrorCode::protocol_error, "no word of a failed relay");
    }
    auto root = Root<fb::RelayFailed>::read(frame.head(), failed_identifier);
    if (!root) return fail(std::move(root.error()));
    return RelayFailed{(*root)->sent()};
}

}  // namespace quern::wire
