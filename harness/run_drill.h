// Private to the runner's .cc files. After a run's faults and its drain, everything is healed, and some runs go
// through a drill: one trouble, made on purpose and alone, whose end some liveness invariants are about. The
// phases go into the history, where their checkers find them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/drill.h"
#include "harness/run.h"
#include "harness/steady_load.h"

namespace quern::harness {

class RunDrill {
public:
    static constexpr int64_t queues = 2;  // made by it, after those of the plan
    // `run` must outlive this object; its core has settled.
    explicit RunDrill(Run& run) : run_(run) {}

    // What the plan names. False: there was no time left.
    bool perform();
    // What was sent in it has been drained since.
    void judge();
    // There was something to judge, or there will be in the history's phases.
    bool judged() const { return judged_; }

private:
    bool prepare();
    void overload();     // L12: ten times the load, and disks that do nothing for three seconds
    void hot_queue();    // L13: a queue is flooded
    void slow_node();    // L14: a node that leads nothing is slow or gone
    void churn();        // L7, L8: a backlog comes and goes, while one old lease is kept
    void full_disks();   // L9: no disk has room for a while

    bool create(uint64_t queue);
    enum class Who { all, first_half, second_half };
    std::vector<WorkClient*> clients(Who who) const;
    SteadyLoad& load(uint64_t queue, Duration interval, uint32_t body_bytes = 64, bool sends_only = false,
                     Who who = Who::all);
    SteadyLoad& usual_load(Who who = Who::all);
    // run_drill_space.cc
    bool ask(PlannedOperation planned);
    bool hold_one();
    void release_it();
    void check_disks();
    void wait(Duration length);
    void phase(const char* name, Duration length, std::string subject = {});
    std::vector<sim::Machine*> replicas_of_calm() const;
    sim::Machine* without_office();
    void slow(sim::Machine& machine, bool on);
    uint64_t calm() const;
    uint64_t other() const;

    Run& run_;
    uint32_t ordinals_ = 1'000'000;  // the next load's first
    uint32_t held_ = 0;              // by which receive
    bool judged_ = false;
    std::vector<std::pair<const sim::Machine*, uint64_t>> memory_before_;
    std::vector<std::unique_ptr<SteadyLoad>> loads_;  // answers may come late
};

}  // namespace quern::harness
