// How a steered campaign bends the dice of its next seeds: each kind of fault and of operation against the usual
// 100, in per cent. What is at 300 exists in about three times as many runs (as far as chances go), in greater
// number, and is kept when a plan has more faults than its budget. A seed's plan follows from the seed and the
// weights, so a run is named by both:
//
//     quern-sim replay 300 --weigh clock_drift=450,purge=200
#pragma once

#include <array>
#include <string>
#include <vector>

#include "harness/coverage.h"
#include "harness/history.h"
#include "system/base/result.h"

namespace quern::harness {

struct SwarmWeights {
    static constexpr uint32_t usual = 100;
    // A kind of fault that is wanted so much comes in storms of other kinds, too; an operation, in runs whose
    // seed leaves it out.
    static constexpr uint32_t wanted = 300;
    static constexpr uint32_t most = 600;

    std::array<uint32_t, sim::fault_kind_count> faults = filled<sim::fault_kind_count>();
    std::array<uint32_t, op_kind_count> operations = filled<op_kind_count>();

    // name=per_cent,…; those that are not usual. Empty: all are.
    std::string to_string() const;
    // invalid_argument says what is wrong.
    static Result<SwarmWeights> parse(const std::string& text);
    bool operator==(const SwarmWeights&) const = default;

private:
    template <size_t count>
    static constexpr std::array<uint32_t, count> filled() {
        std::array<uint32_t, count> all{};
        for (uint32_t& each : all) each = usual;
        return all;
    }
};

// Towards cells that were met least: more of their kinds of fault, and of what brings about their states; less
// of what none of them needs. No cells: the usual.
SwarmWeights weights_towards(const std::vector<CoverageCell>& cells);

}  // namespace quern::harness
