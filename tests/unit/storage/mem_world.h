// One node's world in memory, and short words for what storage tests do all the time.
#pragma once

#include <deque>
#include <string>

#include "system/storage/node_storage.h"
#include "tests/unit/storage/mem_disk.h"

namespace quern::test {

class MemWorld : public Loop,
                 public Timers,
                 public Clock,
                 public Entropy,
                 public Network,
                 public Log {
public:
    MemWorld()
        : disk(*this), env{*this, *this, *this, disk, *this, *this, *this, metrics, faults} {}

    // Loop, timers, clock: virtual time goes on when nothing is left to run.
    void post(Callback<void()> task) override { tasks_.push_back(std::move(task)); }
    TimerId start(Instant deadline, Callback<void()> expired) override;
    void cancel(TimerId id) override { timers_.erase(id.value); }
    Instant now() const override { return now_; }
    WallReading wall() const override { return {{now_.ns}, {now_.ns}}; }
    uint64_t next() override { return random.next(); }
    Result<std::unique_ptr<Listener>> listen(const Endpoint&,
                                             Callback<void(std::unique_ptr<Connection>)>) override {
        return fail(ErrorCode::not_supported);
    }
    void connect(const Endpoint&, Callback<void(Result<std::unique_ptr<Connection>>)>) override {}
    bool enabled(LogLevel) const override { return true; }
    void write(LogLevel, std::string_view, std::string_view text) override {
        findings.emplace_back(text);
    }

    // Runs until no task is left or the disk crashed. Timers do not fire.
    void run();
    // Runs tasks and timers up to `duration` from now.
    void run_for(Duration duration);
    // Forgets tasks and timers, as a dying process does.
    void forget();

    Result<void> format();
    Result<std::unique_ptr<storage::NodeStorage>> open();
    // Runs until the write is acknowledged (or nothing runs any more: io_failed).
    Result<void> commit(storage::NodeStorage& storage, std::vector<storage::GroupChange> changes);

    Prng random{1};
    Metrics metrics;
    NoFaults faults;
    MemDisk disk;
    Env env;
    storage::Options options = small_options();
    storage::Superblock identity{0, {1, 2}, {3, 4}, NodeId(7)};
    std::vector<std::string> findings;

    static storage::Options small_options();

private:
    struct Timer {
        Instant deadline;
        Callback<void()> expired;
    };
    std::deque<Callback<void()>> tasks_;
    std::map<uint64_t, Timer> timers_;
    uint64_t next_timer_ = 1;
    Instant now_{1'000'000};
};

storage::GroupChange create_group(uint32_t group);
// Entries first.. with these payloads, all of one term.
storage::GroupChange entries(uint32_t group, uint64_t first, uint64_t term,
                             const std::vector<std::string>& payloads);
storage::GroupChange hard_state(uint32_t group, uint64_t term, uint32_t vote);
// "1:a 2:b" : index:payload of all entries, in order; with terms: "1@3:a".
std::string text_of(const storage::RecoveredGroup& group);
std::string text_of(const std::vector<storage::WalEntry>& entries);

}  // namespace quern::test
