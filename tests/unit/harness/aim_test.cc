// Faults that wait for their moment, and campaigns that are steered by them.
#include "harness/aim.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/campaign.h"
#include "harness/runner.h"
#include "harness/shrink.h"

namespace quern::harness {
namespace {

using sim::FaultKind;

TEST(Aim, is_printed_and_parsed) {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
        for (const CoverageCell& cell : possible_cells()) {
            if (!can_aim(cell)) continue;
            const Aim aim = make_aim(seed, cell);
            EXPECT_EQ(aim.cell(), cell);
            const auto again = Aim::parse(aim.to_string());
            ASSERT_TRUE(again.has_value()) << aim.to_string() << ": " << again.error().to_string();
            EXPECT_EQ(*again, aim);
        }
    }
}

TEST(Aim, what_is_wrong_is_said) {
    for (const char* line :
         {"", "7 kill", "7 kill state=tea", "7 kill state=quiet", "7 disk_lost state=purge",
          "7 kill state=purge a=s1", "7 kill state=purge b=s1", "7 kill state=purge at=1.0",
          "7 kill state=purge nth=0", "7 kill state=purge delay_us=-1", "0 kill state=purge",
          "7 kill state=purge state=election", "7 tea state=purge"}) {
        EXPECT_FALSE(Aim::parse(line).has_value()) << line;
    }
}

TEST(Aim, a_plan_with_aims_is_printed_and_parsed) {
    RunPlan plan = make_plan(3, true);
    plan.aims.clear();
    add_aim(plan, {FaultKind::partition, ProtocolState::election});
    add_aim(plan, {FaultKind::bit_rot, ProtocolState::recovery});
    add_aim(plan, {FaultKind::partition, ProtocolState::election});
    ASSERT_EQ(plan.aims.size(), 2u);
    const Result<RunPlan> again = RunPlan::parse(plan.to_string());
    ASSERT_TRUE(again.has_value()) << again.error().to_string();
    EXPECT_EQ(again->aims, plan.aims);
    EXPECT_FALSE(RunPlan::parse("aim 7 kill\n").has_value());
}

// The plan's only fault is the one that waits.
RunPlan aimed_plan(const std::string& aim) {
    RunPlan plan = make_plan(5, false);
    plan.storage_nodes = plan.replication = 3;
    plan.snapshot_entries = 20;
    plan.chaos_ms = 5'000;
    plan.aims = {*Aim::parse(aim)};
    return plan;
}

struct Story {
    std::vector<std::string> lines;
    RunResult result;
    size_t count(const std::string& words) const {
        return static_cast<size_t>(std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
            return line.find(words) != std::string::npos;
        }));
    }
};

Story story_of(const RunPlan& plan) {
    Story story;
    RunOptions options;
    options.story = [&](const std::string& line) { story.lines.push_back(line); };
    story.result = run(plan, std::move(options));
    return story;
}

TEST(Aim, strikes_the_machine_that_is_in_the_state) {
    const Story story = story_of(aimed_plan("7 power_loss state=snapshot_writing nth=2 for=0.5"));
    EXPECT_EQ(story.result.violation_count, 0u);
    EXPECT_EQ(story.result.aims_met, 1u);
    EXPECT_EQ(story.count("snapshot_writing on s"), 1u);
    EXPECT_EQ(story.count("begins: 7 power_loss"), 1u);
    EXPECT_EQ(story.result.faults[static_cast<size_t>(FaultKind::power_loss)], 1u);
    const CoverageCell met{FaultKind::power_loss, ProtocolState::snapshot_writing};
    EXPECT_EQ(story.result.coverage.at(met), 1u);
}

TEST(Aim, a_state_that_does_not_begin_so_often_is_waited_for_in_vain) {
    const Story story = story_of(aimed_plan("7 kill state=snapshot_writing nth=100000 for=0.5"));
    EXPECT_EQ(story.result.aims_met, 0u);
    EXPECT_EQ(story.result.faults[static_cast<size_t>(FaultKind::kill)], 0u);
}

