// Private to wire: the frame around a command batch's FlatBuffer (docs/formats/command_batch.md).
#pragma once

#include <cstddef>

namespace quern::wire {

constexpr const char* command_batch_identifier = "QCMD";
// head_bytes u32, count u32
constexpr size_t command_batch_prefix_bytes = 8;

}  // namespace quern::wire
