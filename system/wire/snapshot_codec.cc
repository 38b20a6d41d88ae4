#include "proto/peer_generated.h"
#include "system/wire/peer_messages.h"
#include "system/wire/records_internal.h"

namespace quern::wire {

namespace {

constexpr const char* offer_identifier = "QSNO";
constexpr const char* chunk_identifier = "QSNC";
constexpr const char* reply_identifier = "QSNR";

template <typename Table>
Result<Root<Table>> read_frame(const Frame& frame, FrameKind kind, const char* identifier) {
    if (frame.kind != kind) return fail(ErrorCode::protocol_error, "a frame of another kind");
    return Root<Table>::read(frame.head(), identifier);
}

auto make_bodies(FlatBufferBuilder& builder, const std::vector<BodyRef>& bodies) {
    return builder.CreateVectorOfStructs<fb::BodyRef>(bodies.size(), [&](size_t i, fb::BodyRef* to) {
        *to = fb::BodyRef(bodies[i].index.value, bodies[i].offset_bytes, bodies[i].size_bytes);
    });
}

std::vector<BodyRef> read_bodies(Reader& reader, const flatbuffers::Vector<const fb::BodyRef*>* from) {
    std::vector<BodyRef> bodies(reader.count(from));
    for (size_t i = 0; i < bodies.size(); ++i) {
        const fb::BodyRef& body = *from->Get(Reader::index(i));
        bodies[i] = {LogIndex(body.index()), body.offset_bytes(), body.size_bytes()};
    }
    return bodies;
}

}  // namespace

Encoded encode(const SnapshotOffer& message) {
    FlatBufferBuilder builder(256);
    const raft::Configuration& configuration = message.meta.configuration;
    const auto voters = make_nodes(builder, configuration.voters);
    const auto voters_old = make_nodes(builder, configuration.voters_old);
    const auto learners = make_nodes(builder, configuration.learners);
    const fb::Uuid incarnation = make_uuid(message.incarnation);
    const auto root = fb::CreateSnapshotOffer(
        builder, message.group.value, &incarnation, message.from.value, message.term.value,
        message.meta.index.value, message.meta.term.value, voters, voters_old, learners);
    return {finish(builder, root, offer_identifier), {}};
}

Result<SnapshotOffer> decode_snapshot_offer(const Frame& frame) {
    auto root = read_frame<fb::SnapshotOffer>(frame, FrameKind::snapshot_offer, offer_identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::SnapshotOffer& from = **root;
    Reader reader(frame.head_bytes);
    SnapshotOffer offer;
    offer.group = GroupId(from.group());
    offer.incarnation = read_uuid(from.incarnation());
    offer.from = NodeId(from.from());
    offer.term = Term(from.term());
    offer.meta.index = LogIndex(from.index());
    offer.meta.term = Term(from.index_term());
    offer.meta.configuration.voters = read_nodes(reader, from.voters());
    offer.meta.configuration.voters_old = read_nodes(reader, from.voters_old());
    offer.meta.configuration.learners = read_nodes(reader, from.learners());
    if (!reader.ok()) return reader.failure();
    return offer;
}

Encoded encode(const SnapshotChunk& message) {
    const size_t count = message.bodies.size() + message.absent.size();
    FlatBufferBuilder builder(128 + count * sizeof(fb::BodyRef));
    const auto bodies = make_bodies(builder, message.bodies);
    const auto absent = make_bodies(builder, message.absent);
    const auto root =
        fb::CreateSnapshotChunk(builder, message.group.value, message.snapshot_index.value,
                                message.ordinal, message.last, bodies, absent);
    return {finish(builder, root, chunk_identifier), BufferChain(message.bytes)};
}

Result<SnapshotChunk> decode_snapshot_chunk(const Frame& frame) {
    auto root = read_frame<fb::SnapshotChunk>(frame, FrameKind::snapshot_chunk, chunk_identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::SnapshotChunk& from = **root;
    Reader reader(frame.head_bytes);
    SnapshotChunk chunk;
    chunk.group = GroupId(from.group());
    chunk.snapshot_index = LogIndex(from.snapshot_index());
    chunk.ordinal = from.ordinal();
    chunk.last = from.last();
    chunk.bytes = frame.attachments();
    chunk.bodies = read_bodies(reader, from.bodies());
    chunk.absent = read_bodies(reader, from.absent());
    uint64_t body_bytes = 0;  // at most 2^32 bodies of less than 2^32 bytes
    for (const BodyRef& body : chunk.bodies) body_bytes += body.size_bytes;
    reader.require(chunk.bodies.empty() || body_bytes == chunk.bytes.size(), "bodies do not add up");
    if (!reader.ok()) return reader.failure();
    return chunk;
}

Encoded encode(const SnapshotReply& message) {
    FlatBufferBuilder builder(128);
    const auto root =
        fb::CreateSnapshotReply(builder, message.group.value, message.snapshot_index.value,
                                message.ordinal, message.accepted, message.done);
    return {finish(builder, root, reply_identifier), {}};
}

Result<SnapshotReply> decode_snapshot_reply(const Frame& frame) {
    auto root = read_frame<fb::SnapshotReply>(frame, FrameKind::snapshot_reply, reply_identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::SnapshotReply& from = **root;
    SnapshotReply reply;
    reply.group = GroupId(from.group());
    reply.snapshot_index = LogIndex(from.snapshot_index());
    reply.ordinal = from.ordinal();
    reply.accepted = from.accepted();
    reply.done = from.done();
    return reply;
}

}  // namespace quern::wire
