// Texts of fault plans and run plans. What is read prints to a text that reads as the same.
#include <cstdlib>
#include <string>

#include "harness/run_plan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace quern;
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (const auto plan = sim::FaultPlan::parse(text)) {
        const auto again = sim::FaultPlan::parse(plan->to_string());
        if (!again || *again != *plan) std::abort();
    }
    if (const auto plan = harness::RunPlan::parse(text)) {
        const auto again = harness::RunPlan::parse(plan->to_string());
        if (!again || again->to_string() != plan->to_string()) std::abort();
    }
    return 0;
}
