// What must have happened once a core of the cluster is sound again (L1, L6–L9 of docs/faults.md), over
// figures from whoever took them. Times in nanoseconds of the run.
#pragma once

#include <string>
#include <vector>

#include "harness/verdict.h"

namespace quern::harness::liveness_rules {

// L1: a leader within ten election timeouts, once the nodes have found each other again, which takes
// `reach_ns` at most. `led_ns`: when the group had one that stayed; never: INT64_MAX.
void leader(int64_t healed_ns, int64_t led_ns, int64_t election_ns, int64_t reach_ns, Verdict& verdict);

struct State {
    std::string where;
    uint64_t index = 0;
    uint64_t hash = 0;
};
// L6: all replicas of a group have applied the same and hold the same.
void converged(const std::vector<State>& replicas, int64_t at_ns, Verdict& verdict);

struct Space {
    std::string where;
    uint64_t retained_bytes = 0;  // logs, snapshots and bodies on the disk
    uint64_t live_bytes = 0;      // of the messages that are there
    uint64_t fixed_bytes = 0;     // what an empty node may keep: segments, snapshots
};
// L7: what is retained is at most three times what lives, and something fixed.
void disk(const Space& space, int64_t at_ns, Verdict& verdict);

// L8: the backlog is gone; memory is at most a quarter above where it was.
void memory(const std::string& where, uint64_t before_bytes, uint64_t after_bytes, int64_t at_ns,
            Verdict& verdict);

// L9: the disk has room again, and sends that were refused for want of it succeed within `within_ns`.
void resumed(int64_t freed_ns, int64_t sent_ns, int64_t within_ns, Verdict& verdict);

}  // namespace quern::harness::liveness_rules
