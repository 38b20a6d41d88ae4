// Commands of a data group and their replies. A command's bytes are spans into the log entry's payload;
// a live message keeps only where they are (BodyRef). Decided on by GroupState::apply; encoded by wire.
//
// Each mutating command names the queue by its incarnation (QueueId) and carries `record_version`: the
// catalogue version of the queue's record that the balancer used. The group refuses with
// needs_attributes when it holds an older record (or none), with stale_catalogue when it holds a newer.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "system/base/body_ref.h"
#include "system/base/result.h"
#include "system/queue/types.h"

namespace quern::queue {

struct SendEntry {
    // Body followed by the encoded message attributes, as one run of bytes; stored as they are.
    // Of an empty one the stored offset is 0.
    ByteSpan content;
    uint32_t body_bytes = 0;  // the body's part of content; the rest are the attributes
    int64_t delay_ms = -1;    // -1: the queue's
};

struct Send {
    std::vector<SendEntry> entries;  // each is accepted or refused by itself, in order
};
struct Receive {
    uint32_t messages_max = 1;
    int64_t visibility_ms = -1;  // -1: the queue's
    uint64_t bytes_max = limits::receive_bytes_max;  // at least one message is handed out all the same
};
struct Delete {
    std::vector<Receipt> receipts;
};
struct VisibilityChange {
    Receipt receipt;
    int64_t visibility_ms = 0;  // from now; 0 makes the message ready at once
};
struct ChangeVisibility {
    std::vector<VisibilityChange> changes;
};
// Removes all messages sent before this log index.
struct Purge {};
// Creates or updates the queue in this group. A version below the group's catalogue_floor() is refused
// with stale_catalogue: the queue may have been dropped since.
struct EnsureQueue {
    Attributes attributes;
    // The catalogue version at which the sender saw that the queue exists; it is what is compared with
    // the floor, so that a queue whose record is old can be ensured after another one was dropped.
    // Below record_version (0 in particular): record_version counts.
    CatalogueVersion as_of;
};
// The catalogue deleted the queue at version `record_version`. Idempotent.
struct DropQueue {};
// Lets time pass: due leases, delays and retention are swept. Proposed by the leader's driver.
struct Tick {};

struct Command {
    QueueId queue;  // 0 for Tick
    CatalogueVersion record_version;
    UserId principal;  // who asked, for audit (Q19)
    Token token;
    std::variant<Send, Receive, Delete, ChangeVisibility, Purge, EnsureQueue, DropQueue, Tick> operation;
};

// --- replies --------------------------------------------------------------------------------------

struct SendResult {
    ErrorCode error = ErrorCode::ok;  // queue_full, message_too_large, invalid_argument
    MessageSeq seq;
    int64_t limit = -1;
    int64_t actual = -1;
};
struct Delivery {
    MessageSeq seq;
    LeaseEpoch epoch;
    BodyRef content;
    uint32_t body_bytes = 0;
    uint32_t receive_count = 0;
    ClusterTime sent;
    ClusterTime first_received;
    ClusterTime leased_until;
};
struct SendReply {
    std::vector<SendResult> results;
};
struct ReceiveReply {
    std::vector<Delivery> deliveries;  // oldest first
};
struct DeleteReply {
    std::vector<ErrorCode> results;  // ok also when the message is gone already or the lease is stale
};
struct ChangeVisibilityReply {
    std::vector<ErrorCode> results;  // ok or receipt_stale
};
struct PurgeReply {
    uint64_t purged = 0;  // live messages at the fence; their removal may go on in slices
};
struct Done {};  // EnsureQueue, DropQueue, Tick

// What applying one command yielded. An Error here is definite: nothing was changed.
struct Reply {
    std::variant<SendReply, ReceiveReply, DeleteReply, ChangeVisibilityReply, PurgeReply, Done, Error> result;
    bool repeated = false;  // the token was seen before; this is the first application's result
};

}  // namespace quern::queue
