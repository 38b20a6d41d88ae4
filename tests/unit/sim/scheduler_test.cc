#include "sim/world/scheduler.h"

#include <memory>

#include <gtest/gtest.h>

#include "system/base/prng.h"

namespace quern::sim {
namespace {

void plan(Scheduler& s, int64_t at, std::vector<int>& order, int tag) {
    s.at(SimTime{at}, world_owner, EventKind::user, static_cast<uint64_t>(tag),
         [&order, tag] { order.push_back(tag); });
}

TEST(Scheduler, runs_by_time_then_by_order_of_scheduling) {
    Scheduler s;
    std::vector<int> order;
    plan(s, 20, order, 3);
    plan(s, 10, order, 1);
    plan(s, 20, order, 4);
    plan(s, 10, order, 2);
    plan(s, 0, order, 0);
    s.run_until(SimTime{100});
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
    EXPECT_EQ(s.now().ns, 100);
    EXPECT_EQ(s.executed(), 5u);
}

TEST(Scheduler, events_at_the_current_instant_follow_those_scheduled_before_it) {
    Scheduler s;
    std::vector<int> order;
    s.at(SimTime{10}, world_owner, EventKind::user, 0, [&] {
        order.push_back(1);
        plan(s, 10, order, 3);
        plan(s, 5, order, 4);  // the past is now
    });
    plan(s, 10, order, 2);
    s.run_until(SimTime{10});
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TEST(Scheduler, an_event_keeps_what_it_captured_while_it_schedules_and_cancels) {
    Scheduler s;
    const auto shared = std::make_shared<int>(0);
    EventId own;
    own = s.at(SimTime{10}, world_owner, EventKind::user, 0, [&s, &own, held = shared] {
        EXPECT_FALSE(s.pending(own));
        EXPECT_FALSE(s.cancel(own));
        std::vector<EventId> others;
        for (int i = 0; i < 1'000; ++i) {
            others.push_back(s.at(SimTime{20}, world_owner, EventKind::user, 0, [held] { ++*held; }));
        }
        for (size_t i = 0; i < others.size(); i += 2) EXPECT_TRUE(s.cancel(others[i]));
        s.cancel_owner(world_owner + 1);
        EXPECT_EQ(held.use_count(), 502);
    });
    s.run_until(SimTime{10});
    EXPECT_EQ(shared.use_count(), 501);
    s.run_until(SimTime{20});
    EXPECT_EQ(*shared, 500);
    EXPECT_EQ(shared.use_count(), 1);
    EXPECT_EQ(s.pending_count(), 0u);
}

TEST(Scheduler, random_load_runs_sorted) {
    Scheduler s;
    Prng prng(42);
    std::vector<int64_t> ran;
    std::vector<EventId> ids;
    for (int i = 0; i < 20'000; ++i) {
        const auto at = static_cast<int64_t>(prng.below(1'000));
        ids.push_back(s.at(SimTime{at}, world_owner, EventKind::user, 0, [&ran, &s, at] {
            EXPECT_EQ(s.now().ns, at);
            ran.push_back(at);
        }));
    }
    size_t cancelled = 0;
    for (const EventId id : ids) {
        if (prng.chance(3, 4)) cancelled += s.cancel(id) ? 1 : 0;
    }
    EXPECT_EQ(s.pending_count(), ids.size() - cancelled);
    s.run_until(SimTime{1'000});
    EXPECT_EQ(ran.size(), ids.size() - cancelled);
    EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
}

TEST(Scheduler, cancelled_event_does_not_run_and_its_id_is_never_reused) {
    Scheduler s;
    int ran = 0;
    const EventId id = s.at(SimTime{5}, world_owner, EventKind::user, 0, [&] { ran += 1; });
    EXPECT_TRUE(s.cancel(id));
    EXPECT_FALSE(s.cancel(id));
    s.at(SimTime{5}, world_owner, EventKind::user, 0, [&] { ran += 10; });
    EXPECT_FALSE(s.cancel(id));  // same slot, other generation
    s.run_until(SimTime{5});
    EXPECT_EQ(ran, 10);
}

TEST(Scheduler, cancel_owner_destroys_captures_at_once) {
    Scheduler s;
    auto held = std::make_shared<int>(1);
    s.at(SimTime{5}, 1, EventKind::user, 0, [held] { FAIL(); });
    s.at(SimTime{0}, 1, EventKind::user, 0, [held] { FAIL(); });
    s.at(SimTime{5}, 2, EventKind::user, 0, [held] {});
    s.cancel_owner(1);
    EXPECT_EQ(held.use_count(), 2);
    s.run_until(SimTime{10});
    EXPECT_EQ(s.executed(), 1u);
}

TEST(Scheduler, paused_owner_waits_while_others_run) {
    Scheduler s;
    std::vector<int> order;
    for (int i = 0; i < 3; ++i) {
        s.at(SimTime{10 + i}, 1, EventKind::user, 0, [&order, i] { order.push_back(i); });
    }
    s.at(SimTime{15}, 2, EventKind::user, 0, [&order] { order.push_back(9); });
    s.pause(1);
    s.run_until(SimTime{20});
    EXPECT_EQ(order, (std::vector<int>{9}));
    s.resume(1);
    s.run_until(SimTime{20});
    EXPECT_EQ(order, (std::vector<int>{9, 0, 1, 2}));
}

TEST(Scheduler, run_until_predicate_stops_at_once_or_at_the_deadline) {
    Scheduler s;
    int count = 0;
    for (int i = 1; i <= 5; ++i) {
        s.at(SimTime{i * 10}, world_owner, EventKind::user, 0, [&] { ++count; });
    }
    EXPECT_TRUE(s.run_until([&] { return count == 2; }, SimTime{100}));
    EXPECT_EQ(s.now().ns, 20);
    EXPECT_FALSE(s.run_until([&] { return count == 5; }, SimTime{40}));
    EXPECT_EQ(s.now().ns, 40);
    EXPECT_EQ(count, 4);
}

TEST(Scheduler, hash_knows_time_kind_owner_and_identity) {
    const auto hash = [](int64_t at, Owner owner, EventKind kind, uint64_t identity) {
        Scheduler s;
        s.at(SimTime{at}, owner, kind, identity, [] {});
        s.run_until(SimTime{100});
        return s.hash();
    };
    const uint64_t base = hash(10, 1, EventKind::timer, 7);
    EXPECT_EQ(base, hash(10, 1, EventKind::timer, 7));
    EXPECT_NE(base, hash(11, 1, EventKind::timer, 7));
    EXPECT_NE(base, hash(10, 2, EventKind::timer, 7));
    EXPECT_NE(base, hash(10, 1, EventKind::post, 7));
    EXPECT_NE(base, hash(10, 1, EventKind::timer, 8));
}

}  // namespace
}  // namespace quern::sim
