// Which states of the protocol faults met, and what is made of it.
#include "harness/coverage.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/campaign.h"
#include "harness/report_page.h"

namespace quern::harness {
namespace {

using sim::FaultKind;

constexpr int64_t ms = 1'000'000;
constexpr uint64_t s1 = 1;
constexpr uint64_t s2 = 2;

StateSet set_of(std::initializer_list<ProtocolState> states) {
    StateSet set;
    for (const ProtocolState state : states) set.add(state);
    return set;
}

TEST(StateTracker, a_state_of_a_machine_is_met_there_alone) {
    StateTracker tracker;
    EXPECT_EQ(tracker.met_by(s1, 0), set_of({ProtocolState::quiet}));
    tracker.begins(ProtocolState::snapshot_writing, 0);
    EXPECT_EQ(tracker.met_by(s1, 0), set_of({ProtocolState::snapshot_writing}));
    EXPECT_EQ(tracker.met_by(s1 | s2, 0), set_of({ProtocolState::snapshot_writing}));
    EXPECT_EQ(tracker.met_by(s2, 0), set_of({ProtocolState::quiet}));
    tracker.begins(ProtocolState::election, 1);
    EXPECT_EQ(tracker.met_by(0, 0), set_of({ProtocolState::election}));
    EXPECT_EQ(tracker.met_by(s1, 0), set_of({ProtocolState::snapshot_writing, ProtocolState::election}));
}

TEST(StateTracker, a_state_ends_as_often_as_it_began_and_lingers) {
    StateTracker tracker;
    tracker.begins(ProtocolState::purge, StateTracker::everywhere);
    tracker.begins(ProtocolState::purge, StateTracker::everywhere);
    tracker.ends(ProtocolState::purge, StateTracker::everywhere, 10 * ms);
    EXPECT_EQ(tracker.met_by(0, 100 * ms), set_of({ProtocolState::purge}));
    tracker.ends(ProtocolState::purge, StateTracker::everywhere, 100 * ms);
    EXPECT_EQ(tracker.met_by(0, 100 * ms + state_lingers_ns - 1), set_of({ProtocolState::purge}));
    EXPECT_EQ(tracker.met_by(0, 100 * ms + state_lingers_ns), set_of({ProtocolState::quiet}));
    // What nobody saw begin does not end.
    tracker.ends(ProtocolState::purge, StateTracker::everywhere, 500 * ms);
    EXPECT_EQ(tracker.met_by(0, 500 * ms), set_of({ProtocolState::quiet}));
}

TEST(StateTracker, what_a_process_was_in_the_midst_of_dies_with_it) {
    StateTracker tracker;
    tracker.begins(ProtocolState::log_truncation, 0);
    tracker.begins(ProtocolState::log_truncation, 1);
    tracker.died(0);
    EXPECT_EQ(tracker.met_by(s1, 0), set_of({ProtocolState::quiet}));
    EXPECT_EQ(tracker.met_by(s2, 0), set_of({ProtocolState::log_truncation}));
}

TEST(StateTracker, tells_when_a_state_begins_that_was_not_there) {
    StateTracker tracker;
    std::vector<std::pair<ProtocolState, uint32_t>> told;
    tracker.on_begin([&](ProtocolState state, uint32_t machine) { told.emplace_back(state, machine); });
    tracker.begins(ProtocolState::recovery, 3);
    tracker.begins(ProtocolState::recovery, 3);
    tracker.begins(ProtocolState::recovery, 4);
    tracker.ends(ProtocolState::recovery, 4, 0);
    tracker.begins(ProtocolState::recovery, 4);
    tracker.begins(ProtocolState::recovery, StateTracker::machines_max);
    const std::vector<std::pair<ProtocolState, uint32_t>> wanted = {
        {ProtocolState::recovery, 3}, {ProtocolState::recovery, 4}, {ProtocolState::recovery, 4}};
    EXPECT_EQ(told, wanted);
}

TEST(Coverage, is_counted_and_summed) {
    Coverage one;
    one.struck(FaultKind::kill, set_of({ProtocolState::election, ProtocolState::purge}));
    one.struck(FaultKind::kill, set_of({ProtocolState::purge}));
    Coverage other;
    other.struck(FaultKind::kill, set_of({ProtocolState::purge}));
    other.began[2] = 7;
    one.add(other);
    EXPECT_EQ(one.at({FaultKind::kill, ProtocolState::purge}), 3u);
    EXPECT_EQ(one.at({FaultKind::kill, ProtocolState::election}), 1u);
    EXPECT_EQ(one.at({FaultKind::pause, ProtocolState::purge}), 0u);
    EXPECT_EQ(one.began[2], 7u);
    EXPECT_EQ(empty_cells(one).size(), possible_cells().size() - 2);
    const std::string table = coverage_table(one);
    EXPECT_NE(table.find("kill                 .   1   .   .   .   .   .   .   .   .   2"),
              std::string::npos)
        << table;
}

TEST(Coverage, cells_that_cannot_be_are_not_empty) {
    for (const CoverageCell& cell : empty_cells({})) {
        EXPECT_NE(cell.kind, FaultKind::disk_lost);
        EXPECT_NE(cell.kind, FaultKind::disks_swapped);
    }
    EXPECT_EQ(possible_cells().size(), (sim::fault_kind_count - 2) * protocol_state_count);
}

TEST(Coverage, cells_are_read_as_they_are_written) {
    for (const CoverageCell& cell : possible_cells()) {
        EXPECT_EQ(CoverageCell::parse(cell.to_string()), cell);
    }
    for (const char* text : {"", "kill", "@", "kill@", "@purge", "kill@tea", "tea@purge", "kill@purge "}) {
        EXPECT_FALSE(CoverageCell::parse(text).has_value()) << text;
    }
}

SeedReport sample_report() {
    SeedReport report;
    report.result.seed = 5;
    report.result.coverage.struck(FaultKind::power_loss, set_of({ProtocolState::snapshot_writing}));
    report.result.coverage.began[3] = 9;
    report.result.aims_met = 2;
    report.result.operations[0] = {4, 1, 0};
    report.result.operations[4] = {0, 3, 2};
    report.result.violation_count = 1;
    report.result.violations.push_back({"Q1", "lost <b> & found", 17});
    report.aims = {"kill@purge", "pause@election"};
    report.cpu_ns = 1'000 * ms;
    return report;
}

TEST(CampaignReport, a_line_carries_coverage_and_aims) {
    SeedReport read;
    ASSERT_TRUE(from_line(to_line(sample_report()), read));
    EXPECT_EQ(read.result.coverage, sample_report().result.coverage);
    EXPECT_EQ(read.result.aims_met, 2u);
    EXPECT_EQ(read.aims, sample_report().aims);
    // A cell that this program does not know.
    std::string line = to_line(sample_report());
    const size_t at = line.find("\"cells\":[[");
    ASSERT_NE(at, std::string::npos);
    line.insert(at + 10, "99");
    EXPECT_FALSE(from_line(line, read));
}

TEST(CampaignReport, json_has_the_matrix_and_what_is_empty) {
    CampaignResult result;
    add_report(result, sample_report(), {});
    add_report(result, sample_report(), {});
    const auto json = nlohmann::json::parse(result.to_json());
    EXPECT_EQ(json["coverage"]["power_loss"]["snapshot_writing"], 2);
    EXPECT_EQ(json["coverage"]["kill"]["purge"], 0);
    EXPECT_FALSE(json["coverage"].contains("disk_lost"));
    EXPECT_EQ(json["coverage_empty"].size(), possible_cells().size() - 1);
    EXPECT_EQ(json["states"]["snapshot_writing"], 18);
    const std::string text = result.to_text();
    EXPECT_NE(text.find("operations without success: purge\n"), std::string::npos) << text;
    EXPECT_NE(text.find("replay: quern-sim replay 5 --aim kill@purge --aim pause@election\n"),
              std::string::npos)
        << text;
}

TEST(CampaignReport, the_page_shows_what_was_met_and_what_was_not) {
    CampaignResult result;
    add_report(result, sample_report(), {});
    const std::string page = report_page(result);
    for (const char* wanted :
         {"title=\"power_loss@snapshot_writing\">1</td>", "class=\"empty\" title=\"kill@purge: never\"",
          "title=\"disk_lost@purge: cannot be\"", "without success", "never asked",
          "<th>frame_dropped</th><td>never</td>", "lost &lt;b&gt; &amp; found",
          "quern-sim replay 5 --aim kill@purge", "seeds a second", "simulated / real"}) {
        EXPECT_NE(page.find(wanted), std::string::npos) << wanted;
    }
    EXPECT_EQ(page.find("<b>"), std::string::npos);
    // By itself: nothing is loaded from anywhere.
    EXPECT_EQ(page.find("http"), std::string::npos);
    EXPECT_EQ(page.find("src="), std::string::npos);
}

}  // namespace
}  // namespace quern::harness
