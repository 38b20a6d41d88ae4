#include "system/cli/bench_run.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "system/cli/job/load.h"
#include "system/cli/output.h"
#include "system/cli/progress.h"

namespace quern::cli {

namespace {

constexpr Duration warm_up = Duration::seconds(1);
constexpr Duration drain_patience = Duration::seconds(60);
// Longer than any measurement: a message that comes twice is one too many.
constexpr int64_t lease_ms = 12LL * 3600 * 1000;
// What a measurement of receives sends beforehand.
constexpr uint64_t prefill_per_second = 30'000;

LoadOperation operation_of(const std::string& name) {
    if (name == "send") return LoadOperation::send;
    return name == "receive" ? LoadOperation::receive : LoadOperation::cycle;
}

class Bench {
public:
    Bench(Session& session, const BenchOptions& options, LoadOptions load, bool show_progress)
        : session_(session), options_(options), load_(session.env(), std::move(load)),
          progress_(options.operation + ", messages", 0, show_progress) {}

    Result<int> run(bool json);
    uint64_t lost() const { return lost_; }

private:
    // Runs the loop for `time`, or until `done()`; an error of the first requests ends the wait.
    void run_for(Duration time, Callback<bool()> done = nullptr);
    void prefill();
    void drain();
    void print(bool json) const;
    double rate() const {
        return static_cast<double>(load_.measured()) * 1e9 / static_cast<double>(measured_for_.ns);
    }

    Session& session_;
    const BenchOptions& options_;
    Load load_;
    Progress progress_;
    Duration measured_for_;
    uint64_t lost_ = 0;
};

void Bench::run_for(Duration time, Callback<bool()> done) {
    auto shared = std::make_shared<Callback<bool()>>(std::move(done));
    session_.run_until(
        [this, shared] {
            progress_.update(std::max(load_.sent(), load_.check().received()),
                             session_.env().clock.now());
            return session_.interrupted() || (*shared && (*shared)());
        },
        session_.env().clock.now() + time);
}

void Bench::prefill() {
    const uint64_t wanted = prefill_per_second * static_cast<uint64_t>(options_.seconds);
    load_.start_sending();
    run_for(Duration::seconds(2 * options_.seconds), [&] { return load_.sent() >= wanted; });
    load_.stop_sending();
    run_for(drain_patience, [&] { return load_.idle_senders(); });
}

void Bench::drain() {
    load_.stop_sending();
    load_.start_receiving();
    uint64_t seen = 0;
    Instant moved = session_.env().clock.now();
    run_for(Duration::seconds(3600), [&] {
        const Instant now = session_.env().clock.now();
        const uint64_t received = load_.check().received();
        if (std::exchange(seen, received) != received) moved = now;
        return load_.drained() || now - moved > drain_patience;
    });
    lost_ = load_.check().missing();
}

Result<int> Bench::run(bool json) {
    const LoadOperation operation = operation_of(options_.operation);
    if (operation == LoadOperation::receive) prefill();
    if (operation != LoadOperation::receive) load_.start_sending();
    if (operation != LoadOperation::send) load_.start_receiving();
    if (operation != LoadOperation::receive) run_for(warm_up);
    load_.begin_measuring();
    const Instant began = session_.env().clock.now();
    const bool receive = operation == LoadOperation::receive;
    run_for(Duration::seconds(options_.seconds), [&] { return receive && load_.drained(); });
    measured_for_ = session_.env().clock.now() - began;
    load_.end_measuring();
    load_.stop_sending();
    if (options_.verify) {
        drain();
    } else {
        run_for(drain_patience, [&] { return load_.idle_senders(); });
    }
    progress_.clear();
    if (session_.interrupted()) return fail(ErrorCode::cancelled, "interrupted");
    print(json);
    const bool well = lost_ == 0 && load_.check().duplicated() == 0 && load_.errors() == 0 &&
                      load_.measured() > 0;
    if (well) return 0;
    if (load_.errors() > 0 && !json) print_error(load_.last_error(), false);
    return 1;
}

void Bench::print(bool json) const {
    const Histogram& latency = load_.latency_ns();
    auto micros = [&](uint32_t per_million) {
        return static_cast<double>(latency.quantile(per_million) / 100) / 10;
    };
    if (json) {
        nlohmann::ordered_json object{
            {"operation", options_.operation},
            {"in_flight", options_.in_flight},
            {"size_bytes", options_.size_bytes},
            {"producers", options_.producers},
            {"consumers", options_.consumers},
            {"batch", options_.batch},
            {"receive_batch", options_.receive_batch},
            {"seconds", static_cast<double>(measured_for_.ns) / 1e9},
            {"messages", load_.measured()},
            {"rate", rate()},
            {"p50_us", micros(500'000)},
            {"p99_us", micros(990'000)},
            {"p999_us", micros(999'000)},
            {"max_us", static_cast<double>(latency.max()) / 1000},
            {"verified", options_.verify},
            {"lost", lost_},
            {"duplicated", load_.check().duplicated()},
            {"errors", load_.errors()}};
        fmt::print("{}\n", object.dump());
        return;
    }
    fmt::print("{}: {} messages of {} bytes in {:.1f} s, {} in flight, batch {}\n",
               options_.operation, grouped(load_.measured()), options_.size_bytes,
               static_cast<double>(measured_for_.ns) / 1e9, options_.in_flight, options_.batch);
    fmt::print("  rate     {} messages/s\n", grouped(static_cast<uint64_t>(rate())));
    fmt::print("  latency  p50 {:.2f} ms, p99 {:.2f} ms, p99.9 {:.2f} ms, longest {:.2f} ms\n",
               micros(500'000) / 1000, micros(990'000) / 1000, micros(999'000) / 1000,
               static_cast<double>(latency.max()) / 1e6);
    fmt::print("  errors {}, duplicated {}{}\n", load_.errors(), load_.check().duplicated(),
               options_.verify ? fmt::format(", lost {}", lost_) : "; not verified (--verify)");
}

}  // namespace

Result<int> run_bench(Session& session, const BenchOptions& options, const GlobalOptions& global) {
    Result<Target> target = resolve_target(global);
    if (!target) return fail(std::move(target.error()));
    LoadOptions load;
    load.operation = operation_of(options.operation);
    load.queue = fmt::format("bench-{:016x}", session.env().entropy.next());
    load.in_flight = options.in_flight;
    load.size_bytes = static_cast<size_t>(options.size_bytes);
    load.producers = options.producers;
    load.consumers = options.consumers;
    load.batch = options.batch;
    load.receive_batch = options.receive_batch;
    load.client = client_options(*target, session.timeout());

    wire::CreateQueueRequest create;
    create.attributes.visibility_ms = lease_ms;
    create.attributes.leased_messages_max = 1'000'000'000;
    const std::string queue = load.queue;
    Result<wire::Response> created = session.ask(on_queue(queue, create));
    if (!created) return fail(std::move(created.error()));
    Bench bench(session, options, std::move(load), !global.json);
    Result<int> status = bench.run(global.json);
    if (bench.lost() > 0) {
        fmt::print(stderr, "quern: the queue {} stays, for a look at what is missing\n", queue);
    } else {
        (void)session.ask(on_queue(queue, wire::DeleteQueueRequest{}));
    }
    return status;
}

}  // namespace quern::cli
