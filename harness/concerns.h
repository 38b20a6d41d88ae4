// What the harness's random draws are for; sim/world/draws.h has the world's. Numbers are part of what a
// seed means: add at the end, never renumber.
#pragma once

#include "sim/world/draws.h"

namespace quern::harness {

enum class Concern : uint64_t {
    shape = 1001,      // of the cluster
    knobs = 1002,
    swarm = 1003,      // of the workload
    operation = 1004,  // identity: client, ordinal: of the operation
    content = 1005,
    core = 1006,
    faults = 1007,
    think = 1008,
    sample = 1009,  // which instants get the costly checks
    queue = 1010,   // attributes of queues
    aims = 1011,    // identity: of the aim
    outlast = 1012, // identity: a fault's
    drill = 1013,
};

inline uint64_t draw(uint64_t seed, Concern concern, uint64_t identity, uint64_t ordinal) {
    const bool of_clients = concern == Concern::operation || concern == Concern::think;
    return quern::draw(of_clients ? sim::DrawSalt::on(seed) : seed, static_cast<uint64_t>(concern), identity, ordinal);
}

}  // namespace quern::harness