TEST(Aim, links_are_cut_where_somebody_stands_for_election) {
    RunPlan plan = aimed_plan("8 partition state=election for=0.3");
    plan.aims.push_back(*Aim::parse("7 kill state=snapshot_writing for=2.0"));
    plan.aims.push_back(*Aim::parse("9 pause state=purge for=0.3"));
    plan.weights[static_cast<size_t>(OpKind::purge)] = 100;
    const Story story = story_of(plan);
    EXPECT_EQ(story.result.violation_count, 0u);
    EXPECT_EQ(story.count("begins: 9 pause"), 1u);
    EXPECT_GE(story.result.coverage.at({FaultKind::pause, ProtocolState::purge}), 1u);
    EXPECT_EQ(story.count("begins: 8 partition"),
              story.result.coverage.at({FaultKind::partition, ProtocolState::election}));
}

TEST(Aim, the_run_repeats) {
    const RunPlan plan = aimed_plan("7 pause state=long_poll nth=3 delay_us=100 for=0.5");
    EXPECT_EQ(run(plan).trace_hash, run(plan).trace_hash);
}

TEST(Shrink, leaves_aims_out) {
    RunPlan plan = aimed_plan("7 pause state=long_poll for=0.1");
    plan.clients = 2;
    plan.worker_clients = 0;
    plan.chaos_ms = 1'000;
    plan.settle_ms = 2'500;
    plan.plain_queues = 1;
    plan.weights = {};
    plan.weights[static_cast<size_t>(OpKind::send)] = 1;
    plan.weights[static_cast<size_t>(OpKind::receive)] = 1;
    const ShrinkResult result = shrink(plan, {.invariant = "L3", .seconds = 60});
    ASSERT_TRUE(result.failed);
    EXPECT_TRUE(result.plan.aims.empty());
}

TEST(Steering, goes_to_the_cells_that_were_met_least) {
    Coverage coverage;
    StateSet all;
    for (size_t s = 0; s < protocol_state_count; ++s) all.add(static_cast<ProtocolState>(s));
    for (size_t k = 0; k < sim::fault_kind_count; ++k) {
        for (int i = 0; i < 3; ++i) coverage.struck(static_cast<FaultKind>(k), all);
    }
    auto& kills = coverage.cells[static_cast<size_t>(FaultKind::kill)];
    kills[static_cast<size_t>(ProtocolState::purge)] = 0;
    kills[static_cast<size_t>(ProtocolState::quiet)] = 0;
    kills[static_cast<size_t>(ProtocolState::election)] = 1;
    coverage.cells[static_cast<size_t>(FaultKind::disk_lost)] = {};
    const std::vector<CoverageCell> wanted = {{FaultKind::kill, ProtocolState::purge},
                                              {FaultKind::kill, ProtocolState::election}};
    EXPECT_EQ(cells_to_aim_at(coverage, 2), wanted);
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        const auto some = cells_of_seed(seed, wanted);
        EXPECT_FALSE(some.empty());
        EXPECT_EQ(some, cells_of_seed(seed, wanted));
        for (const CoverageCell& cell : some) {
            EXPECT_NE(std::find(wanted.begin(), wanted.end(), cell), wanted.end());
        }
    }
    EXPECT_TRUE(cells_of_seed(1, {}).empty());
}

TEST(Steering, does_not_depend_on_the_number_of_processes) {
    CampaignOptions options;
    options.first_seed = 1;
    options.last_seed = 9;
    options.steer = true;
    options.epoch_seeds = 3;
    options.kind = PlanKind::small;
    options.verify_per_cent = 0;
    std::vector<std::vector<std::string>> aims[2];
    uint64_t hashes[2];
    for (const uint32_t jobs : {1u, 2u}) {
        options.jobs = jobs;
        const CampaignResult result = run_campaign(options, [&](const SeedReport& report) {
            aims[jobs - 1].push_back(report.aims);
        });
        EXPECT_EQ(result.seeds, 9u);
        hashes[jobs - 1] = result.trace_hash.value();
    }
    EXPECT_EQ(hashes[0], hashes[1]);
    EXPECT_EQ(aims[0], aims[1]);
    // The first epoch knows nothing yet; the others are steered.
    for (size_t i = 0; i < 9; ++i) EXPECT_EQ(aims[0][i].empty(), i < 3) << i;
    options.steer = false;
    EXPECT_NE(run_campaign(options).trace_hash.value(), hashes[0]);
}

}  // namespace
}  // namespace quern::harness
