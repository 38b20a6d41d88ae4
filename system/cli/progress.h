// One line on a terminal that tells how far long work is; nothing elsewhere.
#pragma once

#include <cstdint>
#include <string>

#include "system/base/time.h"

namespace quern::cli {

class Progress {
public:
    // `total` 0: not known.
    Progress(std::string what, uint64_t total, bool wanted = true);
    ~Progress();  // clears the line
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // Redraws at most every tenth of a second. Shows rate, and the time left when the total is known.
    void update(uint64_t done, Instant now);
    // Makes room for other output; the next update draws the line again.
    void clear();

private:
    std::string what_;
    uint64_t total_;
    bool shown_;  // stderr is a terminal
    bool drawn_ = false;
    bool started_ = false;
    Instant started_at_;
    Instant drawn_at_;
};

}  // namespace quern::cli
