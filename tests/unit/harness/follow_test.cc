#include "harness/follow.h"

#include <gtest/gtest.h>

namespace quern::harness {
namespace {

TEST(Follow, targets_are_read) {
    EXPECT_EQ(FollowTarget::message("q0/5")->seq.value, 5u);
    EXPECT_EQ(FollowTarget::message("00000000deadbeef")->hash, 0xdeadbeefu);
    EXPECT_EQ(FollowTarget::request("c3#17")->ordinal, 17u);
    for (const char* wrong : {"", "q0", "q0/", "/5", "q0/x", "xyzxyzxyz"}) {
        EXPECT_FALSE(FollowTarget::message(wrong)) << wrong;
    }
    for (const char* wrong : {"", "c3", "3#17", "c0#1", "c3#"}) {
        EXPECT_FALSE(FollowTarget::request(wrong)) << wrong;
    }
}

std::string followed(const FollowTarget& target) {
    RunPlan plan;
    plan.scripted = 1;
    plan.clients = 1;
    plan.worker_clients = 0;
    plan.queues = 1;
    plan.plain_queues = 1;
    for (const char* line : {"c1#0 at=0.1 send queue=0 body=16", "c1#1 at=0.5 receive queue=0",
                             "c1#2 at=0.9 delete queue=0 receipt=1.0", "c1#3 at=0.9 send queue=0 body=17"}) {
        plan.operations.push_back(*PlannedOperation::parse(line));
    }
    plan.chaos_ms = 2'000;
    std::string text;
    Follow follow(target, [&text](const std::string& line) { text += line + "\n"; });
    RunOptions options;
    follow.watch(options);
    EXPECT_EQ(run(plan, std::move(options)).violation_count, 0u);
    return text;
}

TEST(Follow, a_message_from_its_send_to_its_delete) {
    const std::string text = followed(*FollowTarget::message("q0/1"));
    for (const char* part : {"client is told: c1#0 send", "s1 group", "s2 group", "s3 group", "stores 1 (ok)",
                             "leases 1/1 for the 1th time", "client is told: c1#1 receive", "deletes 1/1"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    }
    EXPECT_EQ(text.find("c1#3"), std::string::npos) << text;
}

TEST(Follow, a_request_through_every_tier) {
    const std::string text = followed(*FollowTarget::request("c1#1"));
    size_t at = 0;
    for (const char* part : {"client asks: c1#1 receive", "request from c1 to b", "forward from b",
                             "leases 1/1", "forward_reply from s", "response from b",
                             "client is told: c1#1 receive"}) {
        at = text.find(part, at);
        ASSERT_NE(at, std::string::npos) << part << "\n" << text;
    }
}

TEST(Differences, of_a_run_with_itself_and_with_another) {
    RunPlan plan = make_plan(5, false);
    plan.chaos_ms = 500;
    EXPECT_EQ(first_difference(plan, plan), "");
    RunPlan other = plan;
    other.seed = 6;
    const std::string text = first_difference(plan, other);
    EXPECT_NE(text.find("differs:"), std::string::npos);
    EXPECT_NE(text.find("second's"), std::string::npos);
}

TEST(Until, stops_at_an_event_or_a_word) {
    RunPlan plan = make_plan(5, false);
    RunOptions options;
    options.until_event = 500;
    std::string state;
    options.state = [&state](const std::string& text) { state = text; };
    EXPECT_EQ(run(plan, std::move(options)).events, 500u);
    EXPECT_NE(state.find("after 500 events"), std::string::npos) << state;
    EXPECT_NE(state.find("s1: life 1"), std::string::npos) << state;
    RunOptions word;
    word.until_word = "leader of group";
    const RunResult stopped = run(plan, std::move(word));
    EXPECT_GT(stopped.events, 10u);
    EXPECT_EQ(stopped.begun_ns, 0);
}

}  // namespace
}  // namespace quern::harness
