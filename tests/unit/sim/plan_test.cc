#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "sim/faults/plan_generate.h"

namespace quern::sim {
namespace {

PlanShape five_and_two() {
    PlanShape shape;
    for (const char* name : {"n1", "n2", "n3", "n4", "n5"}) {
        shape.hosts.push_back({name, name[1] < '4' ? "east" : "west", true});
    }
    shape.hosts.push_back({"b1", "east", false});
    shape.hosts.push_back({"b2", "west", false});
    shape.file_classes = {"wal", "segment"};
    return shape;
}

Atlas atlas_of(uint64_t seed, AtlasScope scope = AtlasScope::machines) {
    return Atlas(seed, {"n1", "n2", "n3", "n4", "n5"}, 1, scope);
}

TEST(FaultPlan, generated_plans_survive_print_and_parse) {
    EXPECT_TRUE(rc::check([](uint64_t seed) {
        const FaultPlan plan = generate_plan(seed, five_and_two(), {}, atlas_of(seed));
        const auto again = FaultPlan::parse(plan.to_string());
        RC_ASSERT(again.has_value());
        RC_ASSERT(*again == plan);
    }));
}

TEST(FaultPlan, places_have_names) {
    const std::string start = "1 partition at=1 for=2 a=";
    EXPECT_TRUE(FaultPlan::parse(start + "n1,n2 b=n3").has_value());
    for (const char* rest : {"", ",", "n1,", ",n1", "n1,,n2", "n1 b=", "n1 b=n2,"}) {
        EXPECT_FALSE(FaultPlan::parse(start + rest).has_value()) << rest;
    }
}

TEST(FaultPlan, generated_plans_keep_to_length_budget_and_atlas) {
    EXPECT_TRUE(rc::check([](uint64_t seed) {
        const PlanShape shape = five_and_two();
        const PlanKnobs knobs;
        const Atlas atlas = atlas_of(seed);
        const FaultPlan plan = generate_plan(seed, shape, knobs, atlas);
        RC_ASSERT(plan.faults.size() <= knobs.faults_max);
        for (const Fault& fault : plan.faults) {
            RC_ASSERT(fault.at.ns >= 0);
            RC_ASSERT(fault.lasts.ns > 0);
            RC_ASSERT(fault.end().ns <= shape.length.ns);
            RC_ASSERT(!fault.a.empty());
            if (destroys_durable_data(fault.kind)) RC_ASSERT(atlas.permits_machine(fault.a[0]));
            if (rots(fault)) {
                RC_ASSERT(std::any_of(fault.a.begin(), fault.a.end(), [&](const std::string& name) {
                    return atlas.permits_machine(name);
                }));
            }
            for (const std::string& name : fault.a) {
                RC_ASSERT(std::find(fault.b.begin(), fault.b.end(), name) == fault.b.end());
            }
        }
    }));
}

TEST(FaultPlan, swarm_draws_every_kind_sometimes_and_none_in_a_quarter_of_seeds) {
    std::array<int, fault_kind_count> runs{};
    int quiet = 0;
    constexpr int seeds = 600;
    for (uint64_t seed = 0; seed < seeds; ++seed) {
        const FaultPlan plan = generate_plan(seed, five_and_two(), {}, atlas_of(seed));
        quiet += plan.faults.empty() ? 1 : 0;
        std::array<bool, fault_kind_count> seen{};
        for (const Fault& fault : plan.faults)
            seen[static_cast<size_t>(fault.kind)] = true;
        for (size_t i = 0; i < fault_kind_count; ++i)
            runs[i] += seen[i] ? 1 : 0;
    }
    EXPECT_GT(quiet, seeds / 6);
    EXPECT_LT(quiet, seeds / 3);
    for (size_t i = 0; i < fault_kind_count; ++i) {
        EXPECT_GT(runs[i], seeds / 60) << fault_kind_name(static_cast<FaultKind>(i));
        EXPECT_LT(runs[i], seeds / 2) << fault_kind_name(static_cast<FaultKind>(i));
    }
}

TEST(FaultPlan, another_kind_forbidden_leaves_the_rest_as_it_was) {
    PlanKnobs all;
    all.faults_max = 10'000;
    PlanKnobs fewer = all;
    fewer.forbid(FaultKind::partition);
    for (uint64_t seed = 0; seed < 50; ++seed) {
        FaultPlan plan = generate_plan(seed, five_and_two(), all, atlas_of(seed));
        std::erase_if(plan.faults, [](const Fault& f) { return f.kind == FaultKind::partition; });
        EXPECT_EQ(plan.to_string(),
                  generate_plan(seed, five_and_two(), fewer, atlas_of(seed)).to_string());
    }
}

TEST(FaultPlan, parse_takes_comments_and_sorts) {
    const auto plan = FaultPlan::parse(
        "# a plan\n"
        "2 pause at=3.5 for=1 a=n1,n2   # both\n"
        "\n"
        "1 partition at=1 for=0.25 a=n1 b=n2 reset_percent=30\n");
    ASSERT_TRUE(plan.has_value()) << plan.error().detail;
    ASSERT_EQ(plan->faults.size(), 2u);
    EXPECT_EQ(plan->faults[0].id, 1u);
    EXPECT_EQ(plan->faults[0].lasts.ns, 250'000'000);
    EXPECT_EQ(plan->faults[0].parameter("reset_percent", 0), 30);
    EXPECT_EQ(plan->faults[1].at.ns, 3'500'000'000);
    EXPECT_EQ(plan->faults[1].a, (std::vector<std::string>{"n1", "n2"}));
}

TEST(FaultPlan, parse_names_the_line_it_does_not_understand) {
    const std::pair<const char*, const char*> wrong[] = {
        {"1 pause at=1 for=1 a=n1\n1 pause at=1 for=1 a=n1", "line 2: this number was used before"},
        {"x pause at=1", "line 1: not a fault's number: x"},
        {"1 earthquake at=1", "line 1: no such kind of fault: earthquake"},
        {"1 pause at=-1 for=1 a=n1", "line 1: not understood: at=-1"},
        {"1 pause at=1.0000000001 a=n1", "line 1: not understood: at=1.0000000001"},
        {"1 pause at=1 for=99999999999999 a=n1", "line 1: not understood: for=99999999999999"},
        {"1 reset at=1 for=1 a=n1 percent=lots", "line 1: not understood: percent=lots"},
        {"1 pause at=1 for=1", "line 1: a fault needs a place: a="},
    };
    for (const auto& [text, complaint] : wrong) {
        const auto plan = FaultPlan::parse(text);
        ASSERT_FALSE(plan.has_value()) << text;
        EXPECT_EQ(plan.error().detail, complaint);
    }
}

}  // namespace
}  // namespace quern::sim
