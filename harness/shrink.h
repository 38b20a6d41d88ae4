// From a plan that fails to the smallest that still violates the same invariant: fewer faults,
// operations, clients, nodes and knobs, each by delta debugging, then shorter and simpler ones. The result
// is 1-minimal: leaving out any one element makes the run pass, unless time was up before that was shown.
//
// First the workload is written down: drawn operations become a list with times, so that leaving one out
// leaves the others where they were.
#pragma once

#include <string>

#include "harness/run_plan.h"
#include "system/base/callback.h"

namespace quern::harness {

struct ShrinkOptions {
    std::string invariant;  // to keep; empty: the first that the plan violates
    int64_t seconds = 60;
    uint32_t jobs = 2;
    // Called with a line about the state of things now and then.
    Callback<void(const std::string&)> progress{};
};

struct ShrinkResult {
    bool failed = false;   // the plan did violate something
    bool minimal = false;  // and nothing more can be left out
    RunPlan plan;
    std::string invariant;
    std::string text;  // of the violation
    uint64_t trials = 0;
    int64_t wall_ns = 0;
    // The plan as a file, with the story as comments.
    std::string to_file() const;
};

ShrinkResult shrink(const RunPlan& plan, ShrinkOptions options);

}  // namespace quern::harness
