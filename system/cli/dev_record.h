// The TOML texts of a development cluster.
#pragma once

#include "system/cli/dev_files.h"

namespace quern::cli {

// Fills in what the cluster is. data_version_unknown; corrupt.
Result<void> read_dev_record(const std::string& path, DevCluster& cluster);
std::string dev_record(const DevCluster& cluster);
// quernd's configuration of one node.
std::string node_config(const DevCluster& cluster, uint32_t node);

}  // namespace quern::cli
