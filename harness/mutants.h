// Whether the harness finds bugs: each planted bug is hunted in several campaigns with seeds of their own,
// until one fails or the budget is spent.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "system/base/planted_bug.h"

namespace quern::harness {

struct MutantOptions {
    std::vector<PlantedBug> bugs;
    uint32_t campaigns = 5;
    uint64_t seeds_max = 1'000;  // of one campaign
    uint64_t first_seed = 1;   // campaign c begins at first_seed + c * 100'000
    uint32_t jobs = 1;
    int64_t shrink_seconds = 0;  // for the smallest plan of the first failing seed; 0: none is looked for
    bool progress = false;     // a line on stderr for each campaign
    // Makes the bug active in this process and those it forks.
    void (*plant)(PlantedBug) = nullptr;
};

// The smallest plan that was found for a failing seed.
struct SmallestPlan {
    bool looked_for = false;
    bool minimal = false;  // leaving out any one element makes it pass; else time was up
    uint64_t faults = 0;   // aims counted
    uint64_t operations = 0;
    double seconds = 0;    // on the wall
};

struct MutantResult {
    PlantedBugInfo info;
    uint32_t campaigns = 0;
    uint32_t caught = 0;         // campaigns that found it
    std::string checker;         // the invariant that most of them named
    uint64_t seeds_median = 0;   // until the first failing seed, that one counted; seeds_max where not caught
    double cpu_seconds_median = 0;
    uint64_t failing_seed = 0;   // one that fails; 0: none
    SmallestPlan smallest;       // of failing_seed

    bool found() const { return caught == campaigns && campaigns > 0; }
};

std::vector<MutantResult> run_mutants(const MutantOptions& options);

std::string mutants_to_text(const std::vector<MutantResult>& results);
// {"mutants": [{name, room, caught, checker, seeds, cpu_seconds, …}]}
std::string mutants_to_json(const std::vector<MutantResult>& results);
// A table for docs/testing.md.
std::string mutants_to_markdown(const std::vector<MutantResult>& results);

}  // namespace quern::harness
