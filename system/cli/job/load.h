// Load on one queue, for measuring: producers and consumers, each with a client of its own, in one
// loop. Closed loops: each keeps its share of requests under way.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "system/base/histogram.h"
#include "system/cli/job/load_check.h"
#include "system/client/client.h"

namespace quern::cli {

enum class LoadOperation : uint8_t {
    send,     // latency: of a send request
    receive,  // of what was sent before; latency: of a receive request that brought messages
    cycle,    // send, receive, delete; latency: from the send's call to the delete's OK
};

struct LoadOptions {
    LoadOperation operation = LoadOperation::cycle;
    std::string queue;
    size_t in_flight = 64;      // requests of all producers (receive: consumers) together
    size_t size_bytes = 1024;   // of a body
    size_t producers = 4;
    size_t consumers = 4;
    uint32_t batch = 1;           // messages in a send
    uint32_t receive_batch = 100;  // at most in a receive
    client::Options client;
};

class Load {
public:
    Load(Env& env, LoadOptions options);
    ~Load();

    // Producers begin to send; consumers, for receive and cycle, to receive.
    void start_sending();
    void start_receiving();
    // No new sends; those under way end.
    void stop_sending() { sending_ = false; }
    bool idle_senders() const { return sends_under_way_ == 0; }
    // From now on counts and latencies are those of the measurement.
    void begin_measuring();
    void end_measuring() { measuring_ = false; }

    uint64_t measured() const { return measured_; }  // messages, by the operation
    const Histogram& latency_ns() const { return latency_ns_; }
    uint64_t sent() const { return sent_; }
    uint64_t errors() const { return errors_; }
    const Error& last_error() const { return last_error_; }
    const LoadCheck& check() const { return check_; }
    // All that was sent was received (cycle: and deleted).
    bool drained() const;

private:
    class Producer;
    class Consumer;
    // Beyond it producers wait for the consumers, so that a cycle's queue stays short.
    static constexpr uint64_t backlog_max = 10'000;

    void note(LoadOperation operation, uint64_t messages, Duration took);
    void failed(Error error);
    bool may_send() const;

    Env& env_;
    LoadOptions options_;
    bool sending_ = false;
    bool receiving_ = false;
    bool measuring_ = false;
    size_t sends_under_way_ = 0;
    uint64_t sent_ = 0;
    uint64_t deleted_ = 0;
    uint64_t measured_ = 0;
    uint64_t errors_ = 0;
    Error last_error_;
    Histogram latency_ns_;
    LoadCheck check_;
    std::vector<std::unique_ptr<Producer>> producers_;
    std::vector<std::unique_ptr<Consumer>> consumers_;
};

}  // namespace quern::cli
