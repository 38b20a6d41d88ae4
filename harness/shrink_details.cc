// Making what is left of a plan shorter and simpler.
#include <algorithm>
#include <set>

#include "harness/shrinker.h"

namespace quern::harness {

namespace {

constexpr int64_t ms_ns = 1'000'000;
// Details are seen to when there are few elements.
constexpr size_t elements_max = 40;

template <typename T>
std::vector<std::vector<T>> without_each(const std::vector<T>& all, size_t least) {
    std::vector<std::vector<T>> lists;
    if (all.size() <= least) return lists;
    for (size_t i = 0; i < all.size(); ++i) {
        lists.push_back(all);
        lists.back().erase(lists.back().begin() + static_cast<std::ptrdiff_t>(i));
    }
    return lists;
}

int64_t rounded(int64_t ns, int64_t unit) { return (ns + unit / 2) / unit * unit; }

// Every time of the plan that is at `from_ns` or later moves by so much towards the start.
void move_earlier(RunPlan& plan, int64_t from_ns, int64_t by_ns) {
    for (PlannedOperation& op : plan.operations) {
        if (op.at_ns >= from_ns) op.at_ns -= by_ns;
    }
    for (sim::Fault& fault : plan.faults.faults) {
        if (fault.at.ns >= from_ns) {
            fault.at.ns -= by_ns;
        } else if (fault.end().ns > from_ns) {
            fault.lasts.ns = std::max<int64_t>(fault.lasts.ns - by_ns, ms_ns);
        }
    }
    plan.faults.sort();
    if (plan.stop_ms > 0) plan.stop_ms = std::max<int64_t>(1, plan.stop_ms - by_ns / ms_ns);
}

std::set<int64_t> times_of(const RunPlan& plan) {
    std::set<int64_t> times;
    for (const PlannedOperation& op : plan.operations) times.insert(op.at_ns);
    for (const sim::Fault& fault : plan.faults.faults) times.insert(fault.at.ns);
    return times;
}

}  // namespace

void Shrinker::simpler_operation(size_t at) {
    auto change = [&](const std::function<void(PlannedOperation&)>& how) {
        return accept_change([&](RunPlan& plan) { how(plan.operations[at]); });
    };
    auto each = [&](auto part) {
        bool less = true;
        while (less) {
            std::vector<RunPlan> plans;
            for (auto& list : without_each(best_.operations[at].*part, 1)) {
                plans.push_back(best_);
                plans.back().operations[at].*part = std::move(list);
            }
            less = accept_first(std::move(plans));
        }
    };
    each(&PlannedOperation::bodies);
    each(&PlannedOperation::receipts);
    for (size_t i = 0; i < best_.operations[at].bodies.size(); ++i) {
        change([i](PlannedOperation& op) { op.bodies[i].delay_ms = -1; });
        if (best_.operations[at].bodies[i].size_bytes != 16) {
            change([i](PlannedOperation& op) { op.bodies[i].size_bytes = 16; });
        }
    }
    for (size_t i = 0; i < best_.operations[at].receipts.size(); ++i) {
        change([i](PlannedOperation& op) { op.receipts[i].visibility_ms = 0; });
    }
    const OpKind kind = best_.operations[at].kind;
    if (kind == OpKind::receive || kind == OpKind::peek) {
        change([](PlannedOperation& op) { op.messages_max = 1; });
        change([](PlannedOperation& op) { op.wait_ms = 0; });
        change([](PlannedOperation& op) { op.visibility_ms = -1; });
        change([](PlannedOperation& op) { op.from_seq = 0; });
    }
}

void Shrinker::simpler_operations() {
    if (best_.operations.size() > elements_max) return;
    for (size_t at = 0; at < best_.operations.size(); ++at) simpler_operation(at);
}

void Shrinker::simpler_fault(size_t at) {
    auto change = [&](const std::function<void(sim::Fault&)>& how) {
        return accept_change([&](RunPlan& plan) { how(plan.faults.faults[at]); });
    };
    auto each = [&](std::vector<std::string> sim::Fault::*side) {
        bool less = true;
        while (less) {
            std::vector<RunPlan> plans;
            for (auto& list : without_each(best_.faults.faults[at].*side, 1)) {
                plans.push_back(best_);
                plans.back().faults.faults[at].*side = std::move(list);
            }
            less = accept_first(std::move(plans));
        }
    };
    each(&sim::Fault::a);
    each(&sim::Fault::b);
    change([](sim::Fault& fault) { fault.file_class.clear(); });
    const auto parameters = best_.faults.faults[at].parameters;
    for (const auto& [name, value] : parameters) {
        change([&name = name](sim::Fault& fault) { fault.parameters.erase(name); });
    }
    std::vector<RunPlan> plans;
    const int64_t lasts = best_.faults.faults[at].lasts.ns;
    for (const int64_t ns : {ms_ns, 100 * ms_ns, 1'000 * ms_ns, rounded(lasts / 2, 10 * ms_ns)}) {
        if (ns <= 0 || ns >= lasts) continue;
        plans.push_back(best_);
        plans.back().faults.faults[at].lasts.ns = ns;
    }
    accept_first(std::move(plans));
}

void Shrinker::simpler_faults() {
    if (best_.faults.faults.size() > elements_max) return;
    for (size_t at = 0; at < best_.faults.faults.size(); ++at) simpler_fault(at);
}

void Shrinker::simpler_aims() {
    if (best_.aims.size() > elements_max) return;
    for (size_t at = 0; at < best_.aims.size(); ++at) {
        auto change = [&](const std::function<void(Aim&)>& how) {
            accept_change([&](RunPlan& plan) { how(plan.aims[at]); });
        };
        change([](Aim& aim) { aim.delay = Duration::zero(); });
        change([](Aim& aim) { aim.fault.file_class.clear(); });
        change([](Aim& aim) { aim.fault.lasts = Duration::milliseconds(1); });
        const auto parameters = best_.aims[at].fault.parameters;
        for (const auto& [name, value] : parameters) {
            change([&name = name](Aim& aim) { aim.fault.parameters.erase(name); });
        }
    }
}

void Shrinker::shorter_gaps() {
    if (times_of(best_).size() > elements_max) return;
    int64_t before = 0;
    for (size_t i = 0; i < times_of(best_).size(); ++i) {
        const std::set<int64_t> times = times_of(best_);
        const int64_t at = *std::next(times.begin(), static_cast<std::ptrdiff_t>(i));
        const int64_t gap = at - before;
        std::vector<RunPlan> plans;
        for (const int64_t left : {ms_ns, 10 * ms_ns, 100 * ms_ns, gap / 2}) {
            const int64_t by = (gap - left) / ms_ns * ms_ns;
            if (by <= 0) continue;
            plans.push_back(best_);
            move_earlier(plans.back(), at, by);
        }
        accept_first(std::move(plans));
        const std::set<int64_t> now = times_of(best_);
        if (i >= now.size()) break;
        before = *std::next(now.begin(), static_cast<std::ptrdiff_t>(i));
    }
    say("gaps shortened");
}

void Shrinker::rounder_times() {
    if (times_of(best_).size() > elements_max) return;
    for (const int64_t unit : {100 * ms_ns, 10 * ms_ns, ms_ns}) {
        accept_change([unit](RunPlan& plan) {
            for (PlannedOperation& op : plan.operations) op.at_ns = rounded(op.at_ns, unit);
            for (sim::Fault& fault : plan.faults.faults) {
                fault.at.ns = rounded(fault.at.ns, unit);
                if (fault.lasts.ns > unit) fault.lasts.ns = rounded(fault.lasts.ns, unit);
            }
        });
    }
    for (size_t i = 0; i < best_.operations.size(); ++i) {
        std::vector<RunPlan> plans;
        for (const int64_t unit : {100 * ms_ns, 10 * ms_ns, ms_ns}) {
            if (best_.operations[i].at_ns % unit == 0) break;
            plans.push_back(best_);
            plans.back().operations[i].at_ns = rounded(best_.operations[i].at_ns, unit);
        }
        accept_first(std::move(plans));
    }
    for (size_t i = 0; i < best_.faults.faults.size(); ++i) {
        std::vector<RunPlan> plans;
        for (const int64_t unit : {100 * ms_ns, 10 * ms_ns, ms_ns}) {
            if (best_.faults.faults[i].at.ns % unit == 0) break;
            plans.push_back(best_);
            plans.back().faults.faults[i].at.ns = rounded(best_.faults.faults[i].at.ns, unit);
        }
        accept_first(std::move(plans));
    }
}

// The run ends soon after its last element, or soon after the violation.
void Shrinker::tighten_end() {
    std::vector<RunPlan> plans;
    const std::set<int64_t> times = times_of(best_);
    const int64_t last_ms = times.empty() ? 0 : *times.rbegin() / ms_ns;
    int64_t RunPlan::*end = best_.stop_ms > 0 ? &RunPlan::stop_ms : &RunPlan::chaos_ms;
    for (const int64_t slack_ms : {0, 400, 900, 1'900, 4'900, 9'900}) {
        const int64_t end_ms = (last_ms / 100 + 1) * 100 + slack_ms;
        if (end_ms >= best_.*end) continue;
        plans.push_back(best_);
        plans.back().*end = end_ms;
    }
    accept_first(std::move(plans));
}

}  // namespace quern::harness
