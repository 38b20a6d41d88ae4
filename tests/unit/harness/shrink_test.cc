// Shrinking, and every small plan that once failed.
#include "harness/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/checkers.h"
#include "harness/runner.h"
#include "harness/trial.h"
#include "tests/paths.h"

namespace quern::harness {
namespace {

TEST(PlannedOperation, is_printed_and_parsed) {
    for (const char* line :
         {"c2#7 at=1.250000000 send queue=0 body=16 body=40,delay=200",
          "c12#8 at=0.000000001 receive queue=3 max=10 wait=-1 visibility=500",
          "c1#9 at=2.000000000 delete queue=0 receipt=8.0 receipt=8.1,flip=3:255",
          "c1#10 at=2.000000000 change_visibility queue=0 receipt=8.0,visibility=100",
          "c1#11 at=3.000000000 peek queue=1 from=5 max=3", "c1#12 at=3.000000000 purge queue=1",
          "c1#13 at=3.000000000 set_attributes queue=1 like=7 mask=12",
          "c1#14 at=3.000000000 revoke"}) {
        const auto op = PlannedOperation::parse(line);
        ASSERT_TRUE(op.has_value()) << line << ": " << op.error().to_string();
        EXPECT_EQ(op->to_string(), line);
    }
}

TEST(PlannedOperation, what_is_wrong_is_said) {
    for (const char* line : {"", "c0#1 at=1 purge queue=0", "c1 at=1 purge", "c1#1 purge queue=0",
                             "c1#1 at=-1 purge", "c1#1 at=1.0000000001 purge", "c1#1 at=1 fly",
                             "c1#1 at=1 send queue=0", "c1#1 at=1 delete queue=0",
                             "c1#1 at=1 send queue=0 body=99999999999", "c1#1 at=1 purge colour=red",
                             "c1#1 at=1 delete queue=0 receipt=8", "c1#1 at=1 delete receipt=8.1,flip=3"}) {
        EXPECT_FALSE(PlannedOperation::parse(line).has_value()) << line;
    }
}

RunPlan small_plan() {
    RunPlan plan = make_plan(5, false);
    plan.clients = 2;
    plan.worker_clients = 0;
    plan.chaos_ms = 1'000;
    plan.think_ms = 100;
    return plan;
}

TEST(Shrink, operations_written_down_give_the_same_run) {
    const RunPlan drawn = small_plan();
    RunPlan listed = drawn;
    RunOptions options;
    options.written = [&](const PlannedOperation& op) { listed.operations.push_back(op); };
    const RunResult first = run(drawn, std::move(options));
    ASSERT_GT(listed.operations.size(), 5u);
    listed.scripted = 1;
    listed.weights = {};
    EXPECT_EQ(run(listed).operations, first.operations);
    const auto again = RunPlan::parse(listed.to_short_string());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->to_string(), listed.to_string());
}

// A plan whose drain is too short for a leased message: it takes a send and a receive to see that.
TEST(Shrink, leaves_what_it_takes) {
    RunPlan plan = small_plan();
    plan.settle_ms = 2'500;
    plan.plain_queues = 1;
    plan.weights = {};
    plan.weights[static_cast<size_t>(OpKind::send)] = 1;
    plan.weights[static_cast<size_t>(OpKind::receive)] = 1;
    const ShrinkResult result = shrink(plan, {.invariant = "L3", .seconds = 60});
    ASSERT_TRUE(result.failed);
    EXPECT_EQ(result.invariant, "L3");
    ASSERT_EQ(result.plan.operations.size(), 2u) << result.to_file();
    EXPECT_EQ(result.plan.operations[0].kind, OpKind::send);
    EXPECT_EQ(result.plan.operations[1].kind, OpKind::receive);
    EXPECT_EQ(result.plan.clients, 1);
    EXPECT_EQ(result.plan.settle_ms, 2'500);
    const auto file = RunPlan::parse(result.to_file());
    ASSERT_TRUE(file.has_value());
    RunOptions options;
    Verdict outside;
    options.history = [&outside](const History& history, const CheckOptions& check) {
        check_history(history, check, outside);
    };
    const RunResult again = run(*file, std::move(options));
    EXPECT_TRUE(outside.names("L3"));  // who knows nothing but the history sees it, too
    EXPECT_TRUE(std::any_of(again.violations.begin(), again.violations.end(),
                            [](const Violation& v) { return v.invariant == "L3"; }));
}

TEST(Shrink, a_plan_that_violates_nothing_is_left_alone) {
    EXPECT_FALSE(shrink(small_plan(), {}).failed);
}

TEST(Trials, a_crash_is_known_by_its_place) {
    EXPECT_EQ(crash_name("words\n../system/raft/log.cc:12: assertion failed: x > y\nmore"),
              "crash log.cc:12");
    EXPECT_EQ(crash_name("Segmentation fault"), "crash");
}

// `tests/seeds/plans/*.plan`: what shrinking made of runs that showed a fault of the product.
TEST(Plans, that_once_failed_pass) {
    const std::filesystem::path folder = std::string(tests::source_folder()) + "/tests/seeds/plans";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "there are none";
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".plan") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& path : files) {
        std::ifstream file(path);
        std::stringstream text;
        text << file.rdbuf();
        const auto plan = RunPlan::parse(text.str());
        ASSERT_TRUE(plan.has_value()) << path << ": " << plan.error().to_string();
        const RunResult result = run(*plan);
        EXPECT_EQ(result.violation_count, 0u)
            << path << "\n" << result.violations[0].invariant << " " << result.violations[0].text;
    }
}

}  // namespace
}  // namespace quern::harness
