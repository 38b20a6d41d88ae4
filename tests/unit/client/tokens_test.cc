#include "system/client/tokens.h"

#include <gtest/gtest.h>

#include "system/base/limits.h"
#include "system/base/prng.h"
#include "system/client/queue_ids.h"
#include "system/base/retry_budget.h"

namespace quern::client {
namespace {

class Dice final : public Entropy {
public:
    uint64_t next() override { return prng_.next(); }

private:
    Prng prng_{1};
};

TEST(Tokens, everything_below_acked_below_has_ended) {
    Dice dice;
    Tokens tokens(dice);
    const Token a = tokens.begin({});
    const Token b = tokens.begin({});
    EXPECT_EQ(b.acked_below, a.seq);
    tokens.end(a);
    const Token c = tokens.begin({});
    EXPECT_EQ(c.acked_below, b.seq);
    tokens.end(b);
    tokens.end(c);
    const Token d = tokens.begin({});
    EXPECT_EQ(d.acked_below, d.seq);
    EXPECT_EQ(d.session, a.session);
}

// The group remembers limits::session_inflight_max results of a session: a slow call must not fall out.
TEST(Tokens, a_session_never_spans_more_than_a_group_remembers) {
    Dice dice;
    Tokens tokens(dice);
    const Token slow = tokens.begin({});
    uint64_t last_of_slow_session = slow.seq;
    SessionId other;
    for (size_t i = 0; i < 4 * limits::session_inflight_max; ++i) {
        const Token quick = tokens.begin({});
        if (quick.session == slow.session) {
            last_of_slow_session = quick.seq;
        } else {
            other = quick.session;
        }
        tokens.end(quick);
    }
    EXPECT_LT(last_of_slow_session - slow.seq, limits::session_inflight_max);
    EXPECT_TRUE(other);
    tokens.end(slow);
}

TEST(Tokens, a_retired_session_takes_no_more) {
    Dice dice;
    Tokens tokens(dice);
    const Token a = tokens.begin({});
    tokens.retire(a);
    const Token b = tokens.begin({});
    EXPECT_NE(a.session, b.session);
    tokens.end(a);
    tokens.end(b);
    tokens.retire(a);  // not the current one: nothing happens
    EXPECT_EQ(tokens.begin({}).session, b.session);
}

TEST(RetryBudget, first_retries_and_few_calls_are_free) {
    RetryBudget budget;
    for (int i = 0; i < 1000; ++i) {
        EXPECT_TRUE(budget.take(0, 1000, Instant{0}));
        EXPECT_TRUE(budget.take(5, RetryBudget::calls_free_max, Instant{0}));
    }
}

TEST(RetryBudget, many_calls_may_add_a_tenth) {
    RetryBudget budget;
    while (budget.take(1, 1000, Instant{0})) {
    }
    for (int i = 0; i < 500; ++i) budget.call_begun();
    int granted = 0;
    while (budget.take(1, 1000, Instant{0})) ++granted;
    EXPECT_EQ(granted, 50);
    // Ten a second even when nothing is begun.
    while (budget.take(1, 1000, Instant{1'000'000'000})) ++granted;
    EXPECT_EQ(granted, 60);
    budget.retried_call_succeeded();
    EXPECT_TRUE(budget.take(1, 1000, Instant{1'000'000'000}));
    EXPECT_FALSE(budget.take(1, 1000, Instant{1'000'000'000}));
}

TEST(QueueIds, least_recently_used_goes_first) {
    QueueIds ids(2);
    ids.learn("a", QueueId(1));
    ids.learn("b", QueueId(2));
    EXPECT_EQ(ids.find("a"), QueueId(1));
    ids.learn("c", QueueId(3));
    EXPECT_EQ(ids.find("b"), QueueId{});
    EXPECT_EQ(ids.find("a"), QueueId(1));
    EXPECT_EQ(ids.find("c"), QueueId(3));
    ids.forget("a");
    EXPECT_EQ(ids.find("a"), QueueId{});
    EXPECT_EQ(ids.size(), 1u);
}

}  // namespace
}  // namespace quern::client
