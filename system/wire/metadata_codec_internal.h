// Private to wire's .cc files: catalogue commands, which lie in log entries and in queries.
#pragma once

#include "proto/metadata_command_generated.h"
#include "system/metadata/command.h"
#include "system/wire/records_internal.h"

namespace quern::wire {

Offset<fb::MetadataCommand> make_command(FlatBufferBuilder& builder,
                                         const metadata::Command& command);
// An unknown operation or a missing one marks the reader.
metadata::Command read_command(Reader& reader, const fb::MetadataCommand* table);

}  // namespace quern::wire
