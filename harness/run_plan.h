// A run as data: cluster, knobs, workload and faults. A seed makes a plan; a plan can be printed, parsed,
// edited and run again. One line a knob, `name value`; one line a fault, `fault …` (sim/faults/fault_plan.h);
// one line a fault that waits for its moment, `aim …` (harness/aim.h); one line an operation, `op …` (harness/planned_operation.h); `#` starts a comment. Knobs that are not
// named keep their defaults.
#pragma once

#include <array>
#include <string>

#include "harness/aim.h"
#include "harness/planned_operation.h"
#include "harness/swarm_weights.h"
#include "sim/faults/fault_plan.h"

namespace quern::harness {

struct RunPlan {
    uint64_t seed = 1;
    // The cluster.
    int64_t storage_nodes = 3;
    int64_t balancers = 2;
    int64_t data_groups = 2;
    int64_t replication = 3;
    int64_t election_ms = 500;
    int64_t heartbeat_ms = 100;
    int64_t ping_ms = 1000;
    int64_t snapshot_entries = 2'000;
    int64_t segment_kib = 1024;
    int64_t latency_us = 60;       // of a link, at least
    int64_t sync_us = 80;          // of a disk's sync, at least
    int64_t disk_mib = 4096;       // room on each disk
    int64_t payload_cache_kib = 0; // of recent entries in memory; 0: four segments
    int64_t fault_points = 0;      // 1: the product's own rare paths are taken often; 2: many calls end in doubt
    // The workload.
    int64_t clients = 8;
    int64_t worker_clients = 1;    // of them, as a second user whose permissions come and go
    int64_t hands = 1;             // calls that each client has under way
    int64_t queues = 3;
    int64_t think_ms = 200;        // between two calls of a hand, on average
    int64_t batch_max = 5;
    int64_t body_bytes_max = 2'000;
    int64_t visibility_ms_max = 8'000;
    int64_t delay_ms_max = 3'000;
    int64_t wait_ms_max = 4'000;
    int64_t stale_per_cent = 10;   // of receipts used again, or after their time
    int64_t forged_per_cent = 3;
    int64_t request_timeout_ms = 10'000;
    int64_t attempt_timeout_ms = 2'500;
    int64_t by_name = 0;           // 1: clients name queues and do not remember their ids
    int64_t plain_queues = 0;      // 1: all queues have the default attributes
    int64_t scripted = 0;          // 1: the operations below and no others, instead of drawn ones
    std::array<int64_t, op_kind_count> weights{};
    // Phases.
    int64_t chaos_ms = 20'000;     // operations and faults
    int64_t settle_ms = 60'000;    // the core has this long to answer everything
    int64_t drill = 0;             // after the drain (run_drill.h); 1 overload, 2 a hot queue, 3 a slow node,
                                   // 4 a backlog that comes and goes, 5 full disks; 0: none
    int64_t core_size = 0;         // storage nodes that heal; 0: drawn
    int64_t stop_ms = 0;           // the run is judged as it stands so long after the clients began; 0: never
    // How many in a million of the events that call for a costly check get one.
    int64_t deep_per_million = 20'000;
    std::vector<PlannedOperation> operations;
    sim::FaultPlan faults;
    std::vector<Aim> aims;

    std::string to_string() const;
    // Without the knobs that have their defaults.
    std::string to_short_string() const;
    // invalid_argument names the line.
    static Result<RunPlan> parse(const std::string& text);
};

// A plan's knobs by name, in the order of their printing.
struct Knob {
    std::string name;
    int64_t* value;
};
std::vector<Knob> knobs_of(RunPlan& plan);

// Aims the plan at that cell, in the way of its seed, unless it has that aim already.
void add_aim(RunPlan& plan, const CoverageCell& cell);

// What a seed may draw.
enum class PlanKind : uint8_t {
    swarm,  // everything
    small,  // faults alone, at most 15 short ones, for three nodes, two balancers, eight clients and the
            // usual workload: the run by which the simulator's speed is measured
};

// What the seed draws. `faults`: as sim/faults/plan_generate.h knows them; false: none. Weights bend what swarm
// draws.
RunPlan make_plan(uint64_t seed, bool faults, PlanKind kind = PlanKind::swarm,
                  const SwarmWeights& weights = {});

}  // namespace quern::harness
