// A run that goes on in many processes from the same instant, each with other draws. Private to causality.
#pragma once

#include <string>
#include <vector>

#include "harness/causality.h"
#include "harness/result_text.h"

namespace quern::harness {

// The run as it is, in a process of its own, since what it shows may be an assertion.
struct Original {
    SeedReport report;
    int64_t begun_ns = 0;       // when the clients began
    int64_t last_event_ns = 0;  // before it ended, however it did
};
Original run_original(const RunPlan& plan);

struct Forks {
    std::string invariant;
    uint32_t tries = 1;
    uint32_t jobs = 1;
    int64_t one_ns_max = 0;
    Callback<void(const std::string&)> progress{};

    // Runs the plan up to the last of the instants, and from each so many forks to their ends.
    std::vector<CausalityPoint> run_all(const RunPlan& plan, const std::vector<int64_t>& instants);
};

}  // namespace quern::harness
