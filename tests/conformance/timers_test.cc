#include <algorithm>

#include "tests/conformance/suites.h"

namespace quern::conformance {

namespace {
constexpr Duration ms = Duration::milliseconds(1);
}

TEST_P(TimersConformance, an_expired_timer_reached_its_deadline) {
    const Instant deadline = env_.clock.now() + ms * 5;
    Instant expired;
    env_.timers.start(deadline, [&] { expired = env_.clock.now(); });
    ASSERT_TRUE(run_until([&] { return expired.ns != 0; }));
    EXPECT_GE(expired, deadline);
}

TEST_P(TimersConformance, a_past_deadline_expires_later_not_inside) {
    bool expired = false;
    env_.timers.start(env_.clock.now() - ms, [&] { expired = true; });
    EXPECT_FALSE(expired);
    EXPECT_TRUE(run_until([&] { return expired; }));
}

TEST_P(TimersConformance, deadlines_order_expiry) {
    std::string order;
    const Instant now = env_.clock.now();
    env_.timers.start(now + ms * 6, [&] { order += 'c'; });
    env_.timers.start(now + ms * 2, [&] { order += 'a'; });
    env_.timers.start(now + ms * 4, [&] { order += 'b'; });
    ASSERT_TRUE(run_until([&] { return order.size() == 3; }));
    EXPECT_EQ(order, "abc");
}

TEST_P(TimersConformance, equal_deadlines_expire_in_start_order) {
    std::vector<int> order;
    const Instant deadline = env_.clock.now() + ms * 2;
    for (int i = 0; i < 50; ++i)
        env_.timers.start(deadline, [&order, i] { order.push_back(i); });
    ASSERT_TRUE(run_until([&] { return order.size() == 50; }));
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_P(TimersConformance, a_cancelled_timer_never_expires) {
    bool cancelled_ran = false;
    bool later = false;
    const Instant now = env_.clock.now();
    const TimerId id = env_.timers.start(now + ms, [&] { cancelled_ran = true; });
    env_.timers.start(now + ms * 3, [&] { later = true; });
    env_.timers.cancel(id);
    EXPECT_TRUE(run_until([&] { return later; }));
    EXPECT_FALSE(cancelled_ran);
}

TEST_P(TimersConformance, cancel_destroys_the_callback) {
    auto held = std::make_shared<int>(0);
    const TimerId id = env_.timers.start(env_.clock.now() + ms, [held] {});
    EXPECT_EQ(held.use_count(), 2);
    env_.timers.cancel(id);
    EXPECT_EQ(held.use_count(), 1);
}

TEST_P(TimersConformance, a_callback_may_cancel_one_that_is_due_with_it) {
    bool second_ran = false;
    bool later = false;
    TimerId second;
    const Instant deadline = env_.clock.now() + ms;
    env_.timers.start(deadline, [&] { env_.timers.cancel(second); });
    second = env_.timers.start(deadline, [&] { second_ran = true; });
    env_.timers.start(deadline + ms * 2, [&] { later = true; });
    EXPECT_TRUE(run_until([&] { return later; }));
    EXPECT_FALSE(second_ran);
}

TEST_P(TimersConformance, stale_and_unknown_ids_are_ignored) {
    bool first = false;
    const TimerId id = env_.timers.start(env_.clock.now(), [&] { first = true; });
    ASSERT_TRUE(run_until([&] { return first; }));
    bool second = false;
    env_.timers.start(env_.clock.now() + ms, [&] { second = true; });
    env_.timers.cancel(id);  // its slot may have been taken by the second
    env_.timers.cancel(TimerId{});
    EXPECT_TRUE(run_until([&] { return second; }));
}

TEST_P(TimersConformance, a_callback_may_start_a_timer_in_the_past) {
    int runs = 0;
    std::function<void()> again = [&] {
        if (++runs < 5) env_.timers.start(Instant{1}, [&] { again(); });
    };
    again();
    EXPECT_TRUE(run_until([&] { return runs == 5; }));
}

TEST_P(TimersConformance, timers_in_the_past_without_end_do_not_starve_posts) {
    bool posted = false;
    std::function<void()> again = [&] { env_.timers.start(Instant{1}, [&] { again(); }); };
    again();
    env_.timers.start(Instant{1}, [&] { env_.loop.post([&] { posted = true; }); });
    EXPECT_TRUE(run_until([&] { return posted; }));
}

TEST_P(TimersConformance, an_owned_timer_is_cancelled_by_its_owner) {
    int ran = 0;
    bool later = false;
    {
        OwnedTimer destroyed(env_.timers);
        destroyed.start(env_.clock.now() + ms, [&] { ran += 100; });
    }
    OwnedTimer rearmed(env_.timers);
    rearmed.start(env_.clock.now() + ms, [&] { ran += 10; });
    rearmed.start(env_.clock.now() + ms * 2, [&] { ran += 1; });
    EXPECT_TRUE(rearmed.pending());
    env_.timers.start(env_.clock.now() + ms * 5, [&] { later = true; });
    EXPECT_TRUE(run_until([&] { return later; }));
    EXPECT_EQ(ran, 1);
    EXPECT_FALSE(rearmed.pending());
}

TEST_P(TimersConformance, many_timers_expire_in_order_whatever_is_cancelled) {
    std::vector<int64_t> expired;
    std::vector<TimerId> ids;
    const Instant now = env_.clock.now();
    uint64_t random = 1;
    for (int i = 0; i < 500; ++i) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        const Instant deadline = now + Duration::microseconds(static_cast<int64_t>(random >> 52));
        ids.push_back(
            env_.timers.start(deadline, [&, deadline] { expired.push_back(deadline.ns); }));
    }
    for (size_t i = 0; i < ids.size(); i += 2)
        env_.timers.cancel(ids[i]);
    ASSERT_TRUE(run_until([&] { return expired.size() == 250; }));
    EXPECT_TRUE(std::is_sorted(expired.begin(), expired.end()));
}

}  // namespace quern::conformance
