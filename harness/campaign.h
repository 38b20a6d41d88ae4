// Many runs: seeds dealt out to processes, results merged in the order of seeds, so that the outcome does
// not depend on how many processes there were, nor on how many machines (campaign_file.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/result_text.h"
#include "harness/runner.h"
#include "system/base/checksum.h"

namespace quern::harness {

struct CampaignOptions {
    uint64_t first_seed = 1;
    uint64_t last_seed = 1;
    uint32_t jobs = 1;
    bool faults = true;
    PlanKind kind = PlanKind::swarm;
    // Of `shards` equal parts, the one from 0: the seeds first_seed + shard + k * shards.
    uint64_t shard = 0;
    uint64_t shards = 1;
    // After each epoch of seeds the next one is aimed at what faults have met least until then. The seeds of
    // an epoch follow from the order of seeds alone, not from the number of processes.
    bool steer = false;
    uint64_t epoch_seeds = 256;
    std::vector<CoverageCell> cells{};  // each seed is aimed at a few of these (cells_of_seed)
    SwarmWeights weights{};             // and its plan drawn with these
    uint32_t verify_per_cent = 5;  // of the seeds run twice; which, is keyed by the seed; equal hashes
    int64_t seed_limit_s = 300;    // on the wall; a seed that takes longer has failed
    bool progress = false;       // a line on stderr, rewritten
    int64_t time_limit_s = 0;    // no seed is begun after this long; 0: none
    bool stop_at_first = false;  // end with the first seed that fails, in the order of seeds
};

struct CampaignResult {
    uint64_t seeds = 0;  // that ran
    uint64_t verified = 0;  // of them, those that ran twice
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

// The seed's plan, weights and aims included.
RunPlan plan_of_seed(const CampaignOptions& options, uint64_t seed);

// How many seeds the shard has.
uint64_t seeds_of_shard(const CampaignOptions& options);

// `each` is called with each report, in the order of seeds.
CampaignResult run_campaign(const CampaignOptions& options,
                            Callback<void(const SeedReport&)> each = {});

// Adds a run; in the order of seeds, or the trace hash is another.
void add_report(CampaignResult& result, const SeedReport& report, const CampaignOptions& options);

// The command that shows the story of a seed.
std::string replay_command(uint64_t seed, bool faults = true, PlanKind kind = PlanKind::swarm);

}  // namespace quern::harness
