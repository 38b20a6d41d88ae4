#include "harness/coverage.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace quern::harness {

namespace {

constexpr size_t empty_shown_max = 24;

CoverageCell cell_at(size_t kind, size_t state) {
    return {static_cast<sim::FaultKind>(kind), static_cast<ProtocolState>(state)};
}

// 1: once, 2: 2 to 3, 3: 4 to 7, …, 9: 256 or more.
char magnitude(uint64_t count) {
    return count == 0 ? '.' : static_cast<char>('0' + std::min<int>(static_cast<int>(std::bit_width(count)), 9));
}

}  // namespace

std::string CoverageCell::to_string() const {
    return fmt::format("{}@{}", sim::fault_kind_name(kind), protocol_state_name(state));
}

std::optional<CoverageCell> CoverageCell::parse(std::string_view text) {
    const size_t at = text.find('@');
    if (at == std::string_view::npos) return std::nullopt;
    const auto kind = sim::fault_kind_from(text.substr(0, at));
    const auto state = protocol_state_from(text.substr(at + 1));
    if (!kind || !state) return std::nullopt;
    return CoverageCell{*kind, *state};
}

void Coverage::struck(sim::FaultKind kind, const StateSet& met) {
    for (size_t i = 0; i < protocol_state_count; ++i) {
        if (met.contains(static_cast<ProtocolState>(i))) ++cells[static_cast<size_t>(kind)][i];
    }
}

void Coverage::add(const Coverage& other) {
    for (size_t i = 0; i < protocol_state_count; ++i) {
        began[i] += other.began[i];
        for (size_t k = 0; k < cells.size(); ++k) cells[k][i] += other.cells[k][i];
    }
}

bool possible(const CoverageCell& cell) {
    return cell.kind != sim::FaultKind::disk_lost && cell.kind != sim::FaultKind::disks_swapped;
}

std::vector<CoverageCell> possible_cells() {
    std::vector<CoverageCell> all;
    for (size_t k = 0; k < sim::fault_kind_count; ++k) {
        for (size_t s = 0; s < protocol_state_count; ++s) {
            if (possible(cell_at(k, s))) all.push_back(cell_at(k, s));
        }
    }
    return all;
}

std::vector<CoverageCell> empty_cells(const Coverage& coverage) {
    std::vector<CoverageCell> cells = possible_cells();
    std::erase_if(cells, [&](const CoverageCell& cell) { return coverage.at(cell) > 0; });
    return cells;
}

std::string coverage_table(const Coverage& coverage) {
    std::string text = fmt::format("{:<18}", "");
    for (size_t s = 0; s < protocol_state_count; ++s) {
        text += fmt::format(" {}", protocol_state_heading(static_cast<ProtocolState>(s)));
    }
    for (size_t k = 0; k < sim::fault_kind_count; ++k) {
        text += fmt::format("\n{:<18}", sim::fault_kind_name(static_cast<sim::FaultKind>(k)));
        for (size_t s = 0; s < protocol_state_count; ++s) {
            const bool can = possible(cell_at(k, s));
            text += fmt::format("   {}", can ? magnitude(coverage.cells[k][s]) : '-');
        }
    }
    text += "\n(1: met once, 2: up to 3 times, 3: up to 7, …, 9: 256 or more; -: cannot be)\n";
    text += "states began:";
    for (size_t s = 1; s < protocol_state_count; ++s) {
        text += fmt::format(" {} {}", protocol_state_name(static_cast<ProtocolState>(s)), coverage.began[s]);
    }
    const std::vector<CoverageCell> empty = empty_cells(coverage);
    text += fmt::format("\n{} of {} cells are empty", empty.size(), possible_cells().size());
    for (size_t i = 0; i < empty.size() && i < empty_shown_max; ++i) {
        text += (i == 0 ? ": " : ", ") + empty[i].to_string();
    }
    return text + (empty.size() > empty_shown_max ? ", …\n" : "\n");
}

}  // namespace quern::harness
