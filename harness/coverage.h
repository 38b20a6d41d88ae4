// What faults met: for each kind of fault and each state of the protocol, how often a fault of this kind
// struck while the state was there. A cell that stays empty is a situation that nothing was tested in.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "harness/protocol_state.h"
#include "sim/world/fault_kind.h"

namespace quern::harness {

struct CoverageCell {
    sim::FaultKind kind{};
    ProtocolState state{};
    // power_loss@snapshot_writing
    std::string to_string() const;
    static std::optional<CoverageCell> parse(std::string_view text);
    bool operator==(const CoverageCell&) const = default;
};

struct Coverage {
    using Row = std::array<uint64_t, protocol_state_count>;
    std::array<Row, sim::fault_kind_count> cells{};
    Row began{};  // how often each state began while faults could strike

    uint64_t at(const CoverageCell& cell) const {
        return cells[static_cast<size_t>(cell.kind)][static_cast<size_t>(cell.state)];
    }
    void struck(sim::FaultKind kind, const StateSet& met);
    void add(const Coverage& other);
    bool operator==(const Coverage&) const = default;
};

// Whether the cell can be reached at all: nodes cannot be replaced yet, so disks are neither lost nor swapped.
bool possible(const CoverageCell& cell);
// All that are possible, by kind, then state.
std::vector<CoverageCell> possible_cells();
std::vector<CoverageCell> empty_cells(const Coverage& coverage);
// For a terminal: a row for each kind, a column for each state, a digit for the order of magnitude.
std::string coverage_table(const Coverage& coverage);

}  // namespace quern::harness
