// A queue's attributes (contract.md): shared by the catalogue, which keeps them, and the queue state
// machine, which obeys them.
#pragma once

#include <cstdint>

#include "system/base/limits.h"

namespace quern {

enum class Overflow : uint8_t { reject = 0, drop_oldest = 1 };

// 0 in the two queue size limits means none.
struct QueueAttributes {
    uint64_t message_bytes_max = limits::message_bytes_max;
    uint64_t queue_messages_max = 0;
    uint64_t queue_bytes_max = 0;
    Overflow overflow = Overflow::reject;
    int64_t visibility_ms = 30'000;
    int64_t delay_ms = 0;
    int64_t retention_ms = 4LL * 24 * 3600 * 1000;
    int64_t receive_wait_ms = 0;
    uint64_t leased_messages_max = limits::leased_messages_default_max;
    // FIFO, deduplication, redrive policy, priorities and partitions join here with their features.
    bool operator==(const QueueAttributes&) const = default;
};

}  // namespace quern
