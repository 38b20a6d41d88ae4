#include "harness/runner.h"

#include <fmt/format.h>

#include "harness/run.h"

namespace quern::harness {

uint64_t RunResult::operation_count() const {
    uint64_t count = 0;
    for (const auto& of_kind : operations) {
        for (const uint64_t n : of_kind) count += n;
    }
    return count;
}

RunResult run(const RunPlan& plan, RunOptions options) {
    Run one(plan, std::move(options));
    return one.execute();
}

}  // namespace quern::harness
