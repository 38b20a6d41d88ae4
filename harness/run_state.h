// The state of every node of a running cluster, as lines for people.
#pragma once

#include <string>

#include "sim/cluster.h"

namespace quern::harness {

std::string describe_state(sim::World& world, sim::Cluster& cluster);

}  // namespace quern::harness
