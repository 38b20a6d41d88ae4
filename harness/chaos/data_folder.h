// The write-ahead log in a node's data folder, once the node is stopped.
#pragma once

#include <string>

#include "harness/stopped/stopped_log.h"
#include "system/base/result.h"

namespace quern::harness::chaos {

// io_failed names what cannot be read. A folder without a log has an empty one.
Result<StoppedLog> read_data_folder(const std::string& data_folder);

}  // namespace quern::harness::chaos
