// Many runs: seeds dealt out to processes, results merged in the order of seeds, so that the outcome does
// not depend on how many processes there were.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/runner.h"
#include "system/base/checksum.h"

namespace quern::harness {

struct CampaignOptions {
    uint64_t first_seed = 1;
    uint64_t last_seed = 1;
    uint32_t jobs = 1;
    bool faults = true;
    PlanKind kind = PlanKind::swarm;
    bool verify = false;         // each seed twice; equal hashes
    bool progress = false;       // a line on stderr, rewritten
    int64_t time_limit_s = 0;    // no seed is begun after this long; 0: none
    bool stop_at_first = false;  // end with the first seed that fails, in the order of seeds
};

struct CampaignResult {
    uint64_t seeds = 0;  // that ran
    uint64_t violations = 0;
    std::vector<uint64_t> failed_seeds;
    std::vector<std::string> failures;  // a few lines each, of the first ones
    std::string first_invariant;        // violated by the first of failed_seeds; empty: none
    std::string first_text;             // what was found there
    int64_t simulated_ns = 0;
    int64_t cpu_ns = 0;
    int64_t wall_ns = 0;
    uint64_t events = 0;
    RollingHash trace_hash;
    RunResult total;  // counts, summed

    bool good() const { return failed_seeds.empty() && seeds > 0; }
    std::string to_json() const;
    // For a terminal.
    std::string to_text() const;
};

CampaignResult run_campaign(const CampaignOptions& options);

// The command that shows the story of a seed.
std::string replay_command(uint64_t seed, bool faults = true, PlanKind kind = PlanKind::swarm);

}  // namespace quern::harness
