// What nodes tell at their monitoring ports, for whoever looks for the cause of a violation.
#pragma once

#include <string>

#include "harness/chaos/hosts.h"
#include "harness/chaos/real_scene.h"

namespace quern::harness::chaos {

// The answer to GET `path`, head and all; what there is after a few seconds, "" if nothing.
std::string fetch_page(RealScene& scene, const Endpoint& from, const std::string& path);

}  // namespace quern::harness::chaos
