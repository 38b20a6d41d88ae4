// The page in headless Chromium, on a run of fifty thousand events: drawn in bounded time, and under the hands of
// view_presses.js, which turns, types and presses as somebody would who looks for something.
#include "harness/view.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/paths.h"

namespace quern::harness {
namespace {

using nlohmann::json;

// Eight busy clients for twenty seconds; a crash, a partition, faults of disk and clock.
constexpr const char* busy_plan = R"(
seed 1
clients 8
hands 2
plain_queues 1
think_ms 20
chaos_ms 20000
weight_send 300
weight_receive 300
weight_delete 250
weight_status 30
fault 2000 partition at=4.000000000 for=1.500000000 a=s1 b=s2,s3 reset_percent=100
fault 27000 kill at=8.000000000 for=1.000000000 a=s2
fault 20000 disk_slow at=11.000000000 for=2.000000000 a=s3 factor=30
fault 23000 clock_jump at=15.000000000 for=2.000000000 a=s1 ms=60000
)";
constexpr size_t events_least = 50'000;
constexpr int64_t violated_ns = 9'500'000'000;

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

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
    const size_t at = text.find(begin);
    if (at == std::string::npos) return {};
    const size_t from = at + begin.size();
    return text.substr(from, text.find(end, from) - from);
}

