#include "system/wire/client_codec_internal.h"

namespace quern::wire {

// --- encoding ---------------------------------------------------------------------------------------

EncodedOperation make_admin(FlatBufferBuilder& builder, const CreateQueueRequest& create) {
    const auto attributes = make_attributes(builder, create.attributes);
    const auto tags = make_pairs(builder, create.tags);
    return {fb::Operation::CreateQueueRequest,
            fb::CreateCreateQueueRequest(builder, attributes, tags).Union()};
}

EncodedOperation make_admin(FlatBufferBuilder& builder, const DeleteQueueRequest&) {
    return {fb::Operation::DeleteQueueRequest, fb::CreateDeleteQueueRequest(builder).Union()};
}

EncodedOperation make_admin(FlatBufferBuilder& builder, const SetAttributesRequest& set) {
    const auto attributes = make_attributes(builder, set.attributes);
    return {fb::Operation::SetAttributesRequest,
            fb::CreateSetAttributesRequest(builder, attributes, set.mask).Union()};
}

EncodedOperation make_admin(FlatBufferBuilder& builder, const ListQueuesRequest& list) {
    const auto prefix = make_text(builder, list.prefix);
    const auto after = make_text(builder, list.after);
    return {fb::Operation::ListQueuesRequest,
            fb::CreateListQueuesRequest(builder, prefix, after, list.count_max).Union()};
}

EncodedOperation make_admin(FlatBufferBuilder& builder, const CreateUserRequest& create) {
    const auto name = make_text(builder, create.name);
    const auto account = make_text(builder, create.account);
    return {fb::Operation::CreateUserRequest,
            fb::CreateCreateUserRequest(builder, name, account).Union()};
}

EncodedOperation make_admin(FlatBufferBuilder& builder, const DeleteUserRequest& deletion) {
    const auto name = make_text(builder, deletion.name);
    return {fb::Operation::DeleteUserRequest, fb::CreateDeleteUserRequest(builder, name).Union()};
}

EncodedOperation make_admin(FlatBufferBuilder& builder, const ListUsersRequest& list) {
    const auto after = make_text(builder, list.after);
    return {fb::Operation::ListUsersRequest,
            fb::CreateListUsersRequest(builder, after, list.count_max).Union()};
}

EncodedOperation make_admin(FlatBufferBuilder& builder, const GrantRequest& grant) {
    const auto user = make_text(builder, grant.user);
    const auto table = make_grant(builder, grant.grant);
    return {fb::Operation::GrantRequest,
            fb::CreateGrantRequest(builder, user, table, grant.revoke).Union()};
}

EncodedOperation make_admin(FlatBufferBuilder& builder, const ClusterStatusRequest&) {
    return {fb::Operation::ClusterStatusRequest, fb::CreateClusterStatusRequest(builder).Union()};
}

EncodedOperation make_admin(FlatBufferBuilder& builder, const TransferLeaderRequest& transfer) {
    return {fb::Operation::TransferLeaderRequest,
            fb::CreateTransferLeaderRequest(builder, transfer.group.value, transfer.target.value)
                .Union()};
}

// --- decoding ---------------------------------------------------------------------------------------

namespace {

CreateQueueRequest read(Reader& reader, const fb::CreateQueueRequest& from) {
    return {read_attributes(reader, from.attributes()), reader.pairs(from.tags())};
}
SetAttributesRequest read(Reader& reader, const fb::SetAttributesRequest& from) {
    return {read_attributes(reader, from.attributes()), from.mask()};
}
ListQueuesRequest read(Reader& reader, const fb::ListQueuesRequest& from) {
    return {reader.text(from.prefix()), reader.text(from.after()), from.count_max()};
}
ListUsersRequest read(Reader& reader, const fb::ListUsersRequest& from) {
    return {reader.text(from.after()), from.count_max()};
}
CreateUserRequest read(Reader& reader, const fb::CreateUserRequest& from) {
    return {reader.text(from.name()), reader.text(from.account())};
}
GrantRequest read(Reader& reader, const fb::GrantRequest& from) {
    return {reader.text(from.user()), read_grant(reader, from.grant()), from.revoke()};
}

}  // namespace

Result<Operation> read_admin(Reader& reader, const fb::Request& from) {
    switch (from.operation_type()) {
        case fb::Operation::CreateQueueRequest:
            return read(reader, *from.operation_as_CreateQueueRequest());
        case fb::Operation::DeleteQueueRequest: return DeleteQueueRequest{};
        case fb::Operation::SetAttributesRequest:
            return read(reader, *from.operation_as_SetAttributesRequest());
        case fb::Operation::ListQueuesRequest:
            return read(reader, *from.operation_as_ListQueuesRequest());
        case fb::Operation::CreateUserRequest:
            return read(reader, *from.operation_as_CreateUserRequest());
        case fb::Operation::DeleteUserRequest:
            return DeleteUserRequest{reader.text(from.operation_as_DeleteUserRequest()->name())};
        case fb::Operation::ListUsersRequest:
            return read(reader, *from.operation_as_ListUsersRequest());
        case fb::Operation::GrantRequest: return read(reader, *from.operation_as_GrantRequest());
        case fb::Operation::ClusterStatusRequest: return ClusterStatusRequest{};
        case fb::Operation::TransferLeaderRequest: {
            const auto& transfer = *from.operation_as_TransferLeaderRequest();
            return TransferLeaderRequest{GroupId(transfer.group()), NodeId(transfer.target())};
        }
        default:
            return fail(ErrorCode::unsupported_operation,
                        "the operation is unknown to this version");
    }
}

}  // namespace quern::wire
