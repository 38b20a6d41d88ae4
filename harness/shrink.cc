#include "harness/shrink.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/shrinker.h"
#include "system/base/log.h"

namespace quern::harness {

namespace {

constexpr int64_t ms_ns = 1'000'000;
constexpr int64_t second_ns = 1'000'000'000;
// Details are made simpler so often; each time something whole may have become needless.
constexpr int rounds_max = 4;

// Which of a plan's violations to keep.
const Violation* chosen(const SeedReport& report, const std::string& wanted) {
    for (const Violation& v : report.result.violations) {
        if (wanted.empty() || v.invariant == wanted) return &v;
    }
    return nullptr;
}

}  // namespace

Shrinker::Shrinker(const RunPlan& plan, ShrinkOptions options)
    : options_(std::move(options)), started_ns_(monotonic_ns()),
      trials_({std::max<uint32_t>(1, options_.jobs), INT64_MAX, 120 * second_ns}), best_(plan) {}

void Shrinker::say(const std::string& what) {
    if (!options_.progress) return;
    options_.progress(fmt::format("{:.1f} s, {} runs: {}; {} faults, {} operations",
                                  static_cast<double>(monotonic_ns() - started_ns_) / 1e9,
                                  trials_.count(), what,
                                  best_.faults.faults.size() + best_.aims.size(),
                                  best_.scripted != 0 ? std::to_string(best_.operations.size())
                                                      : std::string("drawn")));
}

bool Shrinker::find_target() {
    std::vector<PlannedOperation> written;
    const auto report = trials_.run_one(best_, "", &written);
    const int64_t took = monotonic_ns() - started_ns_;
    trials_.set_one_max(5 * took + 2 * second_ns);
    trials_.set_deadline(started_ns_ + options_.seconds * second_ns);
    if (!report) return false;
    const Violation* violation = chosen(*report, options_.invariant);
    if (violation == nullptr) return false;
    target_ = violation->invariant;
    text_ = violation->text;
    found_ns_ = violation->at_ns > 0 ? violation->at_ns - report->result.begun_ns : INT64_MAX / 2;
    say("violates " + target_);
    if (best_.scripted != 0) return true;
    RunPlan listed = best_;
    listed.scripted = 1;
    listed.operations = std::move(written);
    listed.weights = {};
    if (accept(std::move(listed))) say("operations written down");
    return true;
}

bool Shrinker::accept(RunPlan plan) { return accept_first({std::move(plan)}); }

bool Shrinker::accept_first(std::vector<RunPlan> plans) {
    const std::string now = best_.to_short_string();
    for (RunPlan& plan : plans) {
        plan.faults.sort();
        std::stable_sort(plan.operations.begin(), plan.operations.end(),
                         [](const auto& a, const auto& b) { return a.at_ns < b.at_ns; });
    }
    std::erase_if(plans, [&](const RunPlan& plan) { return plan.to_short_string() == now; });
    const auto first = trials_.first_failing(plans, target_);
    if (!first) return false;
    best_ = std::move(plans[*first]);
    return true;
}

bool Shrinker::accept_change(const Change& change) {
    RunPlan plan = best_;
    change(plan);
    return accept(std::move(plan));
}

bool Shrinker::reduce(size_t count, const std::function<RunPlan(const Selection&)>& plan_of) {
    const Selection kept = minimise(count, [&](const std::vector<Selection>& selections) {
        std::vector<RunPlan> plans;
        for (const Selection& selection : selections) plans.push_back(plan_of(selection));
        return trials_.first_failing(plans, target_);
    });
    if (kept.size() == count) return false;
    best_ = plan_of(kept);
    return true;
}

// The run ends soon after the violation, or at least with the clients' work.
void Shrinker::cut_time() {
    std::vector<RunPlan> plans;
    for (const int64_t slack_ms : {200, 3'000}) {
        const int64_t end_ms = std::max<int64_t>(0, found_ns_ / ms_ns) + slack_ms;
        if (end_ms >= best_.chaos_ms) break;
        plans.push_back(best_);
        plans.back().stop_ms = end_ms;
    }
    plans.push_back(best_);
    plans.back().stop_ms = best_.chaos_ms;
    for (const int64_t parts : {4, 2}) {
        plans.push_back(best_);
        plans.back().chaos_ms = best_.chaos_ms / parts;
    }
    if (!accept_first(std::move(plans))) return;
    const int64_t end_ns = (best_.stop_ms > 0 ? best_.stop_ms : best_.chaos_ms) * ms_ns;
    accept_change([&](RunPlan& plan) {
        std::erase_if(plan.operations, [&](const auto& op) { return op.at_ns >= end_ns; });
        std::erase_if(plan.faults.faults, [&](const auto& fault) { return fault.at.ns >= end_ns; });
        if (plan.stop_ms > 0) plan.chaos_ms = RunPlan{}.chaos_ms;
    });
    say("cut short");
}

// Whole elements, until none can be left out.
void Shrinker::leave_out() {
    std::string before;
    do {
        before = best_.to_short_string();
        fewer_faults();
        fewer_aims();
        fewer_operations();
        fewer_nodes();
        fewer_knobs();
        fewer_clients();
    } while (before != best_.to_short_string() && !trials_.time_is_up());
}

void Shrinker::simplify() {
    simpler_operations();
    simpler_faults();
    simpler_aims();
    shorter_gaps();
    rounder_times();
    tighten_end();
}

ShrinkResult Shrinker::run() {
    ShrinkResult result;
    result.failed = find_target();
    if (result.failed) {
        cut_time();
        for (int round = 1; round <= rounds_max && !trials_.time_is_up(); ++round) {
            const std::string before = best_.to_short_string();
            leave_out();
            simplify();
            if (before == best_.to_short_string()) break;
        }
        leave_out();
        result.minimal = !trials_.time_is_up();
        trials_.set_deadline(INT64_MAX);
        const auto last = trials_.run_one(best_, target_);
        const Violation* violation = last ? chosen(*last, target_) : nullptr;
        if (violation != nullptr) text_ = violation->text;
    }
    result.plan = best_;
    result.invariant = target_;
    result.text = text_;
    result.trials = trials_.count();
    result.wall_ns = monotonic_ns() - started_ns_;
    return result;
}

std::string ShrinkResult::to_file() const {
    std::string shown = printable(text.substr(0, 200));
    return fmt::format("# {}: {}\n# {} faults, {} operations{}.\n", invariant, shown,
                       plan.faults.faults.size() + plan.aims.size(),
                       plan.scripted != 0 ? std::to_string(plan.operations.size()) : "drawn",
                       minimal ? "; none of them can be left out" : "") +
           plan.to_short_string();
}

ShrinkResult shrink(const RunPlan& plan, ShrinkOptions options) {
    return Shrinker(plan, std::move(options)).run();
}

}  // namespace quern::harness
