// What the runs of a campaign come to together.
#include <fmt/format.h>

#include "harness/campaign.h"

namespace quern::harness {

namespace {

constexpr size_t failures_shown_max = 20;
constexpr size_t violations_shown_max = 3;

// What steering added to what the seed alone draws.
std::string steering_words(const SeedReport& report) {
    std::string text = report.weights.empty() ? "" : " --weigh " + report.weights;
    for (const std::string& aim : report.aims) text += " --aim " + aim;
    return text;
}

std::string describe(const SeedReport& report, const CampaignOptions& options) {
    std::string text;
    const auto& violations = report.result.violations;
    for (size_t i = 0; i < violations.size() && i < violations_shown_max; ++i) {
        text += fmt::format("seed {}: {} at {:.3f} s: {}\n", report.result.seed,
                            violations[i].invariant, static_cast<double>(violations[i].at_ns) / 1e9,
                            violations[i].text);
    }
    if (report.result.violation_count > violations_shown_max) {
        text += fmt::format("  … and {} more\n", report.result.violation_count - violations_shown_max);
    }
    return text + "  replay: " + replay_command(report.result.seed, options.faults, options.kind) +
           steering_words(report) + "\n";
}

template <typename Array>
void add_counts(Array& into, const Array& from) {
    for (size_t i = 0; i < into.size(); ++i) into[i] += from[i];
}

}  // namespace

void add_report(CampaignResult& result, const SeedReport& report, const CampaignOptions& options) {
    const RunResult& r = report.result;
    ++result.seeds;
    result.verified += report.verified ? 1 : 0;
    result.cpu_ns += report.cpu_ns;
    result.simulated_ns += r.simulated_ns;
    result.events += r.events;
    result.violations += r.violation_count;
    result.trace_hash.add(r.trace_hash);
    RunResult& total = result.total;
    for (size_t i = 0; i < op_kind_count; ++i) add_counts(total.operations[i], r.operations[i]);
    add_counts(total.faults, r.faults);
    add_counts(total.fault_points, r.fault_points);
    total.coverage.add(r.coverage);
    total.aims_met += r.aims_met;
    add_counts(total.drills, r.drills);
    add_counts(total.drills_judged, r.drills_judged);
    total.elections += r.elections;
    total.deep_checks += r.deep_checks;
    total.promises_checked += r.promises_checked;
    total.commands_judged += r.commands_judged;
    if (r.violation_count == 0) return;
    if (result.failed_seeds.empty() && !r.violations.empty()) {
        result.first_invariant = r.violations.front().invariant;
        result.first_text = r.violations.front().text;
    }
    result.failed_seeds.push_back(r.seed);
    if (result.failures.size() < failures_shown_max) {
        result.failures.push_back(describe(report, options));
    }
}

std::string replay_command(uint64_t seed, bool faults, PlanKind kind) {
    return fmt::format("quern-sim replay {}{}{}", seed, kind == PlanKind::small ? " --shape small" : "",
                       faults ? "" : " --no-faults");
}

}  // namespace quern::harness
