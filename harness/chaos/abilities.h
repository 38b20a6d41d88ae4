// What of all troubles this machine allows, found out by trying.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "harness/chaos/namespace_hosts.h"
#include "harness/chaos/schedule.h"
#include "harness/chaos/small_disk.h"

namespace quern::harness::chaos {

struct Abilities {
    bool namespaces = false;  // hosts of their own; else relays on the loopback device
    NetworkTools network;
    SmallDiskKind small_disk = SmallDiskKind::loop;
    std::string disk_program;  // quern-chaos-disk
    std::set<Trouble> troubles;
    std::vector<std::string> skipped;  // a sentence each: what, and why
};

// Of those `wanted`. What is tried on disks is tried in `folder`, which exists. Without `namespaces` none are tried. Leaves nothing behind.
Abilities find_abilities(os::OsEnv& os, const std::set<Trouble>& wanted,
                         const std::string& folder, bool namespaces);

}  // namespace quern::harness::chaos
