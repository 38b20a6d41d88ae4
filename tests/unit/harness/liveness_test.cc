// What must happen at last, as clients see it.
#include <gtest/gtest.h>

#include "tests/unit/harness/written_history.h"

namespace quern::harness {
namespace {

constexpr int64_t ms = 1'000'000;

TEST(Answers, come_before_their_deadline) {
    WrittenHistory h;
    Operation& asked = h.receive_nothing(10);
    asked.deadline_ns = 1'000 * ms;
    h.receive_nothing(20'000);
    EXPECT_TRUE(h.passes()) << h.words;
    asked.returned_ns = 7'000 * ms;
    EXPECT_TRUE(h.fails("L2"));
    WrittenHistory::lose(asked);
    EXPECT_TRUE(h.fails("L2"));
}

// Who empties the queue finds a message, and a lease that keeps another away.
TEST(Deliveries, whoever_empties_a_queue_comes_to_an_end) {
    WrittenHistory h;
    CheckOptions options;
    options.drain_ms = 3'000;
    h.send(10, "a", 1);
    h.send(15, "b", 2);
    h.receive(20, "b", 2, 1);
    std::vector<Operation*> drain = {&h.receive(100, "a", 1, 1), &h.remove(110, 1, 1),
                                     &h.receive_nothing(120),    &h.receive(1'500, "b", 2, 2),
                                     &h.remove(1'600, 2, 2),     &h.add(OpKind::status, 5'000, 5'010)};
    for (Operation* op : drain) op->draining = true;
    Operation& status = *drain.back();
    status.counters.sent = status.counters.deleted = 2;
    status.counters.received = 3;
    EXPECT_TRUE(h.passes(options)) << h.words;
    status.counters.ready = 1;
    EXPECT_TRUE(h.fails("L3", options));
    EXPECT_FALSE(h.fails("L3"));  // nobody says how long it may take
    options.drain_ms = 3'410;     // since the last message went
    EXPECT_FALSE(h.fails("L3", options));
    options.drain_ms = 3'000;
    status.outcome = OpOutcome::fail;
    status.error = ErrorCode::queue_does_not_exist;
    EXPECT_FALSE(h.fails("L3", options));
    status.error = ErrorCode::deadline_exceeded;
    EXPECT_TRUE(h.fails("L3", options));
}

TEST(Membership, a_change_ends_and_says_how) {
    WrittenHistory h;
    Operation& change = h.add(OpKind::change_members, 10, 500);
    change.queue.clear();
    change.at = {};
    change.deadline_ns = 1'000 * ms;
    EXPECT_TRUE(h.passes()) << h.words;
    change.outcome = OpOutcome::info;
    EXPECT_TRUE(h.fails("L10"));
    change.outcome = OpOutcome::ok;
    change.returned_ns = 9'000 * ms;
    EXPECT_TRUE(h.fails("L10"));
}

TEST(Emptiness, is_claimed_of_an_empty_queue_alone) {
    WrittenHistory h;
    h.send(10, "a", 1);
    Operation& empty = h.receive_nothing(20);
    h.receive(30, "a", 1, 1);
    h.remove(40, 1, 1);
    EXPECT_TRUE(h.fails("L5"));
    EXPECT_FALSE(h.fails("L5", {.damage = true}));
    empty.invoked_ns = 5 * ms;  // it was asked before the message was there
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(Emptiness, a_second_answer_tells_what_is_still_leased) {
    WrittenHistory h;
    h.history.operations[0].attributes.visibility_ms = 500;
    h.send(10, "a", 1);
    h.receive_nothing(20).returned_ns = 600 * ms;
    h.receive(700, "a", 1, 1);
    h.remove(710, 1, 1);
    EXPECT_FALSE(h.fails("L5"));
}

TEST(Emptiness, a_lease_that_has_ended_keeps_nothing_away) {
    WrittenHistory h;
    CheckOptions options;
    options.started_wall_ms = 1;
    h.send(10, "a", 1);
    h.receive(20, "a", 1, 1);
    Operation& empty = h.receive_nothing(6'000);
    h.receive(7'000, "a", 1, 2);
    h.remove(7'010, 1, 2);
    EXPECT_TRUE(h.fails("L4", options));
    empty.invoked_ns = 900 * ms;
    EXPECT_FALSE(h.fails("L4", options));
}

TEST(Waiting, who_waits_is_woken) {
    WrittenHistory h;
    CheckOptions options;
    options.prompt_ms = 1'000;
    h.send(10, "a", 1);
    Operation& waited = h.receive(20, "a", 1, 1);
    h.remove(4'000, 1, 1);
    EXPECT_TRUE(h.passes(options)) << h.words;
    waited.invoked_ns = 5 * ms;
    waited.returned_ns = 3'000 * ms;
    EXPECT_TRUE(h.fails("L5", options));
}

// A hundred statuses of that length, from that moment on.
void add_statuses(WrittenHistory& h, int64_t from_ms, int64_t length_ms, const char* queue = "orders") {
    h.history.operations.reserve(10'000);
    for (int64_t i = 0; i < 100; ++i) {
        Operation& op = h.add(OpKind::peek, from_ms + i, from_ms + i + length_ms);
        op.queue = queue;
        op.at = {};
    }
}

TEST(Overload, is_recovered_from) {
    for (const bool recovers : {true, false}) {
        WrittenHistory h;
        add_statuses(h, 1'000, 2);
        add_statuses(h, 3'000, 2);
        h.history.phases = {{"before", 1'000 * ms, 1'100 * ms, ""},
                            {"after", 3'000 * ms, (recovers ? 3'100 : 3'200) * ms, ""}};
        EXPECT_EQ(h.fails("L12"), !recovers);
    }
}

TEST(Fairness, others_stay_quick_beside_a_hot_queue) {
    for (const int64_t length : {4, 400}) {
        WrittenHistory h;
        add_statuses(h, 1'000, 4);
        add_statuses(h, 3'000, 2'000, "hot");
        add_statuses(h, 3'000, length);
        h.history.phases = {{"calm", 1'000 * ms, 1'100 * ms, ""}, {"hot", 3'000 * ms, 3'100 * ms, "hot"}};
        EXPECT_EQ(h.fails("L13"), length == 400);
    }
}

// What fails quickly, or never comes back, was not done quickly.
TEST(Fairness, refusals_are_no_quick_answers) {
    for (const char* invariant : {"L13", "L14"}) {
        for (const bool refused : {false, true}) {
            for (const bool returned : {true, false}) {
                WrittenHistory h;
                add_statuses(h, 1'000, 4);
                add_statuses(h, 3'000, 4);
                size_t number = 0;
                for (Operation& op : h.history.operations) {
                    if (!refused || op.invoked_ns < 3'000 * ms || number++ % 2 == 0) continue;
                    op.outcome = OpOutcome::fail;
                    if (!returned) op.returned_ns = never_ns;
                }
                const bool hot = invariant == std::string("L13");
                h.history.phases = {{hot ? "calm" : "sound", 1'000 * ms, 1'100 * ms, ""},
                                    {hot ? "hot" : "one_slow", 3'000 * ms, 3'100 * ms, ""}};
                EXPECT_TRUE(phases_tell(h.history));
                EXPECT_EQ(h.fails(invariant), refused) << invariant << " " << returned;
            }
        }
    }
}

TEST(Overload, answers_that_come_much_later_are_no_recovery) {
    for (const int64_t length : {2, 8'000}) {
        WrittenHistory h;
        add_statuses(h, 1'000, 2);
        add_statuses(h, 30'000, length);
        h.history.phases = {{"before", 1'000 * ms, 1'100 * ms, ""}, {"after", 30'000 * ms, 30'100 * ms, ""}};
        EXPECT_EQ(h.fails("L12"), length == 8'000);
    }
}

TEST(Phases, tell_nothing_if_the_first_went_wrong) {
    WrittenHistory h;
    EXPECT_FALSE(phases_tell(h.history));
    add_statuses(h, 3'000, 4);
    h.history.phases = {{"sound", 1'000 * ms, 1'100 * ms, ""}, {"one_slow", 3'000 * ms, 3'100 * ms, ""}};
    EXPECT_FALSE(phases_tell(h.history));
    add_statuses(h, 1'000, 4);
    EXPECT_TRUE(phases_tell(h.history));
    h.history.operations.back().outcome = OpOutcome::fail;  // one of a hundred may
    EXPECT_TRUE(phases_tell(h.history));
    h.history.operations[h.history.operations.size() - 2].outcome = OpOutcome::fail;
    EXPECT_FALSE(phases_tell(h.history));
}

// Twice as long as before, and never called slow below 20 ms.
TEST(GrayFailure, one_slow_node_is_carried) {
    for (const auto& [before, after, fails] : {std::tuple{12, 23, false}, {12, 25, true}, {4, 19, false}, {4, 21, true}}) {
        WrittenHistory h;
        add_statuses(h, 1'000, before);
        add_statuses(h, 3'000, after);
        h.history.phases = {{"sound", 1'000 * ms, 1'100 * ms, ""},
                            {"one_slow", 3'000 * ms, 3'100 * ms, ""}};
        EXPECT_EQ(h.fails("L14"), fails) << before << " " << after;
    }
}

}  // namespace
}  // namespace quern::harness
