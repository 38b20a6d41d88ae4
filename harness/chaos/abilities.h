// What of all troubles this machine allows, found out by trying.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "harness/chaos/schedule.h"

namespace quern::harness::chaos {

struct Abilities {
    bool namespaces = false;    // hosts of their own; else all nodes stand on the loopback device
    std::set<Trouble> troubles;
    std::vector<std::string> skipped;  // a sentence each: what, and why
};

// `wanted`: those to look for. Leaves nothing behind.
Abilities find_abilities(const std::set<Trouble>& wanted, bool namespaces);

}  // namespace quern::harness::chaos