std::string hands() {
    std::ifstream file(std::string(tests::source_folder()) + "/tests/unit/harness/view_presses.js");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// The page as the browser leaves it.
std::string dom_of(const std::string& browser, std::string page) {
    page.insert(page.rfind("</body>"), "<script>\n" + hands() + "</script>\n");
    const auto folder = std::filesystem::temp_directory_path() / ("quern-view-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "run.html") << page;
    std::string dom = output_of(
        "timeout 120 " + browser + " --headless --no-sandbox --disable-gpu --disable-dev-shm-usage" +
        " --user-data-dir=" + folder.string() + "/profile --window-size=1400,900 --dump-dom 'file://" +
        (folder / "run.html").string() + "#measure' 2>/dev/null");
    std::filesystem::remove_all(folder);
    return dom;
}

double span(const json& drawing) { return drawing["until"].get<double>() - drawing["from"].get<double>(); }
uint64_t arrows(const json& drawing, const char* kind) { return drawing["arrows"][kind].get<uint64_t>(); }

// What came of it.
struct Seen {
    RunRecord record;
    json page;   // the data in it
    json notes;  // of the hands
    std::string head;
};

void expect_drawn_in_time(const Seen& seen) {
    EXPECT_GE(seen.record.flights.size(), events_least);
    EXPECT_EQ(seen.record.flights_left_out, 0u);
    EXPECT_NE(seen.head.find("data-ready=\"1\""), std::string::npos) << seen.head;
    EXPECT_NE(seen.head.find("data-errors=\"0\""), std::string::npos) << seen.head;
    EXPECT_EQ(seen.notes["errors"], 0);
    EXPECT_EQ(between(seen.head, "data-flights=\"", "\""), std::to_string(seen.record.flights.size()));
    // Far more than a machine needs, so that a busy one passes: 60 frames a second are 16 ms.
    EXPECT_LT(std::atof(between(seen.head, "data-draw-median-ms=\"", "\"").c_str()), 250) << seen.head;
    EXPECT_LT(std::atof(between(seen.head, "data-draw-most-ms=\"", "\"").c_str()), 3'000) << seen.head;
}

void expect_all_kinds_of_things(const Seen& seen) {
    const json& all = seen.notes["all"];
    EXPECT_EQ(all["lanes"].size(), seen.record.machines.size()) << all["lanes"];
    for (const char* kind : {"down", "network", "disk", "clock"}) {
        EXPECT_GE(all["bands"][kind].get<int>(), 1) << kind;
    }
    EXPECT_FALSE(all["terms"].empty());
    EXPECT_FALSE(all["messages"].empty());
    EXPECT_EQ(all["rows"], seen.page["messages"].size());
    EXPECT_EQ(all["violations"], json::array({"Q3"}));
    EXPECT_EQ(all["operations"], seen.record.history.operations.size());
}

void expect_zoom(const Seen& seen) {
    const json& all = seen.notes["all"];
    EXPECT_EQ(all["from"].get<double>(), 0);
    EXPECT_EQ(all["until"], seen.page["end"]);
    const json& wheel = seen.notes["wheel"];
    EXPECT_NEAR(span(wheel) / span(all), 0.3679, 0.001);  // exp(-1)
    EXPECT_NEAR(wheel["under_cursor"].get<double>(), wheel["moment"].get<double>(), 1);
    EXPECT_NE(wheel["ticks"], all["ticks"]);
    EXPECT_LT(wheel["operations"].get<int>(), all["operations"].get<int>());
    EXPECT_NEAR(span(seen.notes["zoomed_in"]) / span(wheel), 0.5, 0.001);
    EXPECT_NEAR(span(seen.notes["zoomed_out"]) / span(wheel), 1, 0.001);
    const json& dragged = seen.notes["dragged"];
    const double moved = dragged["from"].get<double>() - seen.notes["zoomed_out"]["from"].get<double>();
    EXPECT_NEAR(moved, dragged["by"].get<double>(), 1);
    EXPECT_NEAR(span(seen.notes["double_click"]) / span(dragged), 0.25, 0.001);
    EXPECT_EQ(seen.notes["all_again"], all);
}

void expect_filter(const Seen& seen) {
    const json& before = seen.notes["before"];
    EXPECT_GT(before["rows"].get<int>(), 1);
    EXPECT_GT(before["operations"].get<int>(), 10);
    EXPECT_GT(arrows(before, "raft"), 0u);
    EXPECT_GT(arrows(before, "requests"), 0u);
    const json& few = seen.notes["few_messages"];
    EXPECT_GE(few["rows"].get<int>(), 1);
    EXPECT_LT(few["rows"].get<int>(), before["rows"].get<int>());
    ASSERT_FALSE(few["messages"].empty());
    for (const json& name : few["messages"]) {
        EXPECT_EQ(name.get<std::string>().find(few["name"].get<std::string>()), 0u) << name;
    }
    EXPECT_GE(seen.notes["one_operation"]["operations"].get<int>(), 1);
    EXPECT_LT(seen.notes["one_operation"]["operations"].get<int>(), before["operations"].get<int>());
    EXPECT_EQ(seen.notes["nothing"]["operations"], 0);
    EXPECT_EQ(arrows(seen.notes["one_kind"], "raft"), 0u);
    EXPECT_GT(arrows(seen.notes["one_kind"], "requests"), 0u);
    EXPECT_LT(arrows(seen.notes["one_kind"], "requests"), arrows(before, "requests"));
    EXPECT_EQ(seen.notes["after"], before);
    EXPECT_EQ(arrows(seen.notes["without_raft"], "raft"), 0u);
    EXPECT_EQ(arrows(seen.notes["without_raft"], "requests"), arrows(before, "requests"));
    EXPECT_EQ(arrows(seen.notes["without_requests"], "requests"), 0u);
    EXPECT_TRUE(seen.notes["without_messages"]["messages"].empty());
    EXPECT_EQ(seen.notes["ticked_again"], before);
    EXPECT_EQ(arrows(before, "rest"), 0u);
    EXPECT_GT(arrows(seen.notes["with_rest"], "rest"), 0u);
}

void expect_details(const Seen& seen) {
    const json& op = seen.page["operations"][seen.notes["operation"]["number"].get<size_t>()];
    EXPECT_EQ(seen.notes["operation"]["text"], op["text"]);
    EXPECT_TRUE(seen.notes["operation"]["title"].get<std::string>().starts_with(op["kind"].get<std::string>() + ", "));

    const RunRecord::Flight& flight = seen.record.flights[seen.notes["arrow"]["number"].get<size_t>()];
    EXPECT_EQ(seen.notes["arrow"]["title"],
              "raft from " + seen.record.machines[flight.from] + " to " + seen.record.machines[flight.to]);
    EXPECT_NE(seen.notes["arrow"]["text"].get<std::string>().find(std::to_string(flight.bytes) + " bytes"),
              std::string::npos) << seen.notes["arrow"];

    EXPECT_EQ(seen.notes["band"]["title"], "down");
    EXPECT_NE(seen.notes["band"]["text"].get<std::string>().find("not running"), std::string::npos);

    const json& message = seen.notes["message"];
    EXPECT_EQ(message["title"], "message " + message["name"].get<std::string>());
    EXPECT_FALSE(message["operations"].empty());
    for (const json& number : message["operations"]) {
        const std::string text = seen.page["operations"][number.get<size_t>()]["text"];
        EXPECT_NE(message["text"].get<std::string>().find(text), std::string::npos) << text;
    }
}

void expect_violation(const Seen& seen) {
    const json& pressed = seen.notes["violation"];
    EXPECT_EQ(pressed["title"], "Q3 violated at 9.500000 s");
    EXPECT_TRUE(pressed["text"].get<std::string>().starts_with("a deleted message was received"));
    EXPECT_EQ(pressed["drawing"]["violations"], json::array({"Q3"}));
    const double middle = pressed["drawing"]["from"].get<double>() + span(pressed["drawing"]) / 2;
    EXPECT_NEAR(middle, 9'500'000, 1);
}

TEST(View, a_browser_shows_a_run_of_fifty_thousand_events) {
    const std::string browser = find_browser();
    if (browser.empty()) GTEST_SKIP() << "no Chromium here: apt-get install chromium";
    const Result<RunPlan> plan = RunPlan::parse(busy_plan);
    ASSERT_TRUE(plan.has_value()) << plan.error().to_string();
    Seen seen;
    seen.record = record_run(*plan);
    seen.record.result.violations.push_back({"Q3", "a deleted message was received", violated_ns});
    const std::string page = view_page(seen.record);
    seen.page = json::parse(between(page, "id=\"data\">", "</script>"));
    const std::string dom = dom_of(browser, page);
    seen.head = dom.substr(0, dom.find('>', dom.find("<html")));
    seen.notes = json::parse(between(dom, "id=\"notes\">", "</script>"), nullptr, false);
    ASSERT_TRUE(seen.notes.is_object()) << "a script did not come to its end: " << seen.head;
    ASSERT_FALSE(seen.notes.contains("failed")) << seen.notes["failed"];
    expect_drawn_in_time(seen);
    expect_all_kinds_of_things(seen);
    expect_zoom(seen);
    expect_filter(seen);
    expect_details(seen);
    expect_violation(seen);
}

}  // namespace
}  // namespace quern::harness
