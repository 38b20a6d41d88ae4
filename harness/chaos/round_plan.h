// From a seed to the plan of a round against real nodes: the simulator's workload, within what a machine
// does in real time, and a schedule of what it allows.
#pragma once

#include "harness/chaos/schedule.h"
#include "harness/run_plan.h"

namespace quern::harness::chaos {

struct RoundPlanOptions {
    uint64_t seed = 1;
    uint32_t nodes = 3;
    int64_t length_ms = 30'000;
    std::set<Trouble> troubles;
};

RunPlan make_round_plan(const RoundPlanOptions& options);

}  // namespace quern::harness::chaos
