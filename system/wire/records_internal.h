// Private to wire's .cc files: values that several messages hold, to and from their tables. A `read_…`
// of an absent table gives the empty value and marks the reader where the table is needed.
#pragma once

#include "proto/common_generated.h"
#include "proto/records_generated.h"
#include "system/base/ids.h"
#include "system/base/token.h"
#include "system/metadata/types.h"
#include "system/wire/codec_internal.h"

namespace quern::wire {

inline fb::Uuid make_uuid(const Uuid& uuid) { return {uuid.high, uuid.low}; }
inline Uuid read_uuid(const fb::Uuid* uuid) {
    return uuid == nullptr ? Uuid{} : Uuid{uuid->high(), uuid->low()};
}
inline fb::Token make_token(const Token& token) {
    return {token.session.value, token.seq, token.acked_below, token.expires.ms};
}
inline Token read_token(const fb::Token* token) {
    if (token == nullptr) return {};
    return {SessionId(token->session()), token->seq(), token->acked_below(),
            ClusterTime{token->expires_ms()}};
}

// Absent for ok.
Offset<fb::Error> make_error(FlatBufferBuilder& builder, const Error& error);
Error read_error(Reader& reader, const fb::Error* error);

Offset<fb::QueueAttributes> make_attributes(FlatBufferBuilder& builder,
                                            const QueueAttributes& attributes);
QueueAttributes read_attributes(Reader& reader, const fb::QueueAttributes* table);

Offset<fb::Grant> make_grant(FlatBufferBuilder& builder, const metadata::Grant& grant);
metadata::Grant read_grant(Reader& reader, const fb::Grant* table);

Offset<fb::AccessKey> make_key(FlatBufferBuilder& builder, const metadata::AccessKey& key);
metadata::AccessKey read_key(Reader& reader, const fb::AccessKey* table);

// Grants as three columns.
struct GrantColumns {
    Offset<flatbuffers::Vector<uint8_t>> effects;
    Offset<flatbuffers::Vector<uint32_t>> actions;
    Offset<Texts> prefixes;
};
GrantColumns make_grants(FlatBufferBuilder& builder, const std::vector<metadata::Grant>& grants);
std::vector<metadata::Grant> read_grants(Reader& reader, const flatbuffers::Vector<uint8_t>* effects,
                                         const flatbuffers::Vector<uint32_t>* actions,
                                         const Texts* prefixes);

Offset<fb::QueueRecord> make_queue(FlatBufferBuilder& builder, const metadata::QueueRecord& record);
metadata::QueueRecord read_queue(Reader& reader, const fb::QueueRecord* table);

Offset<fb::UserRecord> make_user(FlatBufferBuilder& builder, const metadata::UserRecord& record);
metadata::UserRecord read_user(Reader& reader, const fb::UserRecord* table);

Offset<fb::NodeRecord> make_node(FlatBufferBuilder& builder, const metadata::NodeRecord& record);
metadata::NodeRecord read_node(Reader& reader, const fb::NodeRecord* table);

Offset<fb::GroupRecord> make_group(FlatBufferBuilder& builder, const metadata::GroupRecord& record);
metadata::GroupRecord read_group(Reader& reader, const fb::GroupRecord* table);

Offset<flatbuffers::Vector<uint32_t>> make_nodes(FlatBufferBuilder& builder,
                                                 const std::vector<NodeId>& nodes);
std::vector<NodeId> read_nodes(Reader& reader, const flatbuffers::Vector<uint32_t>* nodes);

}  // namespace quern::wire
