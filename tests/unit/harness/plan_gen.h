// Plans for RapidCheck: cluster, knobs, workload and faults drawn each by itself, so that what fails
// shrinks to fewer faults, machines and clients, and to plainer numbers.
#pragma once

#include <rapidcheck.h>

#include "harness/run_plan.h"

namespace quern::harness {

struct GeneratedFault {
    sim::FaultKind kind = sim::FaultKind::kill;
    int64_t at_ms = 0;
    int64_t lasts_ms = 0;
    int64_t machine = 0;  // the first of its side; storage nodes, then balancers
    int64_t size = 1;     // of the parameter that the kind has
    std::string files;    // the class of files that a fault of a disk strikes, "" for any; "wal" for a crash:
                          // its newest bytes rot
};

// A fault that waits for its moment: the nth time that a state of the protocol begins.
struct GeneratedAim {
    GeneratedFault fault;  // without time and place
    ProtocolState state = ProtocolState::election;
    int64_t nth = 1;
    int64_t delay_us = 0;
};

struct GeneratedPlan {
    uint64_t seed = 1;
    int64_t storage_nodes = 3;
    int64_t balancers = 0;
    int64_t data_groups = 1;
    int64_t clients = 1;
    int64_t hands = 1;
    int64_t queues = 1;
    int64_t think_ms = 50;
    int64_t snapshot_entries = 2'000;
    int64_t segment_kib = 1024;
    int64_t fault_points = 0;
    std::vector<int64_t> weights;  // as many as there are kinds of operations
    std::vector<GeneratedFault> faults;
    std::vector<GeneratedAim> aims;

    RunPlan plan() const;
};
// As a plan's text, which quern-sim replays.
void showValue(const GeneratedPlan& plan, std::ostream& out);

// With faults of every kind that a run may hold.
rc::Gen<GeneratedPlan> generated_plans();

}  // namespace quern::harness
