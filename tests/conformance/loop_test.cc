#include <set>

#include "tests/conformance/suites.h"

namespace quern::conformance {

TEST_P(LoopConformance, a_post_runs_later) {
    bool ran = false;
    env_.loop.post([&] { ran = true; });
    EXPECT_FALSE(ran);
    EXPECT_TRUE(run_until([&] { return ran; }));
}

TEST_P(LoopConformance, posts_run_in_order) {
    std::vector<int> order;
    for (int i = 0; i < 100; ++i)
        env_.loop.post([&order, i] { order.push_back(i); });
    ASSERT_TRUE(run_until([&] { return order.size() == 100; }));
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST_P(LoopConformance, a_post_from_a_post_runs_after_those_before_it) {
    std::string order;
    env_.loop.post([&] {
        order += 'a';
        env_.loop.post([&] { order += 'c'; });
        order += 'A';
    });
    env_.loop.post([&] { order += 'b'; });
    ASSERT_TRUE(run_until([&] { return order.size() == 4; }));
    EXPECT_EQ(order, "aAbc");
}

TEST_P(LoopConformance, posts_without_end_do_not_starve_timers) {
    bool expired = false;
    const std::function<void()> again = [&] { env_.loop.post([&again] { again(); }); };
    again();
    env_.timers.start(env_.clock.now(), [&] { expired = true; });
    // In a simulated world posts take no time, so the timer is due at once.
    EXPECT_TRUE(run_until([&] { return expired; }));
}

TEST_P(LoopConformance, a_guarded_post_dies_with_its_guard) {
    bool ran = false;
    bool marker = false;
    {
        const LifeGuard guard;
        env_.loop.post(guard.wrap([&] { ran = true; }));
    }
    env_.loop.post([&] { marker = true; });
    EXPECT_TRUE(run_until([&] { return marker; }));
    EXPECT_FALSE(ran);
}

TEST_P(ClockConformance, the_monotonic_clock_advances_to_a_timer) {
    const Instant before = env_.clock.now();
    bool expired = false;
    env_.timers.start(before + Duration::milliseconds(3), [&] { expired = true; });
    ASSERT_TRUE(run_until([&] { return expired; }));
    EXPECT_GE(env_.clock.now(), before + Duration::milliseconds(3));
}

TEST_P(ClockConformance, wall_time_is_an_interval_of_this_century) {
    const WallReading reading = env_.clock.wall();
    EXPECT_LE(reading.earliest, reading.latest);
    EXPECT_GT(reading.earliest.ns, int64_t{1'700'000'000} * 1'000'000'000);
}

TEST_P(ClockConformance, entropy_does_not_repeat) {
    std::set<uint64_t> seen;
    for (int i = 0; i < 1000; ++i)
        seen.insert(env_.entropy.next());
    EXPECT_EQ(seen.size(), 1000u);
}

}  // namespace quern::conformance
