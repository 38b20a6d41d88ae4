// The page of a run: whole, without anything from outside, and drawn by a browser in bounded time.
#include "harness/view.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

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

std::string find_browser() {
    for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
        for (const char* folder : {"/usr/bin/", "/usr/local/bin/"}) {
            if (std::filesystem::exists(std::string(folder) + name)) return std::string(folder) + name;
        }
    }
    return {};
}

std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    std::string text;
    char buffer[65'536];
    while (pipe) {
        const size_t count = std::fread(buffer, 1, sizeof buffer, pipe.get());
        if (count == 0) break;
        text.append(buffer, count);
    }
    return text;
}

TEST(View, a_browser_draws_fifty_thousand_events) {
    const std::string browser = find_browser();
    if (browser.empty()) GTEST_SKIP() << "no Chromium here: apt-get install chromium";
    RunRecord record = record_run(busy_plan(20'000));
    const auto some = record.flights;
    ASSERT_FALSE(some.empty());
    while (record.flights.size() < 50'000) {
        record.flights.insert(record.flights.end(), some.begin(), some.end());
    }
    std::sort(record.flights.begin(), record.flights.end(),
              [](const auto& a, const auto& b) { return a.sent_ns < b.sent_ns; });
    const auto folder = std::filesystem::temp_directory_path() / ("quern-view-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "run.html") << view_page(record);
    const std::string dom = output_of(
        "timeout 120 " + browser + " --headless --no-sandbox --disable-gpu --disable-dev-shm-usage" +
        " --user-data-dir=" + folder.string() + "/profile --window-size=1400,900 --dump-dom 'file://" +
        (folder / "run.html").string() + "#measure' 2>/dev/null");
    std::filesystem::remove_all(folder);
    const std::string head = dom.substr(0, dom.find('>', dom.find("<html")));
    EXPECT_NE(head.find("data-ready=\"1\""), std::string::npos) << head;
    EXPECT_NE(head.find("data-errors=\"0\""), std::string::npos) << head;
    EXPECT_EQ(between(head, "data-flights=\"", "\""), std::to_string(record.flights.size()));
    // Far more than a machine needs, so that a busy one passes: 60 frames a second are 16 ms.
    EXPECT_LT(std::atof(between(head, "data-draw-median-ms=\"", "\"").c_str()), 250) << head;
    EXPECT_LT(std::atof(between(head, "data-draw-most-ms=\"", "\"").c_str()), 3'000) << head;
}

}  // namespace
}  // namespace quern::harness
