// How many events a simulated world executes per CPU second: bare events, timers, and bytes going
// to and fro over a stream.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>

#include "sim/world/world.h"

namespace quern::sim {
namespace {

struct Chain {
    Scheduler& scheduler;
    uint64_t step;
    void next() {
        scheduler.after(Duration{static_cast<int64_t>(step)}, world_owner, EventKind::user, step,
                        [this] { next(); });
    }
};

// state.range(0) events are pending at any time.
void sim_events(benchmark::State& state) {
    Scheduler scheduler;
    std::vector<Chain> chains;
    for (int64_t i = 0; i < state.range(0); ++i) {
        chains.push_back({scheduler, 1'000 + mix64(static_cast<uint64_t>(i)) % 1'000'000});
    }
    for (Chain& chain : chains)
        chain.next();
    for (auto _ : state)
        scheduler.step();
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sim_events)->Arg(10)->Arg(1'000)->Arg(100'000);

// Each expiry starts the next and re-arms a long timer, as a request with a deadline does.
void sim_timers(benchmark::State& state) {
    World world;
    Machine& machine = world.add_machine({.name = "m"});
    struct Ticker {
        Env& env;
        OwnedTimer timer{env.timers};
        OwnedTimer deadline{env.timers};
        int64_t period_ns = 1;
        explicit Ticker(Env& e) : env(e) {}
        void arm() {
            timer.start(env.clock.now() + Duration{period_ns}, [this] { arm(); });
            deadline.start(env.clock.now() + Duration::seconds(30), [] {});
        }
    };
    std::vector<std::unique_ptr<Ticker>> tickers;
    for (int64_t i = 0; i < state.range(0); ++i) {
        tickers.push_back(std::make_unique<Ticker>(machine.env()));
        tickers.back()->period_ns = 1'000 + static_cast<int64_t>(mix64(uint64_t(i)) % 1'000'000);
        tickers.back()->arm();
    }
    for (auto _ : state)
        world.scheduler().step();
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sim_timers)->Arg(10)->Arg(1'000);

struct Player {
    std::unique_ptr<Connection> connection;
    std::array<uint8_t, 4096> memory{};
    Buffer ball;
    uint64_t received = 0;
    void read() {
        connection->read(memory, [this](Result<size_t> size) {
            received += *size;
            if (received >= ball.size()) {
                received -= ball.size();
                connection->write(ball, [](Result<void>) {});
            }
            read();
        });
    }
};

// One message of state.range(0) bytes to and fro; an item is a message.
void sim_ping_pong(benchmark::State& state) {
    World world;
    Machine& a = world.add_machine({.name = "a"});
    Machine& b = world.add_machine({.name = "b"});
    Player left;
    Player right;
    left.ball = right.ball = Buffer::copy_of(std::string(static_cast<size_t>(state.range(0)), 'x'));
    auto listener = b.env().network.listen({"b", 1}, [&](std::unique_ptr<Connection> c) {
        right.connection = std::move(c);
        right.read();
    });
    a.env().network.connect({"b", 1}, [&](Result<std::unique_ptr<Connection>> c) {
        left.connection = std::move(*c);
        left.read();
        left.connection->write(left.ball, [](Result<void>) {});
    });
    world.run_for(Duration::seconds(1));
    const uint64_t before = world.scheduler().executed();
    const int64_t sent_before = world.now().ns;
    for (auto _ : state)
        world.scheduler().step();
    state.SetItemsProcessed(static_cast<int64_t>(world.scheduler().executed() - before));
    state.counters["virtual_s"] = static_cast<double>(world.now().ns - sent_before) / 1e9;
}
BENCHMARK(sim_ping_pong)->Arg(64)->Arg(4096)->Arg(65536);

// 4 KiB durable writes, one after another.
void sim_durable_writes(benchmark::State& state) {
    World world;
    Machine& machine = world.add_machine({.name = "m"});
    std::unique_ptr<File> file;
    machine.env().disk.open("log", OpenMode::create_new,
                            [&](Result<std::unique_ptr<File>> f) { file = std::move(*f); });
    world.run_for(Duration::seconds(1));
    const Buffer page = Buffer::copy_of(std::string(4096, 'x'));
    uint64_t offset = 0;
    struct Writer {
        File& file;
        const Buffer& page;
        uint64_t& offset;
        void next() {
            file.write_at_durable(offset % (1U << 26), page, [this](Result<void>) { next(); });
            offset += page.size();
        }
    } writer{*file, page, offset};
    writer.next();
    for (auto _ : state)
        world.scheduler().step();
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sim_durable_writes);

}  // namespace
}  // namespace quern::sim
