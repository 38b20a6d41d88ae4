// Private to shrink*.cc: one shrinking under way. `best_` always violates the target.
#pragma once

#include <functional>

#include "harness/delta_debug.h"
#include "harness/shrink.h"
#include "harness/trial.h"

namespace quern::harness {

class Shrinker {
public:
    Shrinker(const RunPlan& plan, ShrinkOptions options);
    ShrinkResult run();

private:
    using Change = std::function<void(RunPlan&)>;

    bool find_target();
    // Each returns whether `best_` became smaller.
    bool accept(RunPlan plan);
    bool accept_first(std::vector<RunPlan> plans);
    bool accept_change(const Change& change);
    bool reduce(size_t count, const std::function<RunPlan(const Selection&)>& plan_of);
    void say(const std::string& what);

    // shrink.cc
    void cut_time();
    void leave_out();
    void simplify();
    // shrink_parts.cc
    void fewer_faults();
    void fewer_aims();
    void fewer_operations();
    void fewer_clients();
    void fewer_nodes();
    void fewer_knobs();
    void smaller_units();
    // shrink_details.cc
    void simpler_operations();
    void simpler_operation(size_t at);
    void simpler_faults();
    void simpler_fault(size_t at);
    void simpler_aims();
    void shorter_gaps();
    void rounder_times();
    void tighten_end();

    ShrinkOptions options_;
    int64_t started_ns_;
    Trials trials_;
    RunPlan best_;
    std::string target_;
    std::string text_;
    int64_t found_ns_ = 0;  // since the clients began, of the plan before it was shrunk
};

}  // namespace quern::harness
