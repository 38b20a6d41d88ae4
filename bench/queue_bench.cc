// The queue state machine alone, per message: apply of sends, receives and deletes, memory of a backlog,
// cost of freezing. Run: quern-bench-micro --benchmark_filter=queue
#include <benchmark/benchmark.h>

#include <string>

#include "system/queue/group_state.h"

namespace {

using namespace quern;
using namespace quern::queue;

constexpr QueueId queue_id{1};
constexpr CatalogueVersion version{1};

struct Bench {
    Bench() {
        Attributes attributes;
        attributes.leased_messages_max = 1 << 30;
        entry();
        apply(EnsureQueue{attributes, {}});
    }
    void entry() { group.begin_entry(group.index().next(), ClusterTime{now++}); }
    Reply apply(decltype(Command::operation) operation, Token token = {}) {
        Command command{queue_id, version, UserId{1}, token, std::move(operation)};
        return group.apply(command, reinterpret_cast<const uint8_t*>(body.data()));
    }
    Send batch(size_t count) const {
        return Send{std::vector<SendEntry>(count, SendEntry{as_bytes(body), 1000, -1})};
    }
    void fill(size_t count) {
        const Send sends = batch(1000);
        for (size_t i = 0; i < count; i += 1000) {
            entry();
            apply(sends);
        }
    }

    GroupState group;
    int64_t now = 1'000'000;
    std::string body = std::string(1024, 'b');
};

// One message a command, 64 commands an entry, onto a backlog.
void queue_send(benchmark::State& state) {
    Bench b;
    b.fill(static_cast<size_t>(state.range(0)));
    Command send{queue_id, version, UserId{1}, {}, b.batch(1)};
    const auto* payload = reinterpret_cast<const uint8_t*>(b.body.data());
    uint64_t count = 0;
    for (auto _ : state) {
        if (count++ % 64 == 0) b.entry();
        benchmark::DoNotOptimize(b.group.apply(send, payload));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(queue_send)->Arg(0)->Arg(1'000'000);

void queue_send_with_token(benchmark::State& state) {
    Bench b;
    Command send{queue_id, version, UserId{1}, {SessionId{5}, 0, 0}, b.batch(1)};
    const auto* payload = reinterpret_cast<const uint8_t*>(b.body.data());
    for (auto _ : state) {
        if (send.token.seq++ % 64 == 0) b.entry();
        send.token.acked_below = send.token.seq > 16 ? send.token.seq - 16 : 0;
        benchmark::DoNotOptimize(b.group.apply(send, payload));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(queue_send_with_token);

// A message's whole life, in batches of `range(0)`, onto a backlog of `range(1)`.
void queue_send_receive_delete(benchmark::State& state) {
    Bench b;
    b.fill(static_cast<size_t>(state.range(1)));
    const auto count = static_cast<size_t>(state.range(0));
    const Send sends = b.batch(count);
    Receive receive;
    receive.messages_max = static_cast<uint32_t>(count);
    for (auto _ : state) {
        b.entry();
        b.apply(sends);
        Reply received = b.apply(receive);
        Delete deletes;
        deletes.receipts.reserve(count);
        for (const Delivery& d : std::get<ReceiveReply>(received.result).deliveries) {
            deletes.receipts.push_back({queue_id, d.seq, d.epoch});
        }
        benchmark::DoNotOptimize(b.apply(std::move(deletes)));
        b.group.take_dead_bodies();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(queue_send_receive_delete)->Args({1, 0})->Args({10, 0})->Args({10, 1'000'000});

// Receives from a deep backlog; leases end and are swept meanwhile.
void queue_receive(benchmark::State& state) {
    Bench b;
    b.fill(1'000'000);
    Receive receive;
    receive.messages_max = 10;
    receive.visibility_ms = 50'000;
    for (auto _ : state) {
        b.entry();
        benchmark::DoNotOptimize(b.apply(receive));
    }
    state.SetItemsProcessed(state.iterations() * 10);
}
BENCHMARK(queue_receive);

void queue_backlog_memory(benchmark::State& state) {
    for (auto _ : state) {
        Bench b;
        b.fill(1'000'000);
        state.counters["bytes_per_message"] = static_cast<double>(b.group.memory_bytes()) / 1e6;
    }
}
BENCHMARK(queue_backlog_memory)->Unit(benchmark::kMillisecond)->Iterations(1);

void queue_freeze(benchmark::State& state) {
    Bench b;
    b.fill(1'000'000);
    for (auto _ : state) benchmark::DoNotOptimize(b.group.freeze());
}
BENCHMARK(queue_freeze);

void queue_snapshot_encode(benchmark::State& state) {
    Bench b;
    b.fill(1'000'000);
    uint64_t bytes = 0;
    for (auto _ : state) {
        auto frozen = b.group.freeze();
        for (Buffer c = frozen->next_chunk(1 << 20); !c.empty(); c = frozen->next_chunk(1 << 20)) {
            bytes += c.size();
        }
    }
    state.SetBytesProcessed(static_cast<int64_t>(bytes));
}
BENCHMARK(queue_snapshot_encode)->Unit(benchmark::kMillisecond);

}  // namespace
