// A fault that waits for its moment: when a state of the protocol begins for the nth time, it strikes the
// machine that is in it. One line of a plan:
//
//     aim 128003 power_loss state=snapshot_writing nth=2 delay_us=800 for=0.250000000 loss=2
//
// Identity, kind, the state, which of its beginnings (from 1), how long after it, how long the fault lasts,
// then the fault's own words (sim/faults/fault_plan.h). The place is where the state is; for states of the
// whole cluster, and for the other end of links, it is drawn by identity. A fault that would destroy data
// passes over machines whose data the atlas protects.
#pragma once

#include <string>
#include <vector>

#include "harness/coverage.h"
#include "sim/faults/fault_plan.h"
#include "system/base/result.h"

namespace quern::harness {

struct Aim {
    sim::Fault fault;  // without time and place
    ProtocolState state{};
    int64_t nth = 1;
    Duration delay;

    CoverageCell cell() const { return {fault.kind, state}; }
    std::string to_string() const;
    // invalid_argument says what is wrong.
    static Result<Aim> parse(const std::string& line);
    bool operator==(const Aim&) const = default;
};

// The aim of that seed at that cell: its draws depend on both alone.
Aim make_aim(uint64_t seed, const CoverageCell& cell);
// Whether an aim can be taken at it.
bool can_aim(const CoverageCell& cell);

// The cells that a campaign should aim at next: those that were met least, at most so many.
std::vector<CoverageCell> cells_to_aim_at(const Coverage& coverage, size_t most);
// Those of them that are for this seed.
std::vector<CoverageCell> cells_of_seed(uint64_t seed, const std::vector<CoverageCell>& cells);

}  // namespace quern::harness
