#include "system/wire/client_codec_internal.h"

namespace quern::wire {

namespace {

constexpr const char* identifier = "QREQ";

// --- encoding ---------------------------------------------------------------------------------------

EncodedOperation make(FlatBufferBuilder& builder, const SendRequest& send) {
    const auto entries = builder.CreateVectorOfStructs<fb::SendEntry>(
        send.entries.size(), [&](size_t i, fb::SendEntry* to) {
            const queue::SendEntry& entry = send.entries[i];
            *to = fb::SendEntry(static_cast<uint32_t>(entry.content.size()), entry.body_bytes,
                                entry.delay_ms);
        });
    return {fb::Operation::SendRequest, fb::CreateSendRequest(builder, entries).Union()};
}

EncodedOperation make(FlatBufferBuilder& builder, const ReceiveRequest& receive) {
    return {fb::Operation::ReceiveRequest,
            fb::CreateReceiveRequest(builder, receive.messages_max, receive.wait_ms,
                                     receive.visibility_ms)
                .Union()};
}

EncodedOperation make(FlatBufferBuilder& builder, const DeleteRequest& deletion) {
    const auto receipts = builder.CreateVectorOfStructs<fb::ReceiptBytes>(
        deletion.receipts.size(), [&](size_t i, fb::ReceiptBytes* to) {
            *to = make_receipt_bytes(deletion.receipts[i]);
        });
    return {fb::Operation::DeleteRequest, fb::CreateDeleteRequest(builder, receipts).Union()};
}

EncodedOperation make(FlatBufferBuilder& builder, const ChangeVisibilityRequest& change) {
    const auto entries = builder.CreateVectorOfStructs<fb::VisibilityEntry>(
        change.entries.size(), [&](size_t i, fb::VisibilityEntry* to) {
            *to = fb::VisibilityEntry(make_receipt_bytes(change.entries[i].receipt),
                                      change.entries[i].visibility_ms);
        });
    return {fb::Operation::ChangeVisibilityRequest,
            fb::CreateChangeVisibilityRequest(builder, entries).Union()};
}

EncodedOperation make(FlatBufferBuilder& builder, const PurgeRequest&) {
    return {fb::Operation::PurgeRequest, fb::CreatePurgeRequest(builder).Union()};
}

EncodedOperation make(FlatBufferBuilder& builder, const PeekRequest& peek) {
    return {fb::Operation::PeekRequest,
            fb::CreatePeekRequest(builder, peek.from.value, peek.messages_max).Union()};
}

EncodedOperation make(FlatBufferBuilder& builder, const QueueStatusRequest&) {
    return {fb::Operation::QueueStatusRequest, fb::CreateQueueStatusRequest(builder).Union()};
}

template <typename Admin>
EncodedOperation make(FlatBufferBuilder& builder, const Admin& operation) {
    return make_admin(builder, operation);
}

size_t head_bytes_estimate(const Request& request) {
    size_t bytes = 192 + request.queue_name.size();
    if (const auto* send = std::get_if<SendRequest>(&request.operation)) {
        bytes += send->entries.size() * sizeof(fb::SendEntry);
    } else if (const auto* deletion = std::get_if<DeleteRequest>(&request.operation)) {
        bytes += deletion->receipts.size() * sizeof(fb::ReceiptBytes);
    } else if (const auto* change = std::get_if<ChangeVisibilityRequest>(&request.operation)) {
        bytes += change->entries.size() * sizeof(fb::VisibilityEntry);
    }
    return bytes;
}

Buffer encode_head(const Request& request) {
    FlatBufferBuilder builder(head_bytes_estimate(request));
    Offset<flatbuffers::String> name;
    if (!request.queue_name.empty()) name = make_text(builder, request.queue_name);
    const EncodedOperation operation =
        std::visit([&](const auto& o) { return make(builder, o); }, request.operation);
    const fb::Token token = make_token(request.token);
    const auto root = fb::CreateRequest(builder, request.queue.value, name,
                                        request.token.session ? &token : nullptr,
                                        request.deadline_ms, operation.kind, operation.table,
                                        request.begun.ms);
    return finish(builder, root, identifier);
}

// All contents of a send, copied one after another.
Buffer gather(const SendRequest& send) {
    size_t size = 0;
    for (const queue::SendEntry& entry : send.entries) size += entry.content.size();
    if (size == 0) return {};
    MutableBuffer contents(size);
    uint8_t* next = contents.data();
    for (const queue::SendEntry& entry : send.entries) {
        if (!entry.content.empty()) std::memcpy(next, entry.content.data(), entry.content.size());
        next += entry.content.size();
    }
    return std::move(contents).freeze();
}

// --- decoding ---------------------------------------------------------------------------------------

SendRequest read(Reader& reader, const fb::SendRequest& from, Pieces& contents) {
    SendRequest send;
    const size_t size = reader.count(from.entries());
    send.entries.reserve(size);
    for (size_t i = 0; i < size; ++i) {
        const fb::SendEntry& entry = *from.entries()->Get(Reader::index(i));
        reader.require(contents.can_take(entry.content_bytes()), "contents are too short");
        reader.require(entry.body_bytes() <= entry.content_bytes(),
                       "a body is longer than its message");
        reader.require(entry.delay_ms() >= -1, "a delay is negative");
        if (!reader.ok()) break;
        send.entries.push_back(
            {contents.take_span(entry.content_bytes()), entry.body_bytes(), entry.delay_ms()});
    }
    return send;
}

ReceiveRequest read(Reader& reader, const fb::ReceiveRequest& from) {
    reader.require(from.wait_ms() >= -1, "a wait is negative");
    reader.require(from.visibility_ms() >= -1, "a visibility is negative");
    return {from.messages_max(), from.wait_ms(), from.visibility_ms()};
}

DeleteRequest read(Reader& reader, const fb::DeleteRequest& from) {
    DeleteRequest deletion;
    const size_t size = reader.count(from.receipts());
    deletion.receipts.resize(size);
    for (size_t i = 0; i < size; ++i) {
        deletion.receipts[i] = read_receipt_bytes(*from.receipts()->Get(Reader::index(i)));
    }
    return deletion;
}

ChangeVisibilityRequest read(Reader& reader, const fb::ChangeVisibilityRequest& from) {
    ChangeVisibilityRequest change;
    const size_t size = reader.count(from.entries());
    change.entries.resize(size);
    for (size_t i = 0; i < size; ++i) {
        const fb::VisibilityEntry& entry = *from.entries()->Get(Reader::index(i));
        reader.require(entry.visibility_ms() >= 0, "a visibility is negative");
        change.entries[i] = {read_receipt_bytes(entry.receipt()), entry.visibility_ms()};
    }
    return change;
}

Result<Operation> read_operation(Reader& reader, const fb::Request& from, Pieces& contents) {
    switch (from.operation_type()) {
        case fb::Operation::SendRequest:
            return read(reader, *from.operation_as_SendRequest(), contents);
        case fb::Operation::ReceiveRequest:
            return read(reader, *from.operation_as_ReceiveRequest());
        case fb::Operation::DeleteRequest:
            return read(reader, *from.operation_as_DeleteRequest());
        case fb::Operation::ChangeVisibilityRequest:
            return read(reader, *from.operation_as_ChangeVisibilityRequest());
        case fb::Operation::PurgeRequest: return PurgeRequest{};
        case fb::Operation::PeekRequest: {
            const auto& peek = *from.operation_as_PeekRequest();
            return PeekRequest{MessageSeq(peek.from()), peek.messages_max()};
        }
        case fb::Operation::QueueStatusRequest: return QueueStatusRequest{};
        default: return read_admin(reader, from);
    }
}

}  // namespace

Encoded encode(const Request& request) {
    Encoded encoded{encode_head(request), {}};
    if (const auto* send = std::get_if<SendRequest>(&request.operation)) {
        encoded.attachments.append(gather(*send));
    }
    return encoded;
}

Encoded encode(const Request& request, BufferChain contents) {
    return {encode_head(request), std::move(contents)};
}

Result<Request> decode_request(const Buffer& body, uint32_t head_bytes) {
    if (head_bytes > body.size()) return fail(ErrorCode::protocol_error, "the head is cut off");
    auto root = Root<fb::Request>::read(body.span().first(head_bytes), identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::Request& from = **root;
    Reader reader(head_bytes);
    Request request;
    request.queue = QueueId(from.queue());
    request.queue_name = reader.text(from.queue_name());
    request.token = read_token(from.token());
    request.deadline_ms = from.deadline_ms();
    reader.require(request.deadline_ms >= 0, "the deadline is negative");
    request.begun = ClusterTime{from.begun_ms()};
    reader.require(request.begun.ms >= 0, "the time of the first attempt is negative");
    // A union's type without its table passes the Verifier.
    if (from.operation_type() != fb::Operation::NONE && from.operation() == nullptr) {
        return fail(ErrorCode::protocol_error, "the operation is missing");
    }
    Pieces contents(body.slice(head_bytes));
    Result<Operation> operation = read_operation(reader, from, contents);
    if (!operation) return fail(std::move(operation.error()));
    reader.require(contents.all_taken(), "contents are left over");
    if (!reader.ok()) return reader.failure();
    request.operation = std::move(*operation);
    return request;
}

}  // namespace quern::wire
