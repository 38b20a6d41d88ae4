#include "system/metadata/record_codec.h"

#include "system/base/limits.h"

namespace quern::metadata {

namespace {

constexpr size_t record_fixed_bytes = 192;
constexpr size_t item_fixed_bytes = 8;
constexpr size_t text_bytes_max = UINT16_MAX;

void write_uuid(ByteWriter& writer, const Uuid& uuid) {
    writer.u64(uuid.high);
    writer.u64(uuid.low);
}

Uuid read_uuid(ByteReader& reader) {
    Uuid uuid;
    uuid.high = reader.u64();
    uuid.low = reader.u64();
    return uuid;
}

void write_attributes(ByteWriter& writer, const QueueAttributes& attributes) {
    writer.u64(attributes.message_bytes_max);
    writer.u64(attributes.queue_messages_max);
    writer.u64(attributes.queue_bytes_max);
    writer.u8(static_cast<uint8_t>(attributes.overflow));
    writer.i64(attributes.visibility_ms);
    writer.i64(attributes.delay_ms);
    writer.i64(attributes.retention_ms);
    writer.i64(attributes.receive_wait_ms);
    writer.u64(attributes.leased_messages_max);
}

QueueAttributes read_attributes(ByteReader& reader) {
    QueueAttributes attributes;
    attributes.message_bytes_max = reader.u64();
    attributes.queue_messages_max = reader.u64();
    attributes.queue_bytes_max = reader.u64();
    attributes.overflow = static_cast<Overflow>(reader.below(2));
    attributes.visibility_ms = reader.i64();
    attributes.delay_ms = reader.i64();
    attributes.retention_ms = reader.i64();
    attributes.receive_wait_ms = reader.i64();
    attributes.leased_messages_max = reader.u64();
    return attributes;
}

void write_error(ByteWriter& writer, const Error& error) {
    writer.u16(static_cast<uint16_t>(error.code));
    writer.text(std::string_view(error.detail).substr(0, text_bytes_max));
    writer.u8(static_cast<uint8_t>(error.outcome));
    writer.i64(error.limit);
    writer.i64(error.actual);
}

Error read_error(ByteReader& reader) {
    const uint16_t number = reader.u16();
    Error error(error_code_from(number));
    if (static_cast<uint16_t>(error.code) != number) reader.reject();
    error.detail = reader.text(text_bytes_max);
    error.outcome = static_cast<Outcome>(reader.below(3));
    error.limit = reader.i64();
    error.actual = reader.i64();
    return error;
}

}  // namespace

void write_record(ByteWriter& writer, const QueueRecord& record) {
    writer.u64(record.id.value);
    writer.text(record.name.account);
    writer.text(record.name.name);
    writer.u32(record.group.value);
    write_attributes(writer, record.attributes);
    writer.u64(record.tags.size());
    for (const auto& [key, value] : record.tags) {
        writer.text(key);
        writer.text(value);
    }
    writer.u64(record.version.value);
    writer.i64(record.created.ms);
    writer.i64(record.modified.ms);
    writer.u8(static_cast<uint8_t>(record.state));
}

QueueRecord read_queue(ByteReader& reader) {
    QueueRecord record;
    record.id = QueueId(reader.u64());
    record.name.account = reader.text(12);
    record.name.name = reader.text(limits::queue_name_bytes_max);
    record.group = GroupId(reader.u32());
    record.attributes = read_attributes(reader);
    const uint64_t tags = reader.count(limits::tags_max);
    std::string previous;
    for (uint64_t i = 0; i < tags && reader.ok(); ++i) {
        std::string key = reader.text(limits::tag_key_bytes_max);
        if (key <= previous) reader.reject();
        previous = key;
        record.tags.emplace(std::move(key), reader.text(limits::tag_value_bytes_max));
    }
    record.version = CatalogueVersion(reader.u64());
    record.created = ClusterTime{reader.i64()};
    record.modified = ClusterTime{reader.i64()};
    record.state = static_cast<QueueStateKind>(reader.below(2));
    return record;
}

void write_record(ByteWriter& writer, const UserRecord& record) {
    writer.u64(record.id.value);
    writer.text(record.name);
    writer.text(record.account);
    writer.u64(record.keys.size());
    for (const AccessKey& key : record.keys) {
        writer.text(key.id);
        writer.text(key.secret_sealed.text());
    }
    writer.u64(record.grants.size());
    for (const Grant& grant : record.grants) {
        writer.u8(static_cast<uint8_t>(grant.effect));
        writer.u32(grant.actions);
        writer.text(grant.queue_prefix);
    }
    writer.u64(record.version.value);
}

UserRecord read_user(ByteReader& reader) {
    UserRecord record;
    record.id = UserId(reader.u64());
    record.name = reader.text(limits::user_name_bytes_max);
    record.account = reader.text(12);
    const uint64_t keys = reader.count(limits::access_keys_per_user_max);
    for (uint64_t i = 0; i < keys && reader.ok(); ++i) {
        AccessKey key;
        key.id = reader.text(limits::access_key_id_bytes_max);
        key.secret_sealed = Buffer::copy_of(reader.text(limits::secret_sealed_bytes_max));
        record.keys.push_back(std::move(key));
    }
    const uint64_t grants = reader.count(limits::grants_per_user_max);
    for (uint64_t i = 0; i < grants && reader.ok(); ++i) {
        Grant grant;
        grant.effect = static_cast<Effect>(reader.below(2));
        grant.actions = reader.u32();
        grant.queue_prefix = reader.text(limits::queue_name_bytes_max);
        record.grants.push_back(std::move(grant));
    }
    record.version = CatalogueVersion(reader.u64());
    return record;
}

void write_record(ByteWriter& writer, const NodeRecord& record) {
    writer.u32(record.id.value);
    write_uuid(writer, record.uuid);
    writer.text(record.host);
    writer.u16(record.peer_port);
    writer.u16(record.client_port);
    writer.u8(record.storage ? 1 : 0);
    writer.u8(static_cast<uint8_t>(record.state));
    writer.u64(record.version.value);
}

NodeRecord read_node(ByteReader& reader) {
    NodeRecord record;
    record.id = NodeId(reader.u32());
    record.uuid = read_uuid(reader);
    record.host = reader.text(limits::host_bytes_max);
    record.peer_port = reader.u16();
    record.client_port = reader.u16();
    record.storage = reader.below(2) == 1;
    record.state = static_cast<NodeStateKind>(reader.below(3));
    record.version = CatalogueVersion(reader.u64());
    return record;
}

void write_record(ByteWriter& writer, const GroupRecord& record) {
    writer.u32(record.id.value);
    write_uuid(writer, record.incarnation);
    writer.u64(record.replicas.size());
    for (const NodeId replica : record.replicas)
        writer.u32(replica.value);
    writer.u64(record.version.value);
}

GroupRecord read_group(ByteReader& reader) {
    GroupRecord record;
    record.id = GroupId(reader.u32());
    record.incarnation = read_uuid(reader);
    const uint64_t replicas = reader.count(limits::nodes_max);
    for (uint64_t i = 0; i < replicas && reader.ok(); ++i) {
        record.replicas.push_back(NodeId(reader.u32()));
    }
    record.version = CatalogueVersion(reader.u64());
    return record;
}

void write_reply(ByteWriter& writer, const Reply& reply) {
    writer.u8(static_cast<uint8_t>(reply.result.index()));
    if (const auto* queue = std::get_if<QueueRecord>(&reply.result)) write_record(writer, *queue);
    if (const auto* user = std::get_if<UserRecord>(&reply.result)) write_record(writer, *user);
    if (const auto* node = std::get_if<NodeRecord>(&reply.result)) write_record(writer, *node);
    if (const auto* error = std::get_if<Error>(&reply.result)) write_error(writer, *error);
    writer.u64(reply.version.value);
}

Reply read_reply(ByteReader& reader) {
    Reply reply;
    switch (reader.below(5)) {
        case 1:
            reply.result = read_queue(reader);
            break;
        case 2:
            reply.result = read_user(reader);
            break;
        case 3:
            reply.result = read_node(reader);
            break;
        case 4:
            reply.result = read_error(reader);
            break;
        default:
            break;
    }
    reply.version = CatalogueVersion(reader.u64());
    return reply;
}

size_t record_bytes(const QueueRecord& record) {
    size_t bytes = record_fixed_bytes + record.name.account.size() + record.name.name.size();
    for (const auto& [key, value] : record.tags) {
        bytes += item_fixed_bytes + key.size() + value.size();
    }
    return bytes;
}

size_t record_bytes(const UserRecord& record) {
    size_t bytes = record_fixed_bytes + record.name.size() + record.account.size();
    for (const AccessKey& key : record.keys) {
        bytes += item_fixed_bytes + key.id.size() + key.secret_sealed.size();
    }
    for (const Grant& grant : record.grants)
        bytes += item_fixed_bytes + grant.queue_prefix.size();
    return bytes;
}

size_t record_bytes(const NodeRecord& record) { return record_fixed_bytes + record.host.size(); }

size_t record_bytes(const GroupRecord& record) {
    return record_fixed_bytes + item_fixed_bytes * record.replicas.size();
}

size_t reply_bytes(const Reply& reply) {
    if (const auto* queue = std::get_if<QueueRecord>(&reply.result)) return record_bytes(*queue);
    if (const auto* user = std::get_if<UserRecord>(&reply.result)) return record_bytes(*user);
    if (const auto* node = std::get_if<NodeRecord>(&reply.result)) return record_bytes(*node);
    if (const auto* error = std::get_if<Error>(&reply.result)) {
        return record_fixed_bytes + error->detail.size();
    }
    return record_fixed_bytes;
}

}  // namespace quern::metadata
