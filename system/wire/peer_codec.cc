#include "proto/peer_generated.h"
#include "system/wire/peer_messages.h"
#include "system/wire/records_internal.h"

namespace quern::wire {

namespace {

constexpr const char* ping_identifier = "QPNG";
constexpr const char* pong_identifier = "QPOG";
constexpr const char* forward_identifier = "QFWD";

template <typename Table>
Result<Root<Table>> read_frame(const Frame& frame, FrameKind kind, const char* identifier) {
    if (frame.kind != kind) return fail(ErrorCode::protocol_error, "a frame of another kind");
    return Root<Table>::read(frame.head(), identifier);
}

}  // namespace

Encoded encode(const Ping& message) {
    FlatBufferBuilder builder(128);
    return {finish(builder, fb::CreatePing(builder, message.sent.ns), ping_identifier), {}};
}

Encoded encode(const Pong& message) {
    FlatBufferBuilder builder(128);
    std::vector<uint32_t> reaches;
    for (const NodeId node : message.reaches) reaches.push_back(node.value);
    const auto nodes = builder.CreateVector(reaches);
    const auto root = fb::CreatePong(builder, message.sent.ns, message.wall.earliest.ns,
                                     message.wall.latest.ns, message.overloaded_disk, nodes);
    return {finish(builder, root, pong_identifier), {}};
}

Result<Ping> decode_ping(const Frame& frame) {
    auto root = read_frame<fb::Ping>(frame, FrameKind::ping, ping_identifier);
    if (!root) return fail(std::move(root.error()));
    return Ping{Instant{(*root)->sent_ns()}};
}

Result<Pong> decode_pong(const Frame& frame) {
    auto root = read_frame<fb::Pong>(frame, FrameKind::pong, pong_identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::Pong& from = **root;
    if (from.earliest_ns() > from.latest_ns()) {
        return fail(ErrorCode::protocol_error, "a clock's interval is empty");
    }
    Pong pong;
    pong.sent = {from.sent_ns()};
    pong.wall = {WallTime{from.earliest_ns()}, WallTime{from.latest_ns()}};
    pong.overloaded_disk = from.overloaded_disk();
    Reader reader(frame.head_bytes);
    const size_t count = reader.count(from.reaches(), limits::nodes_max);
    for (size_t i = 0; i < count; ++i) pong.reaches.push_back(NodeId(from.reaches()->Get(Reader::index(i))));
    if (!reader.ok()) return reader.failure();
    return pong;
}

Encoded encode(const Forward& message) {
    const ForwardHeader& header = message.header;
    const bool ensure = header.kind == ForwardHeader::Kind::ensure_queue;
    QUERN_ASSERT(header.request_head_bytes <= message.request.size());
    FlatBufferBuilder builder(256);
    Offset<fb::QueueAttributes> attributes;
    if (ensure) attributes = make_attributes(builder, header.attributes);
    const auto root = fb::CreateForward(
        builder, header.group.value, header.queue.value, header.record_version.value,
        header.authorised_at.value, header.principal.value, header.deadline_ms,
        header.request_head_bytes, static_cast<uint8_t>(header.kind), attributes);
    return {finish(builder, root, forward_identifier), BufferChain(message.request)};
}

Result<Forward> decode_forward(const Frame& frame) {
    auto root = read_frame<fb::Forward>(frame, FrameKind::forward, forward_identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::Forward& from = **root;
    Reader reader(frame.head_bytes);
    Forward forward;
    ForwardHeader& header = forward.header;
    header.group = GroupId(from.group());
    header.queue = QueueId(from.queue());
    header.record_version = CatalogueVersion(from.record_version());
    header.authorised_at = CatalogueVersion(from.authorised_at());
    header.principal = UserId(from.principal());
    header.deadline_ms = from.deadline_ms();
    reader.require(header.deadline_ms >= 0, "the deadline is negative");
    header.request_head_bytes = from.request_head_bytes();
    header.kind = reader.in_range(from.kind(), ForwardHeader::Kind::drop_queue,
                                  "what is forwarded is of an unknown kind");
    if (header.kind == ForwardHeader::Kind::ensure_queue) {
        header.attributes = read_attributes(reader, from.attributes());
    }
    forward.request = frame.attachments();
    reader.require(header.request_head_bytes <= forward.request.size(), "the head is cut off");
    reader.require(forward.request.empty() == (header.kind != ForwardHeader::Kind::client_request),
                   "a request is missing or not expected");
    if (!reader.ok()) return reader.failure();
    return forward;
}

}  // namespace quern::wire
