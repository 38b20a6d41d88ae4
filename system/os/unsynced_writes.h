// Which of a file's plain writes may not be durable yet, so that a durable write knows whether
// syncing its own bytes is enough. Counts submissions; loop thread only.
#pragma once

#include <algorithm>
#include <cstdint>

namespace quern::os {

class UnsyncedWrites {
public:
    void submitted() { ++submitted_; }
    void completed() { ++completed_; }

    // Every plain write so far is durable.
    bool none() const { return durable_ == submitted_; }
    // To be kept while a sync of the whole file runs that starts now, and given to synced() if it
    // succeeds. A write under way may miss the sync, and then nothing new is known.
    uint64_t covered_by_sync() const { return completed_ == submitted_ ? submitted_ : durable_; }
    void synced(uint64_t covered) { durable_ = std::max(durable_, covered); }

private:
    uint64_t submitted_ = 0;
    uint64_t completed_ = 0;
    uint64_t durable_ = 0;
};

}  // namespace quern::os
