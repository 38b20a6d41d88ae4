// Lives, pauses and clocks of machines.
#include "sim/world/machine.h"

#include <gtest/gtest.h>

#include "tests/unit/sim/files.h"
#include "tests/unit/sim/talker.h"

namespace quern::sim {
namespace {

// A process that counts its own ticks, ten a second.
struct Process {
    explicit Process(Env& e) : env(e) { tick(); }
    void tick() {
        ++ticks;
        timer.start(env.clock.now() + Duration::milliseconds(100), [this] { tick(); });
    }
    Env& env;
    OwnedTimer timer{env.timers};
    int ticks = 0;
};

TEST(Machine, kill_takes_timers_posts_and_captures_and_start_begins_a_new_life) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    Process* process = nullptr;
    m.set_program([&](Machine& machine) {
        auto made = std::make_shared<Process>(machine.env());
        process = made.get();
        return made;
    });
    m.set_death_hook([&](Machine&) { process = nullptr; });
    world.run_for(Duration::milliseconds(250));
    EXPECT_EQ(process->ticks, 3);
    auto held = std::make_shared<int>();
    m.env().loop.post([held] { FAIL(); });
    m.env().timers.start(Instant::never(), [held] { FAIL(); });
    m.kill();
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(process, nullptr);
    EXPECT_EQ(world.scheduler().pending_count(), 0u);
    m.env().loop.post([] { FAIL(); });  // nothing runs on a dead machine
    world.run_for(Duration::seconds(1));
    m.start();
    EXPECT_EQ(m.life(), 2u);
    world.run_for(Duration::milliseconds(50));
    EXPECT_EQ(process->ticks, 1);
}

TEST(Machine, pause_holds_events_back_while_the_clock_goes_on) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    Process process(m.env());
    const Instant before = m.env().clock.now();
    m.pause();
    world.run_for(Duration::seconds(10));
    EXPECT_EQ(process.ticks, 1);
    EXPECT_EQ((m.env().clock.now() - before).ns, Duration::seconds(10).ns);
    m.resume();
    world.run_for(Duration::milliseconds(50));
    EXPECT_EQ(process.ticks, 2);  // late, and only once
}

TEST(Machine, a_paused_process_still_gets_its_connections_and_bytes_later) {
    World world;
    Machine& a = world.add_machine({.name = "a"});
    Machine& b = world.add_machine({.name = "b"});
    Acceptor server(b, 1, true);
    b.pause();
    Talker client;
    client.connect(a, {"b", 1});
    world.run_for(Duration::seconds(2));
    ASSERT_TRUE(client.open());
    client.write("ping");
    world.run_for(Duration::seconds(2));
    EXPECT_EQ(client.writes_done, 1);
    EXPECT_EQ(server.peers.size(), 0u);
    b.resume();
    world.run_for(Duration::seconds(1));
    ASSERT_EQ(server.peers.size(), 1u);
    EXPECT_EQ(server.peers[0]->text, "ping");
}

TEST(Machine, peers_of_a_killed_process_see_an_end_or_a_reset) {
    int ends = 0;
    int resets = 0;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        World world({.seed = seed});
        Machine& a = world.add_machine({.name = "a"});
        Machine& b = world.add_machine({.name = "b"});
        Acceptor server(b, 1);
        Talker client;
        client.connect(a, {"b", 1});
        world.run_for(Duration::seconds(1));
        client.read_all();
        b.kill();
        world.run_for(Duration::seconds(1));
        ends += client.ended ? 1 : 0;
        resets += client.error == ErrorCode::connection_reset ? 1 : 0;
        EXPECT_EQ(ends + resets, static_cast<int>(seed));
        Talker late;
        late.connect(a, {"b", 1});
        world.run_for(Duration::seconds(1));
        EXPECT_EQ(late.error, ErrorCode::connection_refused);
    }
    EXPECT_GT(ends, 0);
    EXPECT_GT(resets, 0);
}

