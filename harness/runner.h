// One run: a plan in, a verdict out. Phases: the cluster comes up without faults; clients work while
// faults strike; then a core of machines heals, the rest stays as broken as it is, and everything that
// was asked must be answered, the queues drained, the replicas of the core agree.
#pragma once

#include <array>
#include <map>
#include <string>

#include "harness/checkers.h"
#include "harness/coverage.h"
#include "harness/drill.h"
#include "harness/run_plan.h"
#include "harness/verdict.h"
#include "sim/world/fabric.h"
#include "sim/world/fault_kind.h"
#include "sim/world/scheduler.h"
#include "system/base/callback.h"
#include "system/base/fault_point.h"
#include "system/queue/command.h"

namespace quern::harness {

struct RunResult {
    uint64_t seed = 0;
    std::vector<Violation> violations;
    uint64_t violation_count = 0;
    uint64_t trace_hash = 0;
    uint64_t events = 0;
    int64_t simulated_ns = 0;
    int64_t begun_ns = 0;  // when the clients began, the zero of the times of operations and faults
    std::array<std::array<uint64_t, op_outcome_count>, op_kind_count> operations{};
    std::array<uint64_t, sim::fault_kind_count> faults{};
    std::array<uint64_t, static_cast<size_t>(FaultPoint::count)> fault_points{};
    Coverage coverage;
    uint64_t aims_met = 0;
    std::array<uint64_t, drill_count> drills{};         // by kind: begun,
    std::array<uint64_t, drill_count> drills_judged{};  // and with something to judge at their end
    uint64_t elections = 0;
    uint64_t deep_checks = 0;
    uint64_t promises_checked = 0;
    uint64_t commands_judged = 0;
    uint64_t operation_count() const;
    // Kinds of operations that were asked and never succeeded.
    std::vector<OpKind> kinds_without_success() const;
};

// A command as a replica of a data group applied it.
struct AppliedCommand {
    NodeId node;
    GroupId group;
    LogIndex index;
    ClusterTime time;
    int64_t at_ns = 0;
    const queue::Command& command;
    const queue::Reply& reply;
};

struct RunOptions {
    // Called with each line of the story; none: no story is told.
    Callback<void(const std::string&)> story{};
    bool verbose = false;        // the nodes' own log lines and disks as well
    // Called before each event.
    Callback<void(const sim::EventRecord&)> event{};
    int64_t until_ns = INT64_MAX;  // stop there; nothing is judged that needs the end
    std::string stop_at;           // an invariant: stop once it is violated
    // Called with each operation that the clients ask of their own accord, as it is asked.
    Callback<void(const PlannedOperation&)> written{};
    // Called with each segment that sets out between machines, and their names.
    Callback<void(const sim::Flight&, const std::string& from, const std::string& to)> flight{};
    // Called when a machine's process has begun or ended.
    Callback<void(const std::string& machine, bool running, int64_t at_ns)> machine{};
    // Called with each operation when it is asked, and when it is answered.
    Callback<void(const Operation&)> asked{};
    Callback<void(const Operation&)> answered{};
    // Called with each command that a data group's replica applies.
    Callback<void(const AppliedCommand&)> applied{};
    // Called at the end with what every node holds.
    Callback<void(const std::string&)> state{};
    uint64_t until_event = UINT64_MAX;  // stop after so many events
    std::string until_word;             // stop after a line of the story that holds it
    // In ascending order; at_instant is called with the number of each, between two events, as soon as it is
    // reached; true: the run ends there.
    std::vector<int64_t> instants_ns{};
    Callback<bool(size_t)> at_instant{};
    // Called at the end with all that clients asked and were told, and how it is judged.
    Callback<void(const History&, const CheckOptions&)> history{};
};

RunResult run(const RunPlan& plan, RunOptions options = {});

// Runs both plans, or one twice. Empty: the runs were the same; else the first event at which they differ,
// with what came before it.
std::string first_difference(const RunPlan& one, const RunPlan& other);

}  // namespace quern::harness
