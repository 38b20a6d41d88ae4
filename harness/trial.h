// Tries plans, each in a process of its own, since what a plan shows may be an assertion: does it still
// violate what it is made to show? Several run side by side; which of a list is the first that fails does
// not depend on how many.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/result_text.h"
#include "harness/run_plan.h"

namespace quern::harness {

struct TrialOptions {
    uint32_t jobs = 1;
    int64_t deadline_ns = INT64_MAX;  // by the monotonic clock of this machine: no trial is begun after it
    int64_t one_ns_max = 30'000'000'000;  // a trial that takes longer passes
};

// The time by the clock of deadlines.
int64_t monotonic_ns();

// The name under which a crash is known: "crash" and the place of the assertion, if there was one.
std::string crash_name(const std::string& words);

class Trials {
public:
    explicit Trials(TrialOptions options) : options_(options) {}

    // Runs the plan and tells what it violated; violations[0].invariant names a crash. With `stop_at` the
    // run ends as soon as that is violated. None: it took too long.
    // `written`, if it is not null, gets the operations that the clients asked.
    std::optional<SeedReport> run_one(const RunPlan& plan, const std::string& stop_at,
                                      std::vector<PlannedOperation>* written = nullptr);
    // The first of the plans that violates `target`. None: no plan does, or time was up.
    std::optional<size_t> first_failing(const std::vector<RunPlan>& plans, const std::string& target);
    bool fails(const RunPlan& plan, const std::string& target) {
        return first_failing({plan}, target).has_value();
    }

    uint64_t count() const { return count_; }  // of runs
    bool time_is_up() const { return monotonic_ns() >= options_.deadline_ns; }
    void set_one_max(int64_t ns) { options_.one_ns_max = ns; }
    // From now on.
    void set_deadline(int64_t ns) { options_.deadline_ns = ns; }

private:
    TrialOptions options_;
    uint64_t count_ = 0;
    std::map<std::string, bool> known_;  // plan and target: whether it fails
};

}  // namespace quern::harness
