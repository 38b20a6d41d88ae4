// One measurement: makes a queue, loads it, tells what came of it, deletes the queue.
#pragma once

#include <string>

#include "system/cli/session.h"

namespace quern::cli {

struct BenchOptions {
    std::string operation = "cycle";
    size_t in_flight = 64;
    int64_t size_bytes = 1024;
    size_t producers = 4;
    size_t consumers = 4;
    int seconds = 10;
    uint32_t batch = 1;
    uint32_t receive_batch = 100;
    bool verify = false;
};

// The exit status: 1 if there were errors, or something was lost or duplicated.
Result<int> run_bench(Session& session, const BenchOptions& options, const GlobalOptions& global);

}  // namespace quern::cli
