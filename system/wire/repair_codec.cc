#include "proto/repair_generated.h"
#include "system/wire/records_internal.h"
#include "system/wire/repair_messages.h"

namespace quern::wire {

namespace {

constexpr const char* request_identifier = "QRPQ";
constexpr const char* reply_identifier = "QRPR";

Offset<flatbuffers::Vector<const fb::BodyRef*>> make_bodies(FlatBufferBuilder& builder,
                                                            const std::vector<BodyRef>& bodies) {
    return builder.CreateVectorOfStructs<fb::BodyRef>(
        bodies.size(), [&](size_t i, fb::BodyRef* to) {
            *to = fb::BodyRef(bodies[i].index.value, bodies[i].offset_bytes, bodies[i].size_bytes);
        });
}

std::vector<BodyRef> read_bodies(Reader& reader,
                                 const flatbuffers::Vector<const fb::BodyRef*>* bodies) {
    std::vector<BodyRef> result(reader.count(bodies, repair_bodies_max));
    for (size_t i = 0; i < result.size(); ++i) {
        const fb::BodyRef& body = *bodies->Get(Reader::index(i));
        result[i] = {LogIndex(body.index()), body.offset_bytes(), body.size_bytes()};
    }
    return result;
}

// A piece of its own: what is kept must not hold on to the whole frame.
class Contents {
public:
    explicit Contents(Buffer bytes) : bytes_(std::move(bytes)) {}
    Buffer take(Reader& reader, size_t size) {
        reader.require(size <= bytes_.size() - at_, "contents are too short");
        if (!reader.ok()) return Buffer();
        at_ += size;
        return Buffer::copy_of(bytes_.span().subspan(at_ - size, size));
    }
    bool all_taken() const { return at_ == bytes_.size(); }

private:
    Buffer bytes_;
    size_t at_ = 0;
};

}  // namespace

Encoded encode(const RepairRequest& message) {
    QUERN_ASSERT(message.bodies.size() <= repair_bodies_max);
    FlatBufferBuilder builder(256);
    const auto bodies = make_bodies(builder, message.bodies);
    const fb::Uuid incarnation = make_uuid(message.incarnation);
    const auto root =
        fb::CreateRepairRequest(builder, message.group.value, &incarnation, message.from.value,
                                message.to.value, bodies, message.snapshot_for.value,
                                message.lost_index.value, message.lost_term.value);
    return {finish(builder, root, request_identifier), {}};
}

Result<RepairRequest> decode_repair_request(const Frame& frame) {
    if (frame.kind != FrameKind::repair) return fail(ErrorCode::protocol_error, "no repair frame");
    auto root = Root<fb::RepairRequest>::read(frame.head(), request_identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::RepairRequest& from = **root;
    Reader reader(frame.head_bytes);
    RepairRequest request;
    request.group = GroupId(from.group());
    request.incarnation = read_uuid(from.incarnation());
    request.from = LogIndex(from.from());
    request.to = LogIndex(from.to());
    reader.require(request.from <= request.to, "the entries asked for are none");
    request.bodies = read_bodies(reader, from.bodies());
    request.snapshot_for = NodeId(from.snapshot_for());
    request.lost_index = LogIndex(from.lost_index());
    request.lost_term = Term(from.lost_term());
    if (!reader.ok()) return reader.failure();
    return request;
}

Encoded encode(const RepairReply& message) {
    QUERN_ASSERT(message.bodies.size() == message.contents.size());
    FlatBufferBuilder builder(256);
    Encoded encoded;
    const auto entries = builder.CreateVectorOfStructs<fb::RepairEntry>(
        message.entries.size(), [&](size_t i, fb::RepairEntry* to) {
            const raft::Entry& entry = message.entries[i];
            *to = fb::RepairEntry(entry.index.value, entry.term.value,
                                  static_cast<uint32_t>(entry.payload.size()),
                                  static_cast<uint8_t>(entry.kind));
            encoded.attachments.append(entry.payload);
        });
    const auto bodies = make_bodies(builder, message.bodies);
    for (const Buffer& content : message.contents) encoded.attachments.append(content);
    encoded.head = finish(builder, fb::CreateRepairReply(builder, entries, bodies), reply_identifier);
    return encoded;
}

Result<RepairReply> decode_repair_reply(const Frame& frame) {
    if (frame.kind != FrameKind::repair_reply) {
        return fail(ErrorCode::protocol_error, "no answer to a repair frame");
    }
    auto root = Root<fb::RepairReply>::read(frame.head(), reply_identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::RepairReply& from = **root;
    Reader reader(frame.head_bytes);
    Contents contents(frame.attachments());
    RepairReply reply;
    const size_t count = reader.count(from.entries());
    for (size_t i = 0; i < count && reader.ok(); ++i) {
        const fb::RepairEntry& at = *from.entries()->Get(Reader::index(i));
        raft::Entry entry{LogIndex(at.index()), Term(at.term()), raft::EntryKind::noop, Buffer()};
        entry.kind = reader.in_range(at.kind(), raft::EntryKind::configuration,
                                     "an entry is of an unknown kind");
        entry.payload = contents.take(reader, at.payload_bytes());
        reader.require(reply.entries.empty() || entry.index == reply.entries.back().index.next(),
                       "entries are not consecutive");
        reply.entries.push_back(std::move(entry));
    }
    reply.bodies = read_bodies(reader, from.bodies());
    for (const BodyRef& body : reply.bodies) {
        reply.contents.push_back(contents.take(reader, body.size_bytes));
    }
    reader.require(contents.all_taken(), "contents are left over");
    if (!reader.ok()) return reader.failure();
    return reply;
}

}  // namespace quern::wire
