// A process that runs seeds for a campaign: every n-th one, a line of result for each through a pipe. An
// assertion ends it; whoever reads the pipe then knows the seed, and starts another behind it.
#pragma once

#include <string>

#include "harness/campaign.h"
#include "harness/result_text.h"

namespace quern::harness {

class Worker {
public:
    // Runs first, first + step, … up to options.last_seed.
    Worker(const CampaignOptions& options, uint64_t first, uint64_t step);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    int descriptor() const { return read_end_; }
    // Takes what has come; false once the process has ended and all was taken.
    bool read(std::vector<SeedReport>& reports);
    // Ends the process if its seed takes longer than it may; read() then tells of it.
    void end_if_late();
    // Ends the process.
    void stop();

private:
    void spawn();
    [[noreturn]] void work(int write_end);
    void reap(std::vector<SeedReport>& reports);
    void take_lines(std::vector<SeedReport>& reports);

    const CampaignOptions& options_;
    uint64_t next_;  // the seed whose result comes next
    uint64_t step_;
    int process_ = -1;
    int read_end_ = -1;
    int words_end_ = -1;  // the process's stderr
    int64_t waited_since_ns_ = 0;
    uint64_t late_seed_ = 0;  // it took too long, and the process was ended for it
    std::string pending_;
};

// CPU time of this process so far.
int64_t cpu_time_ns();
// For rates and limits; nothing of a run depends on it.
int64_t wall_ns();

}  // namespace quern::harness
