#include "harness/causality.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/forks.h"
#include "harness/runner.h"
#include "harness/trial.h"
#include "sim/world/draws.h"

namespace quern::harness {

namespace {

constexpr int64_t second_ns = 1'000'000'000;
constexpr size_t story_lines_max = 60;

// The story between two instants before the violation; if that is long, without what clients asked.
std::vector<std::string> story_between(const RunPlan& plan, int64_t from_ns, int64_t until_ns) {
    std::vector<std::string> lines;
    bool telling = false;
    RunOptions options;
    options.instants_ns = {from_ns};
    options.at_instant = [&telling](size_t) {
        telling = true;
        return false;
    };
    options.until_ns = until_ns;
    options.story = [&](const std::string& line) {
        if (telling) lines.push_back(line);
    };
    run(plan, std::move(options));
    if (lines.size() > story_lines_max) {
        std::erase_if(lines, [](const std::string& line) {
            return line.find(" client ") != std::string::npos;
        });
    }
    if (lines.size() > story_lines_max) {
        lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(story_lines_max));
    }
    return lines;
}

const Violation* chosen(const RunResult& result, const std::string& wanted) {
    for (const Violation& v : result.violations) {
        if (wanted.empty() || v.invariant == wanted) return &v;
    }
    return nullptr;
}

}  // namespace

std::vector<int64_t> fork_instants(int64_t begun_ns, int64_t violated_ns, uint32_t forks) {
    std::vector<int64_t> instants;
    const int64_t span = std::max<int64_t>(0, violated_ns - begun_ns);
    for (uint32_t i = 0; i < forks; ++i) {
        const int64_t at = begun_ns + span / forks * i;
        if (instants.empty() || at > instants.back()) instants.push_back(at);
    }
    return instants;
}

uint64_t fork_salt(uint64_t seed, size_t instant, uint32_t attempt) {
    const uint64_t salt = mix64(mix64(mix64(seed) ^ instant) ^ attempt);
    return salt != 0 ? salt : 1;
}

std::optional<size_t> Causality::inevitable() const {
    std::optional<size_t> first;
    for (size_t i = points.size(); i-- > 0 && points[i].violated == points[i].tries;) first = i;
    return first;
}

std::optional<size_t> Causality::steepest() const {
    std::optional<size_t> best;
    double most = 0;
    for (size_t i = 1; i < points.size(); ++i) {
        const double rise = points[i].share() - points[i - 1].share();
        if (rise <= most) continue;
        most = rise;
        best = i;
    }
    return best;
}

Causality find_causality(const RunPlan& plan, CausalityOptions options) {
    Causality found;
    const int64_t started_ns = monotonic_ns();
    const Original original = run_original(plan);
    const int64_t took_ns = monotonic_ns() - started_ns;
    const Violation* violation = chosen(original.report.result, options.invariant);
    if (violation == nullptr) return found;
    found.invariant = violation->invariant;
    found.text = violation->text;
    found.violated_ns = violation->at_ns > 0 ? violation->at_ns : original.last_event_ns;
    Forks forks;
    forks.invariant = found.invariant;
    forks.tries = options.tries;
    forks.jobs = std::max<uint32_t>(1, options.jobs);
    forks.one_ns_max = options.try_seconds > 0 ? options.try_seconds * second_ns : 5 * took_ns + 2 * second_ns;
    forks.progress = std::move(options.progress);
    const auto instants =
        fork_instants(original.begun_ns, found.violated_ns, std::max<uint32_t>(1, options.forks));
    found.points = forks.run_all(plan, instants);
    if (const auto step = found.steepest()) {
        found.story = story_between(plan, found.points[*step - 1].at_ns, found.points[*step].at_ns);
    }
    return found;
}

}  // namespace quern::harness
