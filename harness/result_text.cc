#include "harness/result_text.h"

#include <nlohmann/json.hpp>

namespace quern::harness {

using nlohmann::json;

std::string to_line(const SeedReport& report) {
    const RunResult& r = report.result;
    json violations = json::array();
    for (const Violation& v : r.violations) violations.push_back({v.invariant, v.text, v.at_ns});
    const json line = {
        {"seed", r.seed},           {"violations", violations},
        {"count", r.violation_count}, {"hash", r.trace_hash},
        {"events", r.events},       {"simulated_ns", r.simulated_ns},
        {"operations", r.operations}, {"faults", r.faults},
        {"fault_points", r.fault_points}, {"elections", r.elections},
        {"deep_checks", r.deep_checks}, {"promises", r.promises_checked},
        {"judged", r.commands_judged}, {"cpu_ns", report.cpu_ns},
        {"crash", report.crash},      {"begun_ns", r.begun_ns},
    };
    return line.dump(-1, ' ', true, json::error_handler_t::replace);
}

bool from_line(const std::string& line, SeedReport& report) {
    const json parsed = json::parse(line, nullptr, false);
    if (parsed.is_discarded() || !parsed.is_object()) return false;
    RunResult& r = report.result;
    r.seed = parsed["seed"];
    for (const json& v : parsed["violations"]) r.violations.push_back({v[0], v[1], v[2]});
    r.violation_count = parsed["count"];
    r.trace_hash = parsed["hash"];
    r.events = parsed["events"];
    r.simulated_ns = parsed["simulated_ns"];
    r.operations = parsed["operations"];
    r.faults = parsed["faults"];
    r.fault_points = parsed["fault_points"];
    r.elections = parsed["elections"];
    r.deep_checks = parsed["deep_checks"];
    r.promises_checked = parsed["promises"];
    r.commands_judged = parsed["judged"];
    r.begun_ns = parsed["begun_ns"];
    report.cpu_ns = parsed["cpu_ns"];
    report.crash = parsed["crash"];
    return true;
}

}  // namespace quern::harness
