// The traffic of the main job: producers send the lines of a source, consumers receive and delete
// them, each through a client of its own; the ledger is told everything.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "system/cli/job/ledger.h"
#include "system/client/client.h"

namespace quern::cli {

// Where lines come from; the view is valid until the next call.
using LineSource = Callback<bool(std::string_view& line)>;

// The longest time in which nothing of a kind succeeded, within a stretch that is being watched.
class GapWatch {
public:
    void begin(Instant now) {
        watching_ = true;
        last_ = now;
    }
    void success(Instant now) {
        if (watching_ && now - last_ > longest_) longest_ = now - last_;
        last_ = now;
    }
    void end() { watching_ = false; }
    Duration longest() const { return longest_; }

private:
    bool watching_ = false;
    Instant last_;
    Duration longest_;
};

class LineJob {
public:
    struct Options {
        std::string queue;
        int64_t visibility_ms = 30'000;  // the queue's
        size_t producers = 8;
        size_t consumers = 8;
        size_t sends_per_producer = 32;  // under way at a time
        uint32_t receive_max = 100;
        client::Options client;
    };
    LineJob(Env& env, Options options, LineSource source);
    ~LineJob();

    void start();
    // All lines were sent, received and deleted.
    bool complete() const { return exhausted_ && sends_under_way_ == 0 && ledger_.complete(); }
    const Ledger& ledger() const { return ledger_; }
    // When something last succeeded: the job is stuck if that is long ago.
    Instant last_progress() const { return last_progress_; }
    // The last error that was seen, retried or not; for a stuck job.
    const Error& last_error() const { return last_error_; }
    // From now until all lines are sent, watch for gaps between successes.
    void watch_gaps();
    Duration longest_gap() const;

private:
    class Producer;
    class Consumer;

    Env& env_;
    Options options_;
    LineSource source_;
    bool exhausted_ = false;
    size_t sends_under_way_ = 0;
    Ledger ledger_;
    Instant last_progress_;
    Error last_error_;
    GapWatch send_gaps_;
    GapWatch receive_gaps_;
    std::vector<std::unique_ptr<Producer>> producers_;
    std::vector<std::unique_ptr<Consumer>> consumers_;
};

}  // namespace quern::cli
