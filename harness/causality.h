// When did a violation become inevitable? A run that violates something is forked at instants evenly spread
// between the start of the clients and the violation. Up to there each fork is the run itself; from there on
// everything that is drawn is drawn anew: latencies, losses, what clients do (sim/world/draws.h). Faults that
// have not begun stay as planned. The share of forks in which the same is violated is the chance that it
// still had at that instant. What the nodes drew before, such as the state of their generators, they keep.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/run_plan.h"
#include "system/base/callback.h"

namespace quern::harness {

struct CausalityOptions {
    uint32_t forks = 12;  // instants
    uint32_t tries = 20;  // at each
    uint32_t jobs = 2;
    std::string invariant;  // empty: the first that is violated
    int64_t try_seconds = 0;  // on the wall; a fork that takes longer violates nothing; 0: from the run's own
    Callback<void(const std::string&)> progress{};
};

struct CausalityPoint {
    int64_t at_ns = 0;
    uint32_t tries = 0;
    uint32_t violated = 0;
    uint32_t late = 0;  // of the others, those that were not done in time
    double share() const { return tries == 0 ? 0 : static_cast<double>(violated) / tries; }
};

struct Causality {
    std::string invariant;  // empty: the plan violates nothing
    std::string text;
    int64_t violated_ns = 0;
    std::vector<CausalityPoint> points;
    std::vector<std::string> story;  // of the steepest step

    // The first point from which on every fork violates.
    std::optional<size_t> inevitable() const;
    // The point before which the share rose most; none: it never rose.
    std::optional<size_t> steepest() const;
    std::string to_text() const;
    std::string to_json() const;
};

Causality find_causality(const RunPlan& plan, CausalityOptions options);

// So many instants of [begun, violated), the first of them begun.
std::vector<int64_t> fork_instants(int64_t begun_ns, int64_t violated_ns, uint32_t forks);
// Never zero, and another one for each fork.
uint64_t fork_salt(uint64_t seed, size_t instant, uint32_t attempt);

}  // namespace quern::harness
