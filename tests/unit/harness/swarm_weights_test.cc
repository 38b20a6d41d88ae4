// Weights of steered campaigns: what they are made of, what they bend, and that a run can be had again by them.
#include "harness/swarm_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harness/campaign.h"

namespace quern::harness {
namespace {

using sim::FaultKind;

uint32_t of(const SwarmWeights& weights, FaultKind kind) { return weights.faults[static_cast<size_t>(kind)]; }
uint32_t of(const SwarmWeights& weights, OpKind kind) { return weights.operations[static_cast<size_t>(kind)]; }

TEST(SwarmWeights, go_up_where_cells_are_empty_and_down_elsewhere) {
    EXPECT_EQ(weights_towards({}), SwarmWeights{});
    const SwarmWeights weights =
        weights_towards({{FaultKind::clock_drift, ProtocolState::purge},
                         {FaultKind::clock_drift, ProtocolState::repair},
                         {FaultKind::disk_stuck, ProtocolState::purge}});
    EXPECT_GT(of(weights, FaultKind::clock_drift), of(weights, FaultKind::disk_stuck));
    EXPECT_GT(of(weights, FaultKind::disk_stuck), SwarmWeights::usual);
    EXPECT_LT(of(weights, FaultKind::reset), SwarmWeights::usual);
    EXPECT_GT(of(weights, FaultKind::bit_rot), of(weights, FaultKind::reset));  // brings repair about
    EXPECT_GT(of(weights, OpKind::purge), SwarmWeights::usual);
    EXPECT_LT(of(weights, OpKind::grant), SwarmWeights::usual);
    EXPECT_EQ(of(weights, OpKind::send), SwarmWeights::usual);
    const SwarmWeights strong = weights_towards(
        std::vector<CoverageCell>(50, {FaultKind::clock_drift, ProtocolState::purge}));
    EXPECT_EQ(of(strong, FaultKind::clock_drift), SwarmWeights::most);
    EXPECT_EQ(of(strong, OpKind::purge), SwarmWeights::most);
}

TEST(SwarmWeights, are_printed_and_parsed) {
    EXPECT_EQ(SwarmWeights{}.to_string(), "");
    SwarmWeights weights;
    weights.faults[static_cast<size_t>(FaultKind::kill)] = 450;
    weights.operations[static_cast<size_t>(OpKind::purge)] = 0;
    EXPECT_EQ(weights.to_string(), "kill=450,purge=0");
    const SwarmWeights all = weights_towards({{FaultKind::clog, ProtocolState::grant_change}});
    for (const SwarmWeights& each : {SwarmWeights{}, weights, all}) {
        const auto again = SwarmWeights::parse(each.to_string());
        ASSERT_TRUE(again.has_value()) << each.to_string();
        EXPECT_EQ(*again, each);
    }
    for (const char* bad : {"kill", "kill=", "kill=1x", "kill=-1", "kill=601", "=5", "nothing=5", "kill=1,,"}) {
        EXPECT_FALSE(SwarmWeights::parse(bad).has_value()) << bad;
    }
}

struct Drawn {
    size_t drifts = 0;
    size_t resets = 0;
    int64_t purges = 0;  // in a thousand operations, summed
};
Drawn drawn_with(const SwarmWeights& weights) {
    Drawn drawn;
    for (uint64_t seed = 1; seed <= 200; ++seed) {
        const RunPlan plan = make_plan(seed, true, PlanKind::swarm, weights);
        for (const sim::Fault& fault : plan.faults.faults) {
            drawn.drifts += fault.kind == FaultKind::clock_drift ? 1 : 0;
            drawn.resets += fault.kind == FaultKind::reset ? 1 : 0;
        }
        int64_t all = 0;
        for (const int64_t weight : plan.weights) all += weight;
        drawn.purges += plan.weights[static_cast<size_t>(OpKind::purge)] * 1'000 / all;
    }
    return drawn;
}

TEST(SwarmWeights, bend_what_seeds_draw) {
    const auto weights = SwarmWeights::parse("clock_drift=400,reset=50,purge=300");
    ASSERT_TRUE(weights.has_value());
    const Drawn usual = drawn_with({});
    const Drawn bent = drawn_with(*weights);
    EXPECT_GT(usual.resets, 0u);
    EXPECT_GT(bent.drifts, usual.drifts * 3);
    EXPECT_LT(bent.resets * 3, usual.resets * 2);
    EXPECT_GT(bent.purges, usual.purges * 2);
}

// Kinds whose weight is usual keep their draws, unless others crowd them out of a short budget.
TEST(SwarmWeights, of_one_kind_leave_the_others_alone) {
    const auto weights = SwarmWeights::parse("clock_drift=600");
    ASSERT_TRUE(weights.has_value());
    const auto others = [](const RunPlan& plan) {
        std::vector<std::string> list;
        for (const sim::Fault& fault : plan.faults.faults) {
            if (fault.kind != FaultKind::clock_drift) list.push_back(fault.to_string());
        }
        return list;
    };
    size_t more = 0;
    for (uint64_t seed = 1; seed <= 100; ++seed) {
        const RunPlan usual = make_plan(seed, true);
        const RunPlan bent = make_plan(seed, true, PlanKind::swarm, *weights);
        // The budget may be spent.
        if (std::set<size_t>{5, 15, 40, 60, 90}.contains(bent.faults.faults.size())) continue;
        EXPECT_EQ(others(bent), others(usual)) << seed;
        more += bent.faults.faults.size() - usual.faults.faults.size();
    }
    EXPECT_GT(more, 0u);
}

// What a failure's replay command says is enough.
TEST(SwarmWeights, a_steered_run_is_had_again_by_its_seed_weights_and_aims) {
    CampaignOptions options;
    options.last_seed = 12;
    options.steer = true;
    options.epoch_seeds = 6;
    options.verify_per_cent = 0;
    size_t weighed = 0;
    const CampaignResult result = run_campaign(options, [&](const SeedReport& report) {
        const auto weights = SwarmWeights::parse(report.weights);
        ASSERT_TRUE(weights.has_value()) << report.weights;
        EXPECT_EQ(report.weights.empty(), report.result.seed <= 6);
        weighed += report.weights.empty() ? 0 : 1;
        RunPlan plan = make_plan(report.result.seed, true, PlanKind::swarm, *weights);
        for (const std::string& aim : report.aims) add_aim(plan, *CoverageCell::parse(aim));
        EXPECT_EQ(run(plan).trace_hash, report.result.trace_hash) << report.result.seed;
    });
    EXPECT_EQ(result.seeds, 12u);
    EXPECT_EQ(weighed, 6u);
}

TEST(SwarmWeights, are_named_by_the_command_that_replays_a_failure) {
    SeedReport report;
    report.result.seed = 300;
    report.result.violation_count = 1;
    report.result.violations.push_back({"Q1", "lost", 5});
    report.weights = "clock_drift=450,purge=200";
    report.aims = {"kill@repair"};
    CampaignResult result;
    add_report(result, report, {});
    ASSERT_EQ(result.failures.size(), 1u);
    const std::string command =
        "replay: quern-sim replay 300 --weigh clock_drift=450,purge=200 --aim kill@repair\n";
    EXPECT_NE(result.failures[0].find(command), std::string::npos) << result.failures[0];
    SeedReport read;
    ASSERT_TRUE(from_line(to_line(report), read));
    EXPECT_EQ(read.weights, report.weights);
}

}  // namespace
}  // namespace quern::harness
