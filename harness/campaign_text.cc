// A campaign's result for scripts and for people.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/campaign.h"

namespace quern::harness {

using nlohmann::ordered_json;

namespace {

double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

std::string hash_text(const CampaignResult& result) {
    return fmt::format("{:016x}", result.trace_hash.value());
}

}  // namespace

std::string CampaignResult::to_json() const {
    ordered_json out;
    out["seeds"] = seeds;
    out["violations"] = violations;
    out["failed_seeds"] = failed_seeds;
    out["simulated_seconds"] = seconds(simulated_ns);
    out["cpu_seconds"] = seconds(cpu_ns);
    out["wall_seconds"] = seconds(wall_ns);
    out["events"] = events;
    out["verified_seeds"] = verified;
    out["operations"] = total.operation_count();
    out["trace_hash"] = hash_text(*this);
    ordered_json kinds;
    for (size_t k = 0; k < op_kind_count; ++k) {
        ordered_json outcomes;
        for (size_t o = 0; o < op_outcome_count; ++o) {
            outcomes[std::string(op_outcome_name(static_cast<OpOutcome>(o)))] = total.operations[k][o];
        }
        kinds[std::string(op_kind_name(static_cast<OpKind>(k)))] = outcomes;
    }
    out["operations_by_kind"] = kinds;
    ordered_json fired;
    ordered_json never = ordered_json::array();
    for (size_t i = 0; i < sim::fault_kind_count; ++i) {
        const std::string name(sim::fault_kind_name(static_cast<sim::FaultKind>(i)));
        if (total.faults[i] > 0) fired[name] = total.faults[i];
        else never.push_back(name);
    }
    out["faults"] = fired;
    out["faults_never"] = never;
    ordered_json points;
    ordered_json points_never = ordered_json::array();
    for (size_t i = 0; i < total.fault_points.size(); ++i) {
        const std::string name(fault_point_name(static_cast<FaultPoint>(i)));
        if (total.fault_points[i] > 0) points[name] = total.fault_points[i];
        else points_never.push_back(name);
    }
    out["fault_points"] = points;
    out["fault_points_never"] = points_never;
    ordered_json coverage;
    for (const CoverageCell& cell : possible_cells()) {
        const std::string kind(sim::fault_kind_name(cell.kind));
        coverage[kind][std::string(protocol_state_name(cell.state))] = total.coverage.at(cell);
    }
    out["coverage"] = coverage;
    ordered_json empty = ordered_json::array();
    for (const CoverageCell& cell : empty_cells(total.coverage)) empty.push_back(cell.to_string());
    out["coverage_empty"] = empty;
    ordered_json began;
    for (size_t s = 1; s < protocol_state_count; ++s) {
        began[std::string(protocol_state_name(static_cast<ProtocolState>(s)))] = total.coverage.began[s];
    }
    out["states"] = began;
    out["aims_met"] = total.aims_met;
    ordered_json drills;
    for (size_t i = 1; i < drill_count; ++i) {
        drills[std::string(drill_name(static_cast<Drill>(i)))] = {{"begun", total.drills[i]},
                                                                  {"judged", total.drills_judged[i]}};
    }
    out["drills"] = drills;
    out["elections"] = total.elections;
    out["promises_checked"] = total.promises_checked;
    out["deep_checks"] = total.deep_checks;
    out["commands_judged"] = total.commands_judged;
    out["failures"] = failures;
    return out.dump(2, ' ', true, ordered_json::error_handler_t::replace);
}

namespace {

// Of a drill that begins often and never comes to its end, somebody should know.
std::string drills_text(const RunResult& total) {
    constexpr uint64_t often = 20;
    std::string text;
    std::string vain;
    for (size_t i = 1; i < drill_count; ++i) {
        const std::string_view name = drill_name(static_cast<Drill>(i));
        if (total.drills[i] == 0) continue;
        text += fmt::format("{} {} {} of {}", text.empty() ? "drills judged:" : ",", name,
                            total.drills_judged[i], total.drills[i]);
        if (total.drills[i] >= often && total.drills_judged[i] == 0) vain += fmt::format(" {}", name);
    }
    if (!text.empty()) text += "\n";
    if (!vain.empty()) text += "drills in vain, what they are about was not looked at:" + vain + "\n";
    return text;
}

}  // namespace

std::string CampaignResult::to_text() const {
    const double cpu = std::max(seconds(cpu_ns), 1e-9);
    std::string text;
    for (const std::string& failure : failures) text += failure;
    text += fmt::format("{} seeds, {} with violations, {} run twice; {:.0f} simulated seconds in {:.1f} CPU seconds "
                        "({:.1f} s on the wall)\n",
                        seeds, failed_seeds.size(), verified, seconds(simulated_ns), cpu, seconds(wall_ns));
    text += fmt::format("per CPU second: {:.2f} seeds, {:.0f} simulated seconds, {:.0f} operations, {:.0f} events\n",
                        static_cast<double>(seeds) / cpu, seconds(simulated_ns) / cpu,
                        static_cast<double>(total.operation_count()) / cpu,
                        static_cast<double>(events) / cpu);
    text += fmt::format("{} operations:", total.operation_count());
    for (size_t k = 0; k < op_kind_count; ++k) {
        const auto& n = total.operations[k];
        if (n[0] + n[1] + n[2] == 0) continue;
        text += fmt::format("  {} {}/{}/{}", op_kind_name(static_cast<OpKind>(k)), n[0], n[1], n[2]);
    }
    text += " (ok/fail/info)\n";
    const std::vector<OpKind> vain = total.kinds_without_success();
    if (!vain.empty()) text += "operations without success:";
    for (const OpKind kind : vain) text += fmt::format(" {}", op_kind_name(kind));
    text += vain.empty() ? "faults:" : "\nfaults:";
    std::string never;
    for (size_t i = 0; i < sim::fault_kind_count; ++i) {
        const auto name = sim::fault_kind_name(static_cast<sim::FaultKind>(i));
        if (total.faults[i] > 0) text += fmt::format(" {} {}", name, total.faults[i]);
        else never += fmt::format(" {}", name);
    }
    if (!never.empty()) text += "; never:" + never;
    text += "\nfault points:";
    never.clear();
    for (size_t i = 0; i < total.fault_points.size(); ++i) {
        const auto name = fault_point_name(static_cast<FaultPoint>(i));
        if (total.fault_points[i] > 0) text += fmt::format(" {} {}", name, total.fault_points[i]);
        else never += fmt::format(" {}", name);
    }
    if (!never.empty()) text += "; never:" + never;
    text += "\n\n" + coverage_table(total.coverage);
    if (total.aims_met > 0) text += fmt::format("aims met: {}\n", total.aims_met);
    text += drills_text(total);
    text += fmt::format("\nchecks: {} promises at the disk, {} commands against the model, {} deep; {} "
                        "leaders\ntrace hash {}\n",
                        total.promises_checked, total.commands_judged, total.deep_checks,
                        total.elections, hash_text(*this));
    return text;
}

}  // namespace quern::harness
