#include "system/wire/client_codec_internal.h"

namespace quern::wire {

namespace {

constexpr const char* identifier = "QRSP";
constexpr uint8_t message_state_max = 2;  // queue::GroupState::MessageState::leased

// --- encoding ---------------------------------------------------------------------------------------

fb::ReceivedMessage make_message(const ReceivedMessage& message, uint8_t state) {
    return {message.seq.value,
            message.sent.ms,
            message.first_received.ms,
            message.leased_until.ms,
            message.receive_count,
            static_cast<uint32_t>(message.content.size()),
            message.body_bytes,
            make_receipt_bytes(message.receipt),
            state};
}

EncodedBody make(FlatBufferBuilder& builder, const OkResponse&) {
    return {fb::ResponseBody::OkResponse, fb::CreateOkResponse(builder).Union()};
}

EncodedBody make(FlatBufferBuilder& builder, const SendResponse& send) {
    const auto results = builder.CreateVectorOfStructs<fb::SendResult>(
        send.results.size(), [&](size_t i, fb::SendResult* to) {
            const queue::SendResult& result = send.results[i];
            *to = fb::SendResult(result.seq.value, result.limit, result.actual,
                                 static_cast<uint16_t>(result.error));
        });
    return {fb::ResponseBody::SendResponse, fb::CreateSendResponse(builder, results).Union()};
}

EncodedBody make(FlatBufferBuilder& builder, const ReceiveResponse& receive) {
    const auto messages = builder.CreateVectorOfStructs<fb::ReceivedMessage>(
        receive.messages.size(),
        [&](size_t i, fb::ReceivedMessage* to) { *to = make_message(receive.messages[i], 0); });
    return {fb::ResponseBody::ReceiveResponse,
            fb::CreateReceiveResponse(builder, messages).Union()};
}

EncodedBody make(FlatBufferBuilder& builder, const PeekResponse& peek) {
    const auto messages = builder.CreateVectorOfStructs<fb::ReceivedMessage>(
        peek.messages.size(), [&](size_t i, fb::ReceivedMessage* to) {
            *to = make_message(peek.messages[i].message, peek.messages[i].state);
        });
    return {fb::ResponseBody::PeekResponse, fb::CreatePeekResponse(builder, messages).Union()};
}

Offset<flatbuffers::Vector<uint16_t>> make_codes(FlatBufferBuilder& builder,
                                                 const std::vector<ErrorCode>& codes) {
    uint16_t* next = nullptr;
    const auto vector = builder.CreateUninitializedVector<uint16_t>(codes.size(), &next);
    for (ErrorCode code : codes) *next++ = static_cast<uint16_t>(code);
    return vector;
}

EncodedBody make(FlatBufferBuilder& builder, const DeleteResponse& deletion) {
    const auto results = make_codes(builder, deletion.results);
    return {fb::ResponseBody::DeleteResponse, fb::CreateDeleteResponse(builder, results).Union()};
}

EncodedBody make(FlatBufferBuilder& builder, const ChangeVisibilityResponse& change) {
    const auto results = make_codes(builder, change.results);
    return {fb::ResponseBody::ChangeVisibilityResponse,
            fb::CreateChangeVisibilityResponse(builder, results).Union()};
}

EncodedBody make(FlatBufferBuilder& builder, const PurgeResponse& purge) {
    return {fb::ResponseBody::PurgeResponse, fb::CreatePurgeResponse(builder, purge.purged).Union()};
}

template <typename Admin>
EncodedBody make(FlatBufferBuilder& builder, const Admin& body) {
    return make_admin(builder, body);
}

size_t head_bytes_estimate(const Response& response) {
    size_t bytes = 192 + response.error.detail.size();
    if (const auto* send = std::get_if<SendResponse>(&response.body)) {
        bytes += send->results.size() * sizeof(fb::SendResult);
    } else if (const auto* receive = std::get_if<ReceiveResponse>(&response.body)) {
        bytes += receive->messages.size() * sizeof(fb::ReceivedMessage);
    }
    return bytes;
}

// --- decoding ---------------------------------------------------------------------------------------

ReceivedMessage read_message(Reader& reader, const fb::ReceivedMessage& from, Pieces& contents) {
    ReceivedMessage message;
    message.seq = MessageSeq(from.seq());
    message.receipt = read_receipt_bytes(from.receipt());
    message.receive_count = from.receive_count();
    message.sent = {from.sent_ms()};
    message.first_received = {from.first_received_ms()};
    message.leased_until = {from.leased_until_ms()};
    message.body_bytes = from.body_bytes();
    reader.require(contents.can_take(from.content_bytes()), "contents are too short");
    reader.require(from.body_bytes() <= from.content_bytes(), "a body is longer than its message");
    if (reader.ok()) message.content = contents.take(from.content_bytes());
    return message;
}

SendResponse read(Reader& reader, const fb::SendResponse& from) {
    SendResponse send;
    const size_t size = reader.count(from.results());
    send.results.resize(size);
    for (size_t i = 0; i < size; ++i) {
        const fb::SendResult& result = *from.results()->Get(Reader::index(i));
        send.results[i] = {error_code_from(result.error()), MessageSeq(result.seq()),
                           result.limit(), result.actual()};
    }
    return send;
}

ReceiveResponse read(Reader& reader, const fb::ReceiveResponse& from, Pieces& contents) {
    ReceiveResponse receive;
    const size_t size = reader.count(from.messages());
    receive.messages.reserve(size);
    for (size_t i = 0; i < size && reader.ok(); ++i) {
        receive.messages.push_back(
            read_message(reader, *from.messages()->Get(Reader::index(i)), contents));
    }
    return receive;
}

PeekResponse read(Reader& reader, const fb::PeekResponse& from, Pieces& contents) {
    PeekResponse peek;
    const size_t size = reader.count(from.messages());
    peek.messages.reserve(size);
    for (size_t i = 0; i < size && reader.ok(); ++i) {
        const fb::ReceivedMessage& message = *from.messages()->Get(Reader::index(i));
        reader.require(message.state() <= message_state_max, "a message's state is out of range");
        peek.messages.push_back({read_message(reader, message, contents), message.state()});
    }
    return peek;
}

std::vector<ErrorCode> read_codes(Reader& reader, const flatbuffers::Vector<uint16_t>* from) {
    std::vector<ErrorCode> codes(reader.count(from));
    for (size_t i = 0; i < codes.size(); ++i) codes[i] = error_code_from(from->Get(Reader::index(i)));
    return codes;
}

Result<ResponseBody> read_body(Reader& reader, const fb::Response& from, Pieces& contents) {
    switch (from.body_type()) {
        case fb::ResponseBody::OkResponse: return OkResponse{};
        case fb::ResponseBody::SendResponse: return read(reader, *from.body_as_SendResponse());
        case fb::ResponseBody::ReceiveResponse:
            return read(reader, *from.body_as_ReceiveResponse(), contents);
        case fb::ResponseBody::DeleteResponse:
            return DeleteResponse{read_codes(reader, from.body_as_DeleteResponse()->results())};
        case fb::ResponseBody::ChangeVisibilityResponse:
            return ChangeVisibilityResponse{
                read_codes(reader, from.body_as_ChangeVisibilityResponse()->results())};
        case fb::ResponseBody::PurgeResponse:
            return PurgeResponse{from.body_as_PurgeResponse()->purged()};
        case fb::ResponseBody::PeekResponse:
            return read(reader, *from.body_as_PeekResponse(), contents);
        default: return read_admin(reader, from);
    }
}

}  // namespace

Encoded encode(const Response& response) {
    FlatBufferBuilder builder(head_bytes_estimate(response));
    const EncodedBody body =
        std::visit([&](const auto& b) { return make(builder, b); }, response.body);
    const auto error = make_error(builder, response.error);
    const auto root = fb::CreateResponse(builder, error, response.queue.value, response.group.value,
                                         response.index.value, response.time.ms,
                                         response.leader.value, body.kind, body.table);
    Encoded encoded{finish(builder, root, identifier), {}};
    if (const auto* receive = std::get_if<ReceiveResponse>(&response.body)) {
        for (const ReceivedMessage& message : receive->messages) {
            encoded.attachments.append(message.content);
        }
    } else if (const auto* peek = std::get_if<PeekResponse>(&response.body)) {
        for (const PeekResponse::Message& one : peek->messages) {
            encoded.attachments.append(one.message.content);
        }
    }
    return encoded;
}

Result<Response> decode_response(const Buffer& body, uint32_t head_bytes) {
    if (head_bytes > body.size()) return fail(ErrorCode::protocol_error, "the head is cut off");
    auto root = Root<fb::Response>::read(body.span().first(head_bytes), identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::Response& from = **root;
    Reader reader(head_bytes);
    Response response;
    response.error = read_error(reader, from.error());
    response.queue = QueueId(from.queue());
    response.group = GroupId(from.group());
    response.index = LogIndex(from.index());
    response.time = {from.time_ms()};
    response.leader = NodeId(from.leader());
    if (from.body_type() != fb::ResponseBody::NONE && from.body() == nullptr) {
        return fail(ErrorCode::protocol_error, "the response's body is missing");
    }
    Pieces contents(body.slice(head_bytes));
    Result<ResponseBody> read_result = read_body(reader, from, contents);
    if (!read_result) return fail(std::move(read_result.error()));
    reader.require(contents.all_taken(), "contents are left over");
    if (!reader.ok()) return reader.failure();
    response.body = std::move(*read_result);
    return response;
}

}  // namespace quern::wire
