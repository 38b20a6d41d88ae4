// quernd's configuration: one TOML file (docs/CONFIGURATION.md). The same [[nodes]] list and cluster
// secret belong on every node of a cluster.
#pragma once

#include <string>

#include "system/node/node.h"

namespace quern::daemon {

struct DaemonConfig {
    node::Config node;
    std::string data_directory;
    LogLevel log_level = LogLevel::info;
    std::string log_file;  // empty: stderr
    Duration wall_uncertainty = Duration::milliseconds(50);
    Duration drain_limit = Duration::seconds(5);
};

// invalid_argument naming file, field and what is wrong with it; not_found for a missing file.
Result<DaemonConfig> load_config(const std::string& path);

}  // namespace quern::daemon
