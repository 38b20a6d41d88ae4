// The write-ahead log and the snapshots in a node's data folder, once the node is stopped.
#pragma once

#include <string>

#include "harness/stopped/stopped_snapshot.h"
#include "system/base/result.h"

namespace quern::harness::chaos {

// io_failed names what cannot be read. A folder without a log has an empty one.
Result<StoppedLog> read_stopped_log(const std::string& data_folder);
// Those that are whole.
std::vector<StoppedSnapshot> read_stopped_snapshots(const std::string& data_folder);

}  // namespace quern::harness::chaos
