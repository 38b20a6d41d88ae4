#include "harness/result_text.h"

#include "harness/json_line.h"

namespace quern::harness {

using nlohmann::json;

namespace {

// Most cells are empty: kind, state and count of the others; then how often each state began.
json to_json(const Coverage& coverage) {
    json cells = json::array();
    for (size_t k = 0; k < coverage.cells.size(); ++k) {
        for (size_t s = 0; s < protocol_state_count; ++s) {
            if (coverage.cells[k][s] > 0) cells.push_back({k, s, coverage.cells[k][s]});
        }
    }
    return {{"cells", cells}, {"began", coverage.began}};
}

// Throws if something is missing, of another type or out of range.
Coverage coverage_of(const json& parsed) {
    Coverage coverage;
    for (const json& cell : parsed.at("cells")) {
        const size_t kind = cell.at(0);
        const size_t state = cell.at(1);
        coverage.cells.at(kind).at(state) = cell.at(2);
    }
    coverage.began = parsed.at("began");
    return coverage;
}

}  // namespace

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
        {"verified", report.verified},
        {"coverage", to_json(r.coverage)}, {"aims_met", r.aims_met},
        {"drills", r.drills}, {"drills_judged", r.drills_judged},
        {"aims", report.aims},      {"weights", report.weights},
        {"crash", report.crash},      {"begun_ns", r.begun_ns},
    };
    return line.dump(-1, ' ', true, json::error_handler_t::replace);
}

namespace {

// Throws if something is missing or of another type.
SeedReport report_of(const json& parsed) {
    SeedReport report;
    RunResult& r = report.result;
    r.seed = parsed.at("seed");
    for (const json& v : parsed.at("violations")) {
        r.violations.push_back({v.at(0), v.at(1), v.at(2)});
    }
    r.violation_count = parsed.at("count");
    r.trace_hash = parsed.at("hash");
    r.events = parsed.at("events");
    r.simulated_ns = parsed.at("simulated_ns");
    r.operations = parsed.at("operations");
    r.faults = parsed.at("faults");
    r.fault_points = parsed.at("fault_points");
    r.elections = parsed.at("elections");
    r.deep_checks = parsed.at("deep_checks");
    r.promises_checked = parsed.at("promises");
    r.commands_judged = parsed.at("judged");
    r.begun_ns = parsed.at("begun_ns");
    report.cpu_ns = parsed.at("cpu_ns");
    report.verified = parsed.at("verified");
    r.coverage = coverage_of(parsed.at("coverage"));
    r.aims_met = parsed.at("aims_met");
    r.drills = parsed.at("drills");
    r.drills_judged = parsed.at("drills_judged");
    report.aims = parsed.at("aims");
    report.weights = parsed.at("weights");
    report.crash = parsed.at("crash");
    return report;
}

}  // namespace

bool from_line(const std::string& line, SeedReport& report) {
    const json parsed = parse_whole_numbers(line);
    if (!parsed.is_object()) return false;
    try {
        report = report_of(parsed);
    } catch (const std::exception&) {
        return false;
    }
    return true;
}

}  // namespace quern::harness
