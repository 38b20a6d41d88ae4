// The records, commands' replies and sessions of the catalogue as bytes
// (docs/formats/catalogue.md). A read of damaged bytes makes the reader's ok() false; the record
// returned is then meaningless.
#pragma once

#include "system/metadata/byte_codec.h"
#include "system/metadata/command.h"

namespace quern::metadata {

void write_record(ByteWriter& writer, const QueueRecord& record);
void write_record(ByteWriter& writer, const UserRecord& record);
void write_record(ByteWriter& writer, const NodeRecord& record);
void write_record(ByteWriter& writer, const GroupRecord& record);
void write_reply(ByteWriter& writer, const Reply& reply);

QueueRecord read_queue(ByteReader& reader);
UserRecord read_user(ByteReader& reader);
NodeRecord read_node(ByteReader& reader);
GroupRecord read_group(ByteReader& reader);
Reply read_reply(ByteReader& reader);

// What a record counts for in bounds by bytes; a function of its content alone.
size_t record_bytes(const QueueRecord& record);
size_t record_bytes(const UserRecord& record);
size_t record_bytes(const NodeRecord& record);
size_t record_bytes(const GroupRecord& record);
size_t reply_bytes(const Reply& reply);

}  // namespace quern::metadata