TEST(Machine, peers_of_a_dark_host_see_nothing_until_they_time_out) {
    World world;
    Machine& a = world.add_machine({.name = "a"});
    Machine& b = world.add_machine({.name = "b"});
    Acceptor server(b, 1);
    Talker client;
    client.connect(a, {"b", 1});
    world.run_for(Duration::seconds(1));
    client.read_all();
    b.power_loss();
    Talker late;
    late.connect(a, {"b", 1});
    world.run_for(Duration::seconds(60));
    EXPECT_EQ(client.error, ErrorCode::ok);
    EXPECT_EQ(late.error, ErrorCode::timed_out);
    client.write("anyone?");
    world.run_for(Duration::seconds(30));
    EXPECT_EQ(client.error, ErrorCode::timed_out);
}

TEST(Machine, a_host_that_came_back_resets_old_streams) {
    World world;
    Machine& a = world.add_machine({.name = "a"});
    Machine& b = world.add_machine({.name = "b"});
    Acceptor server(b, 1);
    Talker quiet;
    Talker busy;
    quiet.connect(a, {"b", 1});
    busy.connect(a, {"b", 1});
    world.run_for(Duration::seconds(1));
    quiet.read_all();
    busy.read_all();
    b.power_loss();
    busy.write("lost");
    world.run_for(Duration::seconds(1));
    b.start();
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(busy.error, ErrorCode::connection_reset);
    EXPECT_EQ(quiet.error, ErrorCode::ok);  // half open: it never asked
    quiet.write("still there?");
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(quiet.error, ErrorCode::connection_reset);
}

TEST(Machine, metrics_and_entropy_do_not_repeat_over_lives) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    m.env().metrics.counter("c").add(3);
    const uint64_t first = m.env().entropy.next();
    m.kill();
    m.start();
    EXPECT_EQ(m.env().metrics.counter("c").value, 0u);
    EXPECT_NE(m.env().entropy.next(), first);
}

TEST(SimClock, drift_scales_timers_exactly) {
    World world;
    MachineOptions fast{.name = "fast"};
    fast.clock.drift_ppb = 100'000'000;  // ten per cent
    Machine& m = world.add_machine(fast);
    Env& env = m.env();
    const Instant begin = env.clock.now();
    SimTime fired;
    env.timers.start(begin + Duration::seconds(11), [&] {
        fired = world.now();
        EXPECT_GE(env.clock.now(), begin + Duration::seconds(11));
    });
    world.run_for(Duration::seconds(60));
    EXPECT_EQ(fired.ns, Duration::seconds(10).ns);
}

TEST(SimClock, a_change_of_drift_moves_running_timers_and_never_the_clock_back) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    Env& env = m.env();
    const Instant begin = env.clock.now();
    std::vector<int> order;
    SimTime fired;
    env.timers.start(begin + Duration::seconds(10), [&] { order.push_back(1); });
    env.timers.start(begin + Duration::seconds(10), [&] {
        order.push_back(2);
        fired = world.now();
        EXPECT_GE(env.clock.now(), begin + Duration::seconds(10));
    });
    world.run_for(Duration::seconds(5));
    const Instant before = env.clock.now();
    m.clock().set_drift(-200'000'000);
    EXPECT_GE(env.clock.now(), before);
    world.run_for(Duration::seconds(60));
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
    EXPECT_EQ(fired.ns, Duration::milliseconds(11'250).ns);
}

TEST(SimClock, wall_jumps_freezes_and_states_its_uncertainty) {
    World world;
    Machine& m = world.add_machine({.name = "m"});
    const Clock& clock = m.env().clock;
    const WallReading good = clock.wall();
    EXPECT_LE(good.earliest, world.wall_now());
    EXPECT_GE(good.latest, world.wall_now());
    m.clock().jump_wall(Duration::seconds(-3600));
    EXPECT_LT(clock.wall().latest, world.wall_now());
    m.clock().jump_wall(Duration::seconds(3600));
    m.clock().freeze_wall();
    world.run_for(Duration::seconds(100));
    EXPECT_EQ(clock.wall().earliest, good.earliest);
    m.clock().thaw_wall();
    EXPECT_EQ((clock.wall().earliest - good.earliest).ns, Duration::seconds(100).ns);
}

}  // namespace
}  // namespace quern::sim
