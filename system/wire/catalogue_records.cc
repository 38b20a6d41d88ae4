#include "system/wire/records_internal.h"

namespace quern::wire {

using metadata::AccessKey;
using metadata::GroupRecord;
using metadata::NodeRecord;
using metadata::NodeStateKind;
using metadata::QueueRecord;
using metadata::QueueStateKind;
using metadata::UserRecord;

Offset<fb::QueueRecord> make_queue(FlatBufferBuilder& builder, const QueueRecord& record) {
    const auto account = make_text(builder, record.name.account);
    const auto name = make_text(builder, record.name.name);
    const auto attributes = make_attributes(builder, record.attributes);
    const auto tags = make_pairs(builder, record.tags);
    fb::QueueRecordBuilder table(builder);
    table.add_id(record.id.value);
    table.add_account(account);
    table.add_name(name);
    table.add_group(record.group.value);
    table.add_attributes(attributes);
    table.add_tags(tags);
    table.add_version(record.version.value);
    table.add_created_ms(record.created.ms);
    table.add_modified_ms(record.modified.ms);
    table.add_state(static_cast<uint8_t>(record.state));
    return table.Finish();
}

QueueRecord read_queue(Reader& reader, const fb::QueueRecord* table) {
    QueueRecord record;
    reader.require(table != nullptr, "a queue's record is missing");
    if (!reader.ok()) return record;
    record.id = QueueId(table->id());
    record.name = {reader.text(table->account()), reader.text(table->name())};
    record.group = GroupId(table->group());
    record.attributes = read_attributes(reader, table->attributes());
    record.tags = reader.pairs(table->tags());
    record.version = CatalogueVersion(table->version());
    record.created = {table->created_ms()};
    record.modified = {table->modified_ms()};
    record.state =
        reader.in_range(table->state(), QueueStateKind::deleting, "a queue's state is out of range");
    return record;
}

Offset<fb::UserRecord> make_user(FlatBufferBuilder& builder, const UserRecord& record) {
    const auto name = make_text(builder, record.name);
    const auto account = make_text(builder, record.account);
    const auto ids = make_texts(builder, record.keys,
                                [](const AccessKey& key) { return std::string_view(key.id); });
    const auto secrets = make_texts(
        builder, record.keys, [](const AccessKey& key) { return key.secret_sealed.text(); });
    const GrantColumns grants = make_grants(builder, record.grants);
    fb::UserRecordBuilder table(builder);
    table.add_id(record.id.value);
    table.add_name(name);
    table.add_account(account);
    table.add_key_ids(ids);
    table.add_key_secrets_sealed(secrets);
    table.add_grant_effects(grants.effects);
    table.add_grant_actions(grants.actions);
    table.add_grant_prefixes(grants.prefixes);
    table.add_version(record.version.value);
    return table.Finish();
}

UserRecord read_user(Reader& reader, const fb::UserRecord* table) {
    UserRecord record;
    reader.require(table != nullptr, "a user's record is missing");
    if (!reader.ok()) return record;
    record.id = UserId(table->id());
    record.name = reader.text(table->name());
    record.account = reader.text(table->account());
    const size_t keys = reader.count(table->key_ids());
    reader.require(reader.count(table->key_secrets_sealed()) == keys,
                   "columns of keys differ in length");
    for (size_t i = 0; i < keys && reader.ok(); ++i) {
        const auto at = Reader::index(i);
        record.keys.push_back(
            {reader.text(table->key_ids()->Get(at)),
             Buffer::copy_of(reader.bytes(table->key_secrets_sealed()->Get(at)))});
    }
    record.grants = read_grants(reader, table->grant_effects(), table->grant_actions(),
                                table->grant_prefixes());
    record.version = CatalogueVersion(table->version());
    return record;
}

Offset<fb::NodeRecord> make_node(FlatBufferBuilder& builder, const NodeRecord& record) {
    const auto host = make_text(builder, record.host);
    const fb::Uuid uuid = make_uuid(record.uuid);
    fb::NodeRecordBuilder table(builder);
    table.add_id(record.id.value);
    table.add_uuid(&uuid);
    table.add_host(host);
    table.add_peer_port(record.peer_port);
    table.add_client_port(record.client_port);
    table.add_storage(record.storage);
    table.add_state(static_cast<uint8_t>(record.state));
    table.add_version(record.version.value);
    return table.Finish();
}

NodeRecord read_node(Reader& reader, const fb::NodeRecord* table) {
    NodeRecord record;
    reader.require(table != nullptr, "a node's record is missing");
    if (!reader.ok()) return record;
    record.id = NodeId(table->id());
    record.uuid = read_uuid(table->uuid());
    record.host = reader.text(table->host());
    record.peer_port = table->peer_port();
    record.client_port = table->client_port();
    record.storage = table->storage();
    record.state =
        reader.in_range(table->state(), NodeStateKind::removed, "a node's state is out of range");
    record.version = CatalogueVersion(table->version());
    return record;
}

Offset<fb::GroupRecord> make_group(FlatBufferBuilder& builder, const GroupRecord& record) {
    const auto replicas = make_nodes(builder, record.replicas);
    const fb::Uuid incarnation = make_uuid(record.incarnation);
    fb::GroupRecordBuilder table(builder);
    table.add_id(record.id.value);
    table.add_incarnation(&incarnation);
    table.add_replicas(replicas);
    table.add_version(record.version.value);
    return table.Finish();
}

GroupRecord read_group(Reader& reader, const fb::GroupRecord* table) {
    GroupRecord record;
    reader.require(table != nullptr, "a group's record is missing");
    if (!reader.ok()) return record;
    record.id = GroupId(table->id());
    record.incarnation = read_uuid(table->incarnation());
    record.replicas = read_nodes(reader, table->replicas());
    record.version = CatalogueVersion(table->version());
    return record;
}

}  // namespace quern::wire
