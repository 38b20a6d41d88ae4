#include "harness/chaos/round_plan.h"

#include <algorithm>

namespace quern::harness::chaos {

RunPlan make_round_plan(const RoundPlanOptions& options) {
    RunPlan plan = make_plan(options.seed, false);
    plan.storage_nodes = options.nodes;
    plan.balancers = 0;  // every node is one
    plan.replication = std::min<int64_t>(options.nodes, 3);
    plan.chaos_ms = options.length_ms;
    // Leases, delays and waits end soon after the faults, so that a round takes little longer than they.
    plan.request_timeout_ms = std::min<int64_t>(plan.request_timeout_ms, 5'000);
    plan.attempt_timeout_ms = std::min(plan.attempt_timeout_ms, plan.request_timeout_ms);
    plan.wait_ms_max = std::min<int64_t>(plan.wait_ms_max, 4'000);
    plan.visibility_ms_max = std::min<int64_t>(plan.visibility_ms_max, 4'000);
    plan.delay_ms_max = std::min<int64_t>(plan.delay_ms_max, 3'000);
    // Real time is dear: who thinks long sees little.
    plan.think_ms = std::clamp<int64_t>(plan.think_ms / 5, 10, 100);
    plan.clients = std::max<int64_t>(plan.clients, 4);
    ScheduleOptions schedule;
    schedule.seed = options.seed;
    schedule.nodes = options.nodes;
    schedule.clients = static_cast<uint32_t>(plan.clients);
    schedule.length_ms = options.length_ms;
    schedule.troubles = options.troubles;
    plan.faults = make_schedule(schedule);
    return plan;
}

}  // namespace quern::harness::chaos
