#include "system/wire/command_codec.h"
#include "system/wire/metadata_codec_internal.h"

namespace quern::wire {

namespace {

constexpr const char* batch_identifier = "QMET";

using Kind = fb::MetadataOperation;

// --- encoding ---------------------------------------------------------------------------------------

struct EncodedCommand {
    Kind kind;
    Offset<void> table;
};

struct Maker {
    FlatBufferBuilder& builder;

    EncodedCommand operator()(const metadata::Bootstrap& o) const {
        const auto nodes = make_tables<fb::NodeRecord>(builder, o.nodes, make_node);
        const auto user = make_user(builder, o.first_user);
        const fb::Uuid cluster = make_uuid(o.cluster);
        const fb::Uuid seed = make_uuid(o.seed);
        return {Kind::BootstrapCommand,
                fb::CreateBootstrapCommand(builder, &cluster, nodes, o.data_groups, o.replication,
                                           &seed, user)
                    .Union()};
    }
    EncodedCommand operator()(const metadata::CreateQueue& o) const {
        const auto account = make_text(builder, o.name.account);
        const auto name = make_text(builder, o.name.name);
        const auto attributes = make_attributes(builder, o.attributes);
        const auto tags = make_pairs(builder, o.tags);
        return {Kind::CreateQueueCommand,
                fb::CreateCreateQueueCommand(builder, account, name, attributes, tags).Union()};
    }
    EncodedCommand operator()(const metadata::DeleteQueue& o) const {
        const auto account = make_text(builder, o.name.account);
        const auto name = make_text(builder, o.name.name);
        return {Kind::DeleteQueueCommand,
                fb::CreateDeleteQueueCommand(builder, account, name, o.queue.value).Union()};
    }
    EncodedCommand operator()(const metadata::ForgetQueue& o) const {
        return {Kind::ForgetQueueCommand,
                fb::CreateForgetQueueCommand(builder, o.queue.value).Union()};
    }
    EncodedCommand operator()(const metadata::SetQueueAttributes& o) const {
        const auto account = make_text(builder, o.name.account);
        const auto name = make_text(builder, o.name.name);
        const auto attributes = make_attributes(builder, o.attributes);
        return {Kind::SetQueueAttributesCommand,
                fb::CreateSetQueueAttributesCommand(builder, account, name, attributes, o.mask,
                                                    o.queue.value)
                    .Union()};
    }
    EncodedCommand operator()(const metadata::TagQueue& o) const {
        const auto account = make_text(builder, o.name.account);
        const auto name = make_text(builder, o.name.name);
        const auto set = make_pairs(builder, o.set);
        const auto remove = make_texts(builder, o.remove);
        return {Kind::TagQueueCommand,
                fb::CreateTagQueueCommand(builder, account, name, set, remove, o.queue.value).Union()};
    }
    EncodedCommand operator()(const metadata::CreateUser& o) const {
        const auto name = make_text(builder, o.name);
        const auto account = make_text(builder, o.account);
        const auto key = make_key(builder, o.key);
        return {Kind::CreateUserCommand,
                fb::CreateCreateUserCommand(builder, name, account, key).Union()};
    }
    EncodedCommand operator()(const metadata::DeleteUser& o) const {
        const auto name = make_text(builder, o.name);
        return {Kind::DeleteUserCommand, fb::CreateDeleteUserCommand(builder, name).Union()};
    }
    EncodedCommand operator()(const metadata::AddAccessKey& o) const {
        const auto user = make_text(builder, o.user);
        const auto key = make_key(builder, o.key);
        return {Kind::AddAccessKeyCommand,
                fb::CreateAddAccessKeyCommand(builder, user, key).Union()};
    }
    EncodedCommand operator()(const metadata::RemoveAccessKey& o) const {
        const auto user = make_text(builder, o.user);
        const auto key_id = make_text(builder, o.key_id);
        return {Kind::RemoveAccessKeyCommand,
                fb::CreateRemoveAccessKeyCommand(builder, user, key_id).Union()};
    }
    EncodedCommand operator()(const metadata::AddGrant& o) const {
        const auto user = make_text(builder, o.user);
        const auto grant = make_grant(builder, o.grant);
        return {Kind::AddGrantCommand, fb::CreateAddGrantCommand(builder, user, grant).Union()};
    }
    EncodedCommand operator()(const metadata::RemoveGrant& o) const {
        const auto user = make_text(builder, o.user);
        const auto grant = make_grant(builder, o.grant);
        return {Kind::RemoveGrantCommand,
                fb::CreateRemoveGrantCommand(builder, user, grant).Union()};
    }
    EncodedCommand operator()(const metadata::UpdateNode& o) const {
        const auto node = make_node(builder, o.node);
        return {Kind::UpdateNodeCommand, fb::CreateUpdateNodeCommand(builder, node).Union()};
    }
    EncodedCommand operator()(const metadata::Tick&) const {
        return {Kind::TickCommand, fb::CreateTickCommand(builder).Union()};
    }
};

// --- decoding ---------------------------------------------------------------------------------------

template <typename Table>
metadata::QueueName read_name(Reader& reader, const Table& from) {
    return {reader.text(from.account()), reader.text(from.name())};
}

metadata::Bootstrap read(Reader& reader, const fb::BootstrapCommand& from) {
    metadata::Bootstrap bootstrap;
    bootstrap.cluster = read_uuid(from.cluster());
    bootstrap.nodes = reader.tables<metadata::NodeRecord>(from.nodes(), read_node);
    bootstrap.data_groups = from.data_groups();
    bootstrap.replication = from.replication();
    bootstrap.seed = read_uuid(from.seed());
    bootstrap.first_user = read_user(reader, from.first_user());
    return bootstrap;
}
metadata::CreateQueue read(Reader& reader, const fb::CreateQueueCommand& from) {
    return {read_name(reader, from), read_attributes(reader, from.attributes()),
            reader.pairs(from.tags())};
}
metadata::DeleteQueue read(Reader& reader, const fb::DeleteQueueCommand& from) {
    return {read_name(reader, from), QueueId(from.queue())};
}
metadata::SetQueueAttributes read(Reader& reader, const fb::SetQueueAttributesCommand& from) {
    return {read_name(reader, from), read_attributes(reader, from.attributes()), from.mask(),
            QueueId(from.queue())};
}
metadata::TagQueue read(Reader& reader, const fb::TagQueueCommand& from) {
    return {read_name(reader, from), reader.pairs(from.set()), reader.texts(from.remove()),
            QueueId(from.queue())};
}
metadata::CreateUser read(Reader& reader, const fb::CreateUserCommand& from) {
    return {reader.text(from.name()), reader.text(from.account()), read_key(reader, from.key())};
}
metadata::AddAccessKey read(Reader& reader, const fb::AddAccessKeyCommand& from) {
    return {reader.text(from.user()), read_key(reader, from.key())};
}
metadata::RemoveAccessKey read(Reader& reader, const fb::RemoveAccessKeyCommand& from) {
    return {reader.text(from.user()), reader.text(from.key_id())};
}
template <typename Grant, typename Table>
Grant read_user_grant(Reader& reader, const Table& from) {
    return {reader.text(from.user()), read_grant(reader, from.grant())};
}

void read_operation(Reader& reader, const fb::MetadataCommand& from, metadata::Command& to) {
    auto& operation = to.operation;
    switch (from.operation_type()) {
        case Kind::BootstrapCommand: operation = read(reader, *from.operation_as_BootstrapCommand()); break;
        case Kind::CreateQueueCommand:
            operation = read(reader, *from.operation_as_CreateQueueCommand());
            break;
        case Kind::DeleteQueueCommand:
            operation = read(reader, *from.operation_as_DeleteQueueCommand());
            break;
        case Kind::ForgetQueueCommand:
            operation = metadata::ForgetQueue{QueueId(from.operation_as_ForgetQueueCommand()->queue())};
            break;
        case Kind::SetQueueAttributesCommand:
            operation = read(reader, *from.operation_as_SetQueueAttributesCommand());
            break;
        case Kind::TagQueueCommand: operation = read(reader, *from.operation_as_TagQueueCommand()); break;
        case Kind::CreateUserCommand:
            operation = read(reader, *from.operation_as_CreateUserCommand());
            break;
        case Kind::DeleteUserCommand:
            operation = metadata::DeleteUser{reader.text(from.operation_as_DeleteUserCommand()->name())};
            break;
        case Kind::AddAccessKeyCommand:
            operation = read(reader, *from.operation_as_AddAccessKeyCommand());
            break;
        case Kind::RemoveAccessKeyCommand:
            operation = read(reader, *from.operation_as_RemoveAccessKeyCommand());
            break;
        case Kind::AddGrantCommand:
            operation = read_user_grant<metadata::AddGrant>(reader, *from.operation_as_AddGrantCommand());
            break;
        case Kind::RemoveGrantCommand:
            operation =
                read_user_grant<metadata::RemoveGrant>(reader, *from.operation_as_RemoveGrantCommand());
            break;
        case Kind::UpdateNodeCommand:
            operation =
                metadata::UpdateNode{read_node(reader, from.operation_as_UpdateNodeCommand()->node())};
            break;
        case Kind::TickCommand: operation = metadata::Tick{}; break;
        default: reader.require(false, "a command is unknown to this version"); break;
    }
}

}  // namespace

Offset<fb::MetadataCommand> make_command(FlatBufferBuilder& builder,
                                         const metadata::Command& command) {
    const EncodedCommand operation = std::visit(Maker{builder}, command.operation);
    const fb::Token token = make_token(command.token);
    return fb::CreateMetadataCommand(builder, &token, command.principal.value, operation.kind,
                                     operation.table, command.authorised_at.value);
}

metadata::Command read_command(Reader& reader, const fb::MetadataCommand* table) {
    metadata::Command command;
    // A union's type without its table passes the Verifier.
    reader.require(table != nullptr && table->operation() != nullptr, "a command is missing");
    if (!reader.ok()) return command;
    command.token = read_token(table->token());
    command.principal = UserId(table->principal());
    command.authorised_at = CatalogueVersion(table->authorised_at());
    read_operation(reader, *table, command);
    return command;
}

Buffer encode_metadata_commands(ClusterTime time, const std::vector<metadata::Command>& commands) {
    QUERN_ASSERT(commands.size() <= limits::entry_commands_max);
    FlatBufferBuilder builder(256 + commands.size() * 256);
    const auto tables = make_tables<fb::MetadataCommand>(builder, commands, make_command);
    return finish(builder, fb::CreateMetadataBatch(builder, time.ms, tables), batch_identifier);
}

Result<MetadataBatch> decode_metadata_commands(const Buffer& payload) {
    auto root = Root<fb::MetadataBatch>::read(payload.span(), batch_identifier, ErrorCode::corrupt);
    if (!root) return fail(std::move(root.error()));
    Reader reader(payload.size());
    MetadataBatch batch;
    batch.time = {(*root)->time_ms()};
    batch.commands = reader.tables<metadata::Command>((*root)->commands(), read_command);
    reader.require(batch.commands.size() <= limits::entry_commands_max, "too many commands");
    if (!reader.ok()) return reader.failure(ErrorCode::corrupt);
    return batch;
}

}  // namespace quern::wire
