// When a violation became inevitable: instants, salts, shares; and a run that is bound to fail late.
#include "harness/causality.h"

#include <gtest/gtest.h>

#include <set>

#include <nlohmann/json.hpp>

#include "harness/concerns.h"
#include "harness/runner.h"
#include "harness/trial.h"
#include "sim/world/draws.h"

namespace quern::harness {
namespace {

TEST(Causality, instants_are_spread_evenly_before_the_violation) {
    const std::vector<int64_t> wanted = {100, 125, 150, 175};
    EXPECT_EQ(fork_instants(100, 200, 4), wanted);
    EXPECT_EQ(fork_instants(100, 100, 4), std::vector<int64_t>{100});
    EXPECT_EQ(fork_instants(100, 50, 4), std::vector<int64_t>{100});
}

TEST(Causality, every_fork_has_a_salt_of_its_own) {
    std::set<uint64_t> salts;
    for (size_t instant = 0; instant < 12; ++instant) {
        for (uint32_t attempt = 0; attempt < 20; ++attempt) salts.insert(fork_salt(7, instant, attempt));
    }
    EXPECT_EQ(salts.size(), 240u);
    EXPECT_FALSE(salts.contains(0));
}

TEST(DrawSalt, changes_what_is_drawn_and_not_what_was_planned) {
    auto world = [](sim::Concern concern) { return sim::draw(3, concern, 5, 7); };
    auto client = [](Concern concern) { return draw(3, concern, 5, 7); };
    const uint64_t latency = world(sim::Concern::link_latency);
    const uint64_t plan = world(sim::Concern::plan_fault);
    const uint64_t atlas = world(sim::Concern::atlas);
    const uint64_t think = client(Concern::think);
    const uint64_t core = client(Concern::core);
    sim::DrawSalt::set(1);
    EXPECT_NE(world(sim::Concern::link_latency), latency);
    EXPECT_EQ(world(sim::Concern::plan_fault), plan);
    EXPECT_EQ(world(sim::Concern::atlas), atlas);
    EXPECT_NE(client(Concern::think), think);
    EXPECT_EQ(client(Concern::core), core);
    sim::DrawSalt::set(0);
    EXPECT_EQ(world(sim::Concern::link_latency), latency);
    EXPECT_EQ(client(Concern::think), think);
}

Causality of_shares(const std::vector<uint32_t>& violated, uint32_t tries) {
    Causality found;
    found.invariant = "Q1";
    for (size_t i = 0; i < violated.size(); ++i) {
        found.points.push_back({static_cast<int64_t>(i) * 1'000'000'000, tries, violated[i], 0});
    }
    return found;
}

TEST(Causality, is_inevitable_from_the_first_point_on_that_is_never_better_again) {
    EXPECT_EQ(of_shares({1, 10, 9, 10, 10}, 10).inevitable(), 3u);
    EXPECT_EQ(of_shares({10, 10}, 10).inevitable(), 0u);
    EXPECT_EQ(of_shares({1, 2, 9}, 10).inevitable(), std::nullopt);
    EXPECT_EQ(of_shares({}, 10).inevitable(), std::nullopt);
}

TEST(Causality, the_steepest_step_is_found) {
    EXPECT_EQ(of_shares({0, 1, 8, 10}, 10).steepest(), 2u);
    EXPECT_EQ(of_shares({5, 5, 4}, 10).steepest(), std::nullopt);
    EXPECT_EQ(of_shares({5}, 10).steepest(), std::nullopt);
}

TEST(Causality, is_plotted) {
    Causality found = of_shares({0, 1, 8, 10}, 10);
    found.story = {"something happened"};
    const std::string text = found.to_text();
    for (const char* wanted :
         {"   0.000 s     0/10      0 %  |                                        |",
          "   2.000 s     8/10     80 %  |################################        |",
          "|########################################|  inevitable\n",
          "the steepest step is from 1.000 s (10 %) to 2.000 s (80 %)", "  something happened\n"}) {
        EXPECT_NE(text.find(wanted), std::string::npos) << wanted << "\n" << text;
    }
    const auto json = nlohmann::json::parse(found.to_json());
    EXPECT_EQ(json["inevitable_at"], 3.0);
    EXPECT_EQ(json["points"][2]["violated"], 8);
    EXPECT_TRUE(nlohmann::json::parse(of_shares({1}, 2).to_json())["inevitable_at"].is_null());
}

// Its drain has less time than a lease lasts: L3, if a message is still leased at the end.
RunPlan late_plan() {
    RunPlan plan = make_plan(5, false);
    plan.clients = 2;
    plan.worker_clients = 0;
    plan.chaos_ms = 1'000;
    plan.think_ms = 100;
    plan.settle_ms = 2'500;
    plan.plain_queues = 1;
    plan.weights = {};
    plan.weights[static_cast<size_t>(OpKind::send)] = 1;
    plan.weights[static_cast<size_t>(OpKind::receive)] = 1;
    return plan;
}

TEST(Causality, a_run_is_forked) {
    CausalityOptions options;
    options.forks = 3;
    options.tries = 4;
    const Causality found = find_causality(late_plan(), std::move(options));
    EXPECT_EQ(found.invariant, "L3");
    ASSERT_EQ(found.points.size(), 3u);
    for (const CausalityPoint& point : found.points) {
        EXPECT_EQ(point.tries, 4u);
        EXPECT_EQ(point.late, 0u);
    }
    // At the last instant the messages have long been leased.
    EXPECT_EQ(found.points.back().violated, 4u);
    EXPECT_TRUE(find_causality(make_plan(5, false), {}).invariant.empty());
}

}  // namespace
}  // namespace quern::harness
