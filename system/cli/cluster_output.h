// The state of a cluster as a person or a script sees it.
#pragma once

#include "system/wire/client_messages.h"

namespace quern::cli {

void print_cluster_status(const wire::ClusterStatusResponse& status, bool json);

}  // namespace quern::cli
