#include "system/wire/records_internal.h"

namespace quern::wire {

Offset<fb::Error> make_error(FlatBufferBuilder& builder, const Error& error) {
    if (error.code == ErrorCode::ok) return {};
    const auto detail = make_text(builder, error.detail);
    return fb::CreateError(builder, static_cast<uint16_t>(error.code),
                           static_cast<uint8_t>(error.outcome), error.limit, error.actual, detail);
}

Error read_error(Reader& reader, const fb::Error* table) {
    if (table == nullptr) return {};
    Error error(error_code_from(table->code()), reader.text(table->detail()), table->limit(),
                table->actual());
    reader.require(error.code != ErrorCode::ok, "an error says ok");
    error.outcome = reader.in_range(table->outcome(), Outcome::unknown, "an outcome is out of range");
    return error;
}

Offset<fb::QueueAttributes> make_attributes(FlatBufferBuilder& builder,
                                            const QueueAttributes& attributes) {
    return fb::CreateQueueAttributes(
        builder, attributes.message_bytes_max, attributes.queue_messages_max,
        attributes.queue_bytes_max, static_cast<uint8_t>(attributes.overflow),
        attributes.visibility_ms, attributes.delay_ms, attributes.retention_ms,
        attributes.receive_wait_ms, attributes.leased_messages_max);
}

QueueAttributes read_attributes(Reader& reader, const fb::QueueAttributes* table) {
    QueueAttributes attributes;
    reader.require(table != nullptr, "attributes are missing");
    if (!reader.ok()) return attributes;
    attributes.message_bytes_max = table->message_bytes_max();
    attributes.queue_messages_max = table->queue_messages_max();
    attributes.queue_bytes_max = table->queue_bytes_max();
    attributes.overflow =
        reader.in_range(table->overflow(), Overflow::drop_oldest, "overflow is out of range");
    attributes.visibility_ms = table->visibility_ms();
    attributes.delay_ms = table->delay_ms();
    attributes.retention_ms = table->retention_ms();
    attributes.receive_wait_ms = table->receive_wait_ms();
    attributes.leased_messages_max = table->leased_messages_max();
    return attributes;
}

Offset<fb::Grant> make_grant(FlatBufferBuilder& builder, const metadata::Grant& grant) {
    const auto prefix = make_text(builder, grant.queue_prefix);
    return fb::CreateGrant(builder, static_cast<uint8_t>(grant.effect), grant.actions, prefix);
}

metadata::Grant read_grant(Reader& reader, const fb::Grant* table) {
    metadata::Grant grant;
    reader.require(table != nullptr, "a grant is missing");
    if (!reader.ok()) return grant;
    grant.effect = reader.in_range(table->effect(), metadata::Effect::deny, "effect is out of range");
    reader.require((table->actions() & ~metadata::all_actions) == 0, "an action is unknown");
    grant.actions = table->actions();
    grant.queue_prefix = reader.text(table->queue_prefix());
    return grant;
}

Offset<fb::AccessKey> make_key(FlatBufferBuilder& builder, const metadata::AccessKey& key) {
    const auto id = make_text(builder, key.id);
    const auto secret = make_bytes(builder, key.secret_sealed.span());
    return fb::CreateAccessKey(builder, id, secret);
}

metadata::AccessKey read_key(Reader& reader, const fb::AccessKey* table) {
    reader.require(table != nullptr, "a key is missing");
    if (!reader.ok()) return {};
    return {reader.text(table->id()), Buffer::copy_of(reader.bytes(table->secret_sealed()))};
}

GrantColumns make_grants(FlatBufferBuilder& builder, const std::vector<metadata::Grant>& grants) {
    std::vector<uint8_t> effects;
    std::vector<uint32_t> actions;
    for (const metadata::Grant& grant : grants) {
        effects.push_back(static_cast<uint8_t>(grant.effect));
        actions.push_back(grant.actions);
    }
    GrantColumns columns;
    columns.effects = builder.CreateVector(effects);
    columns.actions = builder.CreateVector(actions);
    columns.prefixes = make_texts(builder, grants, [](const metadata::Grant& grant) {
        return std::string_view(grant.queue_prefix);
    });
    return columns;
}

std::vector<metadata::Grant> read_grants(Reader& reader, const flatbuffers::Vector<uint8_t>* effects,
                                         const flatbuffers::Vector<uint32_t>* actions,
                                         const Texts* prefixes) {
    const size_t size = reader.count(effects);
    reader.require(reader.count(actions) == size && reader.count(prefixes) == size,
                   "columns of grants differ in length");
    if (!reader.ok()) return {};
    std::vector<metadata::Grant> grants(size);
    for (size_t i = 0; i < size; ++i) {
        const auto at = Reader::index(i);
        grants[i].effect =
            reader.in_range(effects->Get(at), metadata::Effect::deny, "effect is out of range");
        reader.require((actions->Get(at) & ~metadata::all_actions) == 0, "an action is unknown");
        grants[i].actions = actions->Get(at);
        grants[i].queue_prefix = reader.text(prefixes->Get(at));
    }
    return grants;
}

Offset<flatbuffers::Vector<uint32_t>> make_nodes(FlatBufferBuilder& builder,
                                                 const std::vector<NodeId>& nodes) {
    std::vector<uint32_t> numbers;
    numbers.reserve(nodes.size());
    for (NodeId node : nodes) numbers.push_back(node.value);
    return builder.CreateVector(numbers);
}

std::vector<NodeId> read_nodes(Reader& reader, const flatbuffers::Vector<uint32_t>* nodes) {
    std::vector<NodeId> result(reader.count(nodes));
    for (size_t i = 0; i < result.size(); ++i) {
        result[i] = NodeId(nodes->Get(Reader::index(i)));
        reader.require(i == 0 || result[i - 1] < result[i], "nodes are not in order");
    }
    return result;
}

}  // namespace quern::wire
