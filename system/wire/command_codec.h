// Log entries' payloads. A command batch is [head_bytes u32][count u32][FlatBuffer head][contents]: one
// buffer, made once by the leader, with each message content copied once into it; WAL, followers and
// apply share it, and stored bodies are references into it.
#pragma once

#include <vector>

#include "system/base/result.h"
#include "system/metadata/command.h"
#include "system/queue/command.h"

namespace quern::wire {

struct CommandBatch {
    ClusterTime time;
    std::vector<queue::Command> commands;  // their spans refer to the payload
};
Buffer encode_commands(ClusterTime time, const std::vector<queue::Command>& commands);
// `payload` is verified; corrupt if it is not a batch. Reuses the capacity of `batch`.
Result<void> decode_commands(const Buffer& payload, CommandBatch& batch);
// A bound on what encode_commands will add for this command, for closing a batch in time.
size_t encoded_bytes_estimate(const queue::Command& command);

struct MetadataBatch {
    ClusterTime time;
    std::vector<metadata::Command> commands;
};
Buffer encode_metadata_commands(ClusterTime time, const std::vector<metadata::Command>& commands);
Result<MetadataBatch> decode_metadata_commands(const Buffer& payload);

}  // namespace quern::wire
