// Private to wire's .cc files: the parts of the client codecs. Operations on messages are the hot path
// and lie beside their dispatch; those on queues, users and the cluster have files of their own.
#pragma once

#include "proto/client_request_generated.h"
#include "proto/client_response_generated.h"
#include "system/wire/client_messages.h"
#include "system/wire/records_internal.h"

namespace quern::wire {

using AnyOffset = Offset<void>;

struct EncodedOperation {
    fb::Operation kind;
    AnyOffset table;
};
struct EncodedBody {
    fb::ResponseBody kind;
    AnyOffset table;
};

// admin_request_codec.cc: operations without attachments and without messages.
EncodedOperation make_admin(FlatBufferBuilder& builder, const CreateQueueRequest& operation);
EncodedOperation make_admin(FlatBufferBuilder& builder, const DeleteQueueRequest& operation);
EncodedOperation make_admin(FlatBufferBuilder& builder, const SetAttributesRequest& operation);
EncodedOperation make_admin(FlatBufferBuilder& builder, const ListQueuesRequest& operation);
EncodedOperation make_admin(FlatBufferBuilder& builder, const CreateUserRequest& operation);
EncodedOperation make_admin(FlatBufferBuilder& builder, const DeleteUserRequest& operation);
EncodedOperation make_admin(FlatBufferBuilder& builder, const ListUsersRequest& operation);
EncodedOperation make_admin(FlatBufferBuilder& builder, const GrantRequest& operation);
EncodedOperation make_admin(FlatBufferBuilder& builder, const ClusterStatusRequest& operation);
EncodedOperation make_admin(FlatBufferBuilder& builder, const TransferLeaderRequest& operation);
// unsupported_operation for a kind unknown to this version.
Result<Operation> read_admin(Reader& reader, const fb::Request& request);

// admin_response_codec.cc
EncodedBody make_admin(FlatBufferBuilder& builder, const QueueStatusResponse& body);
EncodedBody make_admin(FlatBufferBuilder& builder, const QueueResponse& body);
EncodedBody make_admin(FlatBufferBuilder& builder, const ListQueuesResponse& body);
EncodedBody make_admin(FlatBufferBuilder& builder, const CreateUserResponse& body);
EncodedBody make_admin(FlatBufferBuilder& builder, const ListUsersResponse& body);
Result<ResponseBody> read_admin(Reader& reader, const fb::Response& response);

// cluster_status_codec.cc
EncodedBody make_admin(FlatBufferBuilder& builder, const ClusterStatusResponse& body);
ClusterStatusResponse read_cluster_status(Reader& reader, const fb::ClusterStatusResponse& table);

inline fb::ReceiptBytes make_receipt_bytes(const ReceiptBytes& receipt) {
    return fb::ReceiptBytes(
        flatbuffers::span<const uint8_t, queue::receipt_bytes>(receipt.data(), receipt.size()));
}
inline ReceiptBytes read_receipt_bytes(const fb::ReceiptBytes& from) {
    static_assert(sizeof(fb::ReceiptBytes) == queue::receipt_bytes);
    ReceiptBytes receipt;
    std::memcpy(receipt.data(), from.bytes()->Data(), receipt.size());
    return receipt;
}

}  // namespace quern::wire
