#include "harness/aim.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "harness/concerns.h"
#include "sim/faults/plan_generate.h"

namespace quern::harness {

namespace {

constexpr size_t aims_a_seed = 3;
constexpr int64_t nth_max = 1'000'000;
constexpr int64_t delay_us_max = 60'000'000;
constexpr const char* place_later = "later";

// Takes the parameter out of the fault, where parsing left it.
bool take(sim::Fault& fault, const char* name, int64_t low, int64_t high, int64_t& value) {
    const auto found = fault.parameters.find(name);
    if (found == fault.parameters.end()) return true;
    value = found->second;
    fault.parameters.erase(found);
    return value >= low && value <= high;
}

}  // namespace

std::string Aim::to_string() const {
    std::istringstream words(fault.to_string());
    std::string text;
    std::string word;
    words >> text >> word;
    text += fmt::format(" {} state={} nth={} delay_us={}", word, protocol_state_name(state), nth,
                        delay.ns / 1'000);
    while (words >> word) {
        if (!word.starts_with("at=")) text += " " + word;
    }
    return text;
}

Result<Aim> Aim::parse(const std::string& line) {
    auto bad = [](const std::string& why) { return fail(ErrorCode::invalid_argument, why); };
    std::istringstream words(line);
    std::string rest;
    std::optional<ProtocolState> state;
    for (std::string word; words >> word;) {
        if (!word.starts_with("state=")) {
            rest += word + " ";
        } else if (state) {
            return bad("one state: " + word);
        } else if (!(state = protocol_state_from(word.substr(6)))) {
            return bad("no such state: " + word);
        }
    }
    if (!state) return bad("an aim needs a state=");
    Result<sim::Fault> fault = sim::Fault::parse(rest + "a=" + place_later);
    if (!fault) return fail(std::move(fault.error()));
    Aim aim;
    aim.state = *state;
    aim.fault = std::move(*fault);
    if (aim.fault.a != std::vector<std::string>{place_later} || !aim.fault.b.empty() ||
        aim.fault.at.ns != 0 || rest.find(" a=") != std::string::npos) {
        return bad("where and when is not said beforehand");
    }
    aim.fault.a.clear();
    int64_t delay_us = 0;
    if (!take(aim.fault, "nth", 1, nth_max, aim.nth)) return bad("nth= is out of range");
    if (!take(aim.fault, "delay_us", 0, delay_us_max, delay_us)) return bad("delay_us= is out of range");
    aim.delay = Duration::microseconds(delay_us);
    if (!can_aim(aim.cell())) return bad("nothing can be aimed at " + aim.cell().to_string());
    return aim;
}

bool can_aim(const CoverageCell& cell) {
    return possible(cell) && cell.state != ProtocolState::quiet;
}

Aim make_aim(uint64_t seed, const CoverageCell& cell) {
    sim::PlanShape shape;
    shape.file_classes = {"superblock", "wal", "snapshots", "bodies"};
    sim::PlanKnobs knobs;
    knobs.lasts_max = Duration::milliseconds(1'500);
    Aim aim;
    aim.fault = sim::draw_fault(seed, cell.kind,
                                sim::own_ordinal + static_cast<uint32_t>(cell.state), shape, knobs);
    aim.fault.a.clear();
    aim.fault.b.clear();
    aim.fault.at = {};
    // What waits for a write may come when the state has long ended.
    aim.fault.parameters.erase("write_pending_ms");
    aim.state = cell.state;
    const uint64_t id = aim.fault.id;
    constexpr int64_t nths[] = {1, 1, 1, 2, 3, 6};
    aim.nth = nths[bounded(draw(seed, Concern::aims, id, 0), std::size(nths))];
    const uint64_t longest_us = bounded(draw(seed, Concern::aims, id, 1), 2) == 0 ? 200 : 4'000;
    aim.delay = Duration::microseconds(
        static_cast<int64_t>(bounded(draw(seed, Concern::aims, id, 2), longest_us)));
    return aim;
}

std::vector<CoverageCell> cells_to_aim_at(const Coverage& coverage, size_t most) {
    std::vector<CoverageCell> cells = possible_cells();
    std::erase_if(cells, [](const CoverageCell& cell) { return !can_aim(cell); });
    std::stable_sort(cells.begin(), cells.end(), [&](const CoverageCell& a, const CoverageCell& b) {
        return coverage.at(a) < coverage.at(b);
    });
    if (cells.size() > most) cells.resize(most);
    return cells;
}

std::vector<CoverageCell> cells_of_seed(uint64_t seed, const std::vector<CoverageCell>& cells) {
    std::vector<CoverageCell> some;
    for (uint64_t i = 0; i < aims_a_seed && !cells.empty(); ++i) {
        const CoverageCell& cell = cells[bounded(draw(seed, Concern::aims, 0, i), cells.size())];
        if (std::find(some.begin(), some.end(), cell) == some.end()) some.push_back(cell);
    }
    return some;
}

}  // namespace quern::harness
