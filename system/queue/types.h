// The nouns of a queue, as values. Names follow Amazon SQS where it has one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "system/base/buffer.h"
#include "system/base/ids.h"
#include "system/base/limits.h"
#include "system/base/time.h"

namespace quern::queue {

enum class Overflow : uint8_t { reject = 0, drop_oldest = 1 };

// A queue's attributes (contract.md). 0 in the two size limits means none.
struct Attributes {
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
    bool operator==(const Attributes&) const = default;
};

// What users see as the message id: never repeated, also over deletion and re-creation of a queue.
struct MessageId {
    QueueId queue;
    MessageSeq seq;
    auto operator<=>(const MessageId&) const = default;
};

// The right to delete or extend one delivery of one message. Travels as an opaque string with a MAC
// (receipt.h); here decoded and verified.
struct Receipt {
    QueueId queue;
    MessageSeq seq;
    LeaseEpoch epoch;
};

// Makes a mutating request take effect once (thesis 6.3). `seq` counts up within the session;
// everything below `acked_below` will never be asked again. `expires` is stamped once by the client
// (from the cluster time it last saw, at most limits::request_horizon_ms_max ahead) and kept on
// retries: applied at a later cluster time, the command is refused as deadline_exceeded, so a late
// duplicate can not outlive the memory of its first application.
struct Token {
    SessionId session;  // 0: no token
    uint64_t seq = 0;
    uint64_t acked_below = 0;
    ClusterTime expires = ClusterTime::never();
};

// Exact counts of a queue at one log index. Conservation, at every index:
//   sent = ready + delayed + leased + deleted + expired + purged + dropped
struct Counters {
    uint64_t ready = 0;
    uint64_t delayed = 0;
    uint64_t leased = 0;
    uint64_t live_bytes = 0;  // body + attributes of all live messages
    uint64_t sent = 0;
    uint64_t received = 0;  // deliveries
    uint64_t deleted = 0;
    uint64_t expired = 0;  // by retention
    uint64_t purged = 0;
    uint64_t dropped = 0;  // by overflow = drop_oldest
    uint64_t live() const { return ready + delayed + leased; }
    bool operator==(const Counters&) const = default;
};

}  // namespace quern::queue
