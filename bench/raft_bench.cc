// The Raft core without disk and network: three cores whose messages are handed over in memory and whose
// writes are durable at once. Run: quern-bench-micro --benchmark_filter=raft
#include <benchmark/benchmark.h>

#include <deque>
#include <memory>
#include <string>

#include "system/raft/raft.h"

namespace {

using namespace quern;
using namespace quern::raft;

constexpr GroupId group{1};
constexpr uint32_t servers = 3;

class Trio {
public:
    Trio() {
        for (uint32_t i = 1; i <= servers; ++i) {
            Options options;
            options.group = group;
            options.self = NodeId(i);
            Restored restored;
            restored.snapshot.configuration.voters = {NodeId(1), NodeId(2), NodeId(3)};
            cores_.push_back(std::make_unique<Raft>(options, std::move(restored), now_));
        }
    }
    Raft& core(uint32_t id) { return *cores_[id - 1]; }
    Instant now() const { return now_; }
    void pass(Duration time) { now_ = now_ + time; }
    void elect(uint32_t id) {
        core(id).campaign(now_);
        settle();
    }
    // Outputs and messages, until nothing moves.
    void settle() {
        for (bool moved = true; moved;) {
            moved = false;
            for (auto& core : cores_) moved = take(*core) || moved;
            for (; !network_.empty(); network_.pop_front()) {
                Message& message = network_.front();
                core(message.to.value).step(std::move(message), now_);
                moved = true;
            }
        }
    }
    uint64_t applied = 0;

private:
    bool take(Raft& core) {
        if (!core.has_output()) return false;
        Output output = core.take_output();
        send(output.messages);
        send(output.messages_after_persist);
        if (output.sequence != 0) core.persisted(output.sequence, now_);
        if (output.committed.empty()) return true;
        const LogIndex last = output.committed.back().index;
        core.applied(last);
        applied += output.committed.size();
        // As a replica does whose snapshots are instant, so that the log stays short.
        if (last.value - core.status().first.value > entries_kept) {
            core.compacted({last, core.term_at(last), core.configuration_at(last)});
        }
        return true;
    }
    void send(std::vector<Message>& messages) {
        for (Message& message : messages) network_.push_back(std::move(message));
    }

    static constexpr uint64_t entries_kept = 4096;
    Instant now_{1'000'000'000};
    std::vector<std::unique_ptr<Raft>> cores_;
    std::deque<Message> network_;
};

Buffer payload_of(size_t bytes) { return Buffer::copy_of(std::string(bytes, 'x')); }

// From proposing `entries` at once to all of them committed.
void raft_commit(benchmark::State& state) {
    Trio trio;
    trio.elect(1);
    const auto entries = static_cast<uint64_t>(state.range(0));
    const Buffer payload = payload_of(1024);
    for (auto _ : state) {
        for (uint64_t i = 0; i < entries; ++i) {
            if (!trio.core(1).propose(payload, trio.now())) return state.SkipWithError("refused");
        }
        trio.settle();
    }
    // The followers learn what is committed from the leader's next message: not at the next beat, since they
    // answered an append since the last.
    for (int beat = 0; beat < 2; ++beat) {
        trio.pass(Duration::milliseconds(100));
        trio.core(1).on_deadline(trio.now());
        trio.settle();
    }
    const uint64_t done = static_cast<uint64_t>(state.iterations()) * entries;
    if (trio.applied < done * servers) state.SkipWithError("not all were committed");
    state.SetItemsProcessed(static_cast<int64_t>(done));
}
BENCHMARK(raft_commit)->Arg(1)->Arg(4)->Arg(16)->Arg(64)->Arg(256);

// Leadership goes round: pre-vote, vote and the first entry of each term.
void raft_election(benchmark::State& state) {
    Trio trio;
    uint32_t next = 1;
    for (auto _ : state) {
        trio.pass(Duration::seconds(5));  // nobody presumes a leader alive
        trio.core(next).step_down(trio.now());
        trio.elect(next);
        if (trio.core(next).status().role != Role::leader) return state.SkipWithError("not elected");
        next = next % servers + 1;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(raft_election);

// A follower takes an append of `entries`, writes it and acknowledges it.
void raft_append(benchmark::State& state) {
    Options options;
    options.group = group;
    options.self = NodeId(2);
    Restored restored;
    restored.snapshot.configuration.voters = {NodeId(1), NodeId(2), NodeId(3)};
    const Instant now{1'000'000'000};
    Raft follower(options, std::move(restored), now);
    const auto entries = static_cast<uint64_t>(state.range(0));
    const Buffer payload = payload_of(1024);
    Message append;
    append.kind = MessageKind::append_request;
    append.group = group;
    append.from = NodeId(1);
    append.to = NodeId(2);
    append.term = Term(1);
    for (auto _ : state) {
        Message message = append;
        for (uint64_t i = 1; i <= entries; ++i) {
            message.entries.push_back({append.index.plus(i), Term(1), EntryKind::command, payload});
        }
        append.index = append.index.plus(entries);
        append.log_term = Term(1);
        append.commit = append.index;
        follower.step(std::move(message), now);
        Output output = follower.take_output();
        follower.persisted(output.sequence, now);
        if (output.committed.empty()) continue;
        const LogIndex last = output.committed.back().index;
        follower.applied(last);
        follower.compacted({last, Term(1), follower.configuration_at(last)});
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(entries));
}
BENCHMARK(raft_append)->Arg(1)->Arg(16)->Arg(256);

}  // namespace
