// Which heads of earlier batches the next batch repeats. Every head is repeated twice: right
// behind, in the next batch, and once more at least one window of log (ledger_window_bytes) later
// or in the next segment, so that one damaged stretch of the disk does not take all copies.
#pragma once

#include <vector>

#include "system/storage/wal_format.h"

namespace quern::storage {

class HeadLedger {
public:
    // Heads found by recovery, oldest first.
    void restore(std::vector<Buffer> heads);
    // The copies to put into the next batch, which begins a segment or not.
    std::vector<Buffer> take(bool segment_start);
    // At least the size of what take() would give.
    uint64_t copies_bytes_bound() const { return held_bytes_; }
    // That batch's own head.
    void add(Buffer head, uint64_t batch_bytes);

private:
    std::vector<Buffer> waiting_;  // of the window before the current one
    std::vector<Buffer> current_;
    uint64_t current_bytes_ = 0;  // of log
    uint64_t held_bytes_ = 0;     // of heads
};

}  // namespace quern::storage
