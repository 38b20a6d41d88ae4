// The nouns of a queue, as values. Names follow Amazon SQS where it has one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "system/base/buffer.h"
#include "system/base/ids.h"
#include "system/base/limits.h"
#include "system/base/queue_attributes.h"
#include "system/base/time.h"
#include "system/base/token.h"

namespace quern::queue {

using Attributes = QueueAttributes;

enum class MessageState : uint8_t { ready = 0, delayed = 1, leased = 2 };

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
