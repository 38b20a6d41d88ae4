// Whole clusters under any plan: properties whose counterexamples RapidCheck makes small.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/runner.h"
#include "tests/unit/harness/plan_gen.h"

namespace quern::harness {
namespace {

// `runs` of them, or as many as RC_PARAMS="max_success=1000" asks for.
template <typename Property>
rc::detail::TestResult checked(int runs, Property property) {
    rc::detail::TestParams params = rc::detail::configuration().testParams;
    if (params.maxSuccess == rc::detail::TestParams().maxSuccess) params.maxSuccess = runs;
    return rc::detail::checkTestable(std::move(property), rc::detail::TestMetadata(), params);
}

std::string words_of(const rc::detail::TestResult& result) {
    std::ostringstream out;
    rc::detail::printResultMessage(result, out);
    return out.str();
}

bool passed(const rc::detail::TestResult& result) {
    return result.is<rc::detail::SuccessResult>();
}

TEST(ClusterProperty, plans_hold_faults_of_every_kind) {
    std::array<size_t, sim::fault_kind_count> seen{};
    std::array<size_t, protocol_state_count> aimed{};
    for (uint64_t i = 0; i < 200; ++i) {
        const RunPlan plan = generated_plans()(rc::Random(i), 20).value().plan();
        for (const sim::Fault& fault : plan.faults.faults) ++seen[static_cast<size_t>(fault.kind)];
        for (const Aim& aim : plan.aims) ++aimed[static_cast<size_t>(aim.state)];
        const Result<RunPlan> parsed = RunPlan::parse(plan.to_string());
        ASSERT_TRUE(parsed.has_value()) << parsed.error().to_string();
        EXPECT_EQ(parsed->to_string(), plan.to_string());
    }
    for (size_t i = 0; i < sim::fault_kind_count; ++i) {
        const auto kind = static_cast<sim::FaultKind>(i);
        const bool later = kind == sim::FaultKind::disk_lost || kind == sim::FaultKind::disks_swapped;
        EXPECT_EQ(seen[i] == 0, later) << sim::fault_kind_name(kind);
    }
    for (size_t i = 0; i < protocol_state_count; ++i) {
        EXPECT_EQ(aimed[i] == 0, static_cast<ProtocolState>(i) == ProtocolState::quiet) << i;
    }
}

TEST(ClusterProperty, no_plan_breaks_a_promise) {
    const auto result = checked(25, [] {
        const GeneratedPlan generated = *generated_plans();
        const RunResult run = harness::run(generated.plan());
        for (const Violation& v : run.violations) RC_LOG() << v.invariant << ": " << v.text << "\n";
        RC_ASSERT(run.violation_count == 0u);
    });
    EXPECT_TRUE(passed(result)) << words_of(result);
}

TEST(ClusterProperty, a_plan_run_twice_is_the_same_run) {
    const auto result = checked(5, [] {
        const RunPlan plan = (*generated_plans()).plan();
        const RunResult first = harness::run(plan);
        RC_ASSERT(harness::run(plan).trace_hash == first.trace_hash);
        const Result<RunPlan> parsed = RunPlan::parse(plan.to_string());
        RC_ASSERT(parsed.has_value());
        RC_ASSERT(harness::run(*parsed).trace_hash == first.trace_hash);
    });
    EXPECT_TRUE(passed(result)) << words_of(result);
}

// Seen to shrink: a claim that is wrong ends with the one fault that refutes it, in the smallest cluster.
TEST(ClusterProperty, a_counterexample_is_small) {
    GeneratedPlan least;
    const auto result = checked(100, [&least] {
        const GeneratedPlan generated = *generated_plans();
        const bool clogged = std::any_of(generated.faults.begin(), generated.faults.end(),
                                        [](const auto& f) { return f.kind == sim::FaultKind::clog; });
        if (clogged) least = generated;
        RC_ASSERT(!clogged);
    });
    EXPECT_FALSE(passed(result));
    EXPECT_EQ(least.faults.size(), 1u);
    EXPECT_TRUE(least.aims.empty());
    EXPECT_EQ(least.storage_nodes, 3);
    EXPECT_EQ(least.clients, 1);
    EXPECT_EQ(least.faults.front().at_ms, 0);
}

}  // namespace
}  // namespace quern::harness
