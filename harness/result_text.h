// A run's result as one line of numbers and text, from a worker process to the one that asked.
#pragma once

#include <string>

#include "harness/runner.h"

namespace quern::harness {

struct SeedReport {
    RunResult result;
    int64_t cpu_ns = 0;     // of the run, the first if there were two
    bool verified = false;  // it ran twice
    std::vector<std::string> aims;  // cells that the campaign aimed it at, beside what its seed draws
    std::string weights;            // that it was drawn with (SwarmWeights); empty: the usual
    std::string crash;  // not empty: the process died; its last words
};

std::string to_line(const SeedReport& report);
// False if the line is not whole.
bool from_line(const std::string& line, SeedReport& report);

}  // namespace quern::harness
