// What a simulated storage node takes up, on its disk and in memory, and what of it lives.
#pragma once

#include "sim/cluster.h"

namespace quern::harness {

struct Footprint {
    uint64_t log_bytes = 0;       // WAL segments, spare ones included
    uint64_t snapshot_bytes = 0;
    uint64_t body_bytes = 0;
    uint64_t live_bytes = 0;      // of messages that are there
    // Of queues and their messages; not what was answered to clients, which stays until they say that they
    // know it, nor caches of fixed size.
    uint64_t memory_bytes = 0;
    uint64_t disk_bytes() const { return log_bytes + snapshot_bytes + body_bytes; }
};

// Zero where no node runs.
Footprint footprint_of(sim::Cluster& cluster, const sim::Machine& machine);

}  // namespace quern::harness
