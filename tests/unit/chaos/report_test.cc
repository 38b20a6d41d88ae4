#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/chaos/report.h"

namespace quern::harness::chaos {
namespace {

RoundResult some_result() {
    RoundResult result;
    result.seed = 7;
    result.took_ms = 12'345;
    result.operations[static_cast<size_t>(OpKind::send)][static_cast<size_t>(OpOutcome::ok)] = 40;
    result.operations[static_cast<size_t>(OpKind::send)][static_cast<size_t>(OpOutcome::info)] = 2;
    result.faults[static_cast<size_t>(Trouble::kill)] = 3;
    result.logs.commands = 21;
    return result;
}

TEST(Report, says_what_a_round_did_and_suffered) {
    EXPECT_EQ(round_text(2, some_result()),
              "round 2 seed 7: 42 operations (40 ok, 0 fail, 2 info), 3 kill; 21 commands in logs; 12.3 s: "
              "good\n");
    RoundResult some_logs_cut = some_result();
    some_logs_cut.logs.not_followed = {"group 1: no log reaches back beyond 9"};
    some_logs_cut.logs.snapshots = 4;
    EXPECT_NE(round_text(1, some_logs_cut).find("21 commands and 4 snapshots in logs (1 cut); 12.3 s"),
              std::string::npos);
}

TEST(Report, a_violation_names_itself_the_faults_and_every_file) {
    RoundResult result = some_result();
    result.violation_count = 1;
    result.violations.push_back({"Q1", "message 5 of q0 is lost", 1'500'000'000});
    RoundOptions options;
    options.folder = "/somewhere/seed-7";
    options.plan.storage_nodes = 2;
    options.plan.faults = *sim::FaultPlan::parse("1 kill at=1 for=2 a=s1\n");
    EXPECT_FALSE(result.good());
    EXPECT_NE(round_text(1, result).find("1 VIOLATIONS"), std::string::npos);
    const std::string text = failure_text(result, options);
    for (const char* part : {"VIOLATION Q1 at 1.500000: message 5 of q0 is lost", "1 kill at=1",
                             "quern-sim check /somewhere/seed-7/history.jsonl",
                             "quern-sim replay --plan /somewhere/seed-7/round.plan", "/node1.log",
                             "/node2.log"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
    }
}

TEST(Report, a_fault_that_could_not_be_made_is_no_good_round) {
    Campaign campaign;
    campaign.rounds.push_back(some_result());
    EXPECT_TRUE(campaign.good());
    campaign.rounds.back().problems.push_back("nft failed");
    EXPECT_FALSE(campaign.good());
}

TEST(Report, names_what_never_struck) {
    Campaign campaign;
    campaign.rounds.push_back(some_result());
    EXPECT_EQ(campaign.never_struck({Trouble::kill}), "");
    EXPECT_EQ(campaign.never_struck({Trouble::kill, Trouble::cut, Trouble::loss}), "cut, loss");
}

TEST(Report, is_one_json_object) {
    Campaign campaign;
    campaign.rounds.push_back(some_result());
    campaign.skipped = {"delay: no netem"};
    const auto json = nlohmann::json::parse(campaign_json(campaign));
    EXPECT_TRUE(json["good"]);
    EXPECT_EQ(json["skipped"][0], "delay: no netem");
    EXPECT_EQ(json["rounds"][0]["operations"]["send"]["ok"], 40);
    EXPECT_EQ(json["rounds"][0]["faults"]["kill"], 3);
}

}  // namespace
}  // namespace quern::harness::chaos
