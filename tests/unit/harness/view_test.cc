// The page of a run: whole, and without anything from outside.
#include "harness/view.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace quern::harness {
namespace {

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
    const size_t at = text.find(begin);
    if (at == std::string::npos) return {};
    const size_t from = at + begin.size();
    return text.substr(from, text.find(end, from) - from);
}

RunPlan busy_plan(int64_t chaos_ms) {
    uint64_t seed = 1;
    while (make_plan(seed, true).faults.faults.empty()) ++seed;
    RunPlan plan = make_plan(seed, true);
    plan.clients = 8;
    plan.think_ms = 50;
    plan.chaos_ms = chaos_ms;
    return plan;
}

TEST(View, page_holds_the_run_and_nothing_from_outside) {
    RunRecord record = record_run(busy_plan(3'000));
    record.result.violations.push_back({"Q3", "</script> <b>a text that means harm</b>", 1'000'000});
    const std::string page = view_page(record);
    for (const char* outside : {"http://", "https://", "src=", "@import", "url("}) {
        EXPECT_EQ(page.find(outside), std::string::npos) << outside;
    }
    const std::string text = between(page, "id=\"data\">", "</script>");
    const auto data = nlohmann::json::parse(text, nullptr, false);
    ASSERT_FALSE(data.is_discarded());
    EXPECT_EQ(data["violations"][0]["text"], "</script> <b>a text that means harm</b>");
    EXPECT_EQ(data["flights"].size(), record.flights.size() * 6);
    EXPECT_EQ(data["operations"].size(), record.history.operations.size());
    EXPECT_FALSE(record.leads.empty());
    EXPECT_FALSE(record.flights.empty());
    EXPECT_FALSE(data["messages"].empty());
    size_t named = 0;
    for (const RunRecord::Flight& flight : record.flights) named += flight.kind != 0 ? 1 : 0;
    EXPECT_GT(named * 10, record.flights.size() * 5);  // most segments begin a frame
}

}  // namespace
}  // namespace quern::harness
