// Whole runs: a small campaign, the same seed twice, and every seed that once found something.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/runner.h"
#include "tests/paths.h"

namespace quern::harness {
namespace {

std::string words(const RunResult& result) {
    std::string text;
    for (const Violation& v : result.violations) text += v.invariant + ": " + v.text + "\n";
    return text;
}

TEST(Run, without_faults_everything_is_answered) {
    RunPlan plan = make_plan(1, false);
    plan.chaos_ms = 5'000;
    const RunResult result = run(plan);
    EXPECT_EQ(result.violation_count, 0u) << words(result);
    const auto& sends = result.operations[static_cast<size_t>(OpKind::send)];
    EXPECT_GT(sends[static_cast<size_t>(OpOutcome::ok)], 0u);
    EXPECT_EQ(sends[static_cast<size_t>(OpOutcome::info)], 0u);
    EXPECT_GT(result.promises_checked, 0u);
    EXPECT_GT(result.commands_judged, 0u);
}

TEST(Run, the_same_seed_gives_the_same_run) {
    uint64_t seed = 1;
    while (make_plan(seed, true).faults.faults.empty()) ++seed;
    RunPlan plan = make_plan(seed, true);
    plan.chaos_ms = std::min<int64_t>(plan.chaos_ms, 10'000);
    const RunResult first = run(plan);
    const RunResult second = run(plan);
    EXPECT_EQ(first.trace_hash, second.trace_hash);
    EXPECT_EQ(first.events, second.events);
    // A story that is told changes nothing.
    RunOptions options;
    options.verbose = true;
    size_t lines = 0;
    options.story = [&lines](const std::string&) { ++lines; };
    EXPECT_EQ(run(plan, std::move(options)).trace_hash, first.trace_hash);
    EXPECT_GT(lines, 0u);
}

// `tests/seeds/*.txt`: a seed a line, then its story.
TEST(Run, seeds_that_once_failed_pass) {
    const auto folder = std::filesystem::path(tests::source_folder()) / "tests/seeds";
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".txt") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    ASSERT_FALSE(files.empty());
    for (const auto& path : files) {
        std::ifstream file(path);
        for (std::string line; std::getline(file, line);) {
            if (line.empty() || line[0] == '#') continue;
            const uint64_t seed = std::strtoull(line.c_str(), nullptr, 10);
            ASSERT_GT(seed, 0u) << path << ": " << line;
            const RunResult result = run(make_plan(seed, true));
            EXPECT_EQ(result.violation_count, 0u) << line << "\n" << words(result);
        }
    }
}

// All kinds of operations happen, with faults and without, and nothing is violated.
TEST(Run, a_small_campaign_finds_nothing) {
    uint64_t ok = 0;
    for (uint64_t seed = 1; seed <= 30; ++seed) {
        const RunResult result = run(make_plan(seed, seed % 5 != 0));
        EXPECT_EQ(result.violation_count, 0u) << "seed " << seed << "\n" << words(result);
        for (const auto& of_kind : result.operations) ok += of_kind[0];
    }
    EXPECT_GT(ok, 1'000u);
}

}  // namespace
}  // namespace quern::harness
