// What clients asked and were told, as values: the evidence that checkers judge. A history knows nothing
// of the simulator: one taken from real processes looks the same.
//
// Times are nanoseconds since the start of the run on one clock that no client can see; two operations
// overlap unless one returned before the other was invoked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "system/base/error.h"
#include "system/queue/types.h"

namespace quern::harness {

enum class OpKind : uint8_t {
    send,
    receive,
    remove,
    change_visibility,
    purge,
    peek,
    status,
    create_queue,
    delete_queue,
    set_attributes,
    grant,
    revoke,
    redrive,         // messages of a dead-letter queue go back to where they came from
    change_members,  // nodes or voters come or go
    count
};
constexpr size_t op_kind_count = static_cast<size_t>(OpKind::count);
std::string_view op_kind_name(OpKind kind);

enum class OpOutcome : uint8_t {
    ok,    // done
    fail,  // definitely not done, and never will be
    info,  // may have been done, or may yet be
    count
};
constexpr size_t op_outcome_count = static_cast<size_t>(OpOutcome::count);
std::string_view op_outcome_name(OpOutcome outcome);

// One message of a send.
struct SentMessage {
    uint64_t hash = 0;  // of its content
    uint32_t size_bytes = 0;
    int64_t delay_ms = -1;  // -1: the queue's
    std::string group_id;   // FIFO queues
    std::string dedup_id;   // FIFO queues
    // The answer, if the operation is ok.
    ErrorCode error = ErrorCode::ok;
    MessageSeq seq;
    int64_t limit = -1;
    int64_t actual = -1;
};

// One message of a receive or peek.
struct SeenMessage {
    MessageSeq seq;
    LeaseEpoch epoch;  // of its receipt; 0 in a peek
    uint32_t receive_count = 0;
    uint64_t hash = 0;
    uint32_t size_bytes = 0;
    ClusterTime sent;
    ClusterTime first_received;
    ClusterTime leased_until;
    queue::MessageState state = queue::MessageState::leased;  // peek
    std::string group_id;
    std::string from_queue;  // dead letters: where it lay before
    MessageSeq from_seq;
};

// A receipt as it was used. What is not genuine was altered by the client.
struct ReceiptUse {
    queue::Receipt receipt;
    bool genuine = true;
    int64_t visibility_ms = 0;  // change_visibility
    ErrorCode result = ErrorCode::ok;  // if the operation is ok
};

// Attributes of features that a queue may or may not have.
struct QueuePolicy {
    bool fifo = false;
    int64_t dedup_window_ms = 0;    // 0: no deduplication
    uint32_t receives_max = 0;      // after so many a message becomes a dead letter; 0: never
    std::string dead_letter_queue;
};

// Where in the log an operation was answered: at or after the index at which it took effect.
struct Position {
    QueueId queue;
    GroupId group;
    LogIndex index;
    ClusterTime time;
};

constexpr int64_t never_ns = INT64_MAX;

struct Operation {
    uint32_t client = 0;
    uint32_t ordinal = 0;  // within its client, from 0
    OpKind kind = OpKind::send;
    std::string queue;
    std::string user;  // who asked; for grant and revoke, whose permission it is: `subject`
    std::string subject;
    int64_t invoked_ns = 0;
    int64_t returned_ns = never_ns;  // never_ns: no answer yet
    int64_t deadline_ns = never_ns;  // until when it has to be answered; never_ns: nobody said
    OpOutcome outcome = OpOutcome::info;
    ErrorCode error = ErrorCode::ok;
    std::string detail;
    Position at;
    bool draining = false;  // asked after the faults, to empty the queues

    // Arguments and answers, by kind.
    uint32_t messages_max = 0;   // receive, peek
    int64_t wait_ms = 0;         // receive
    int64_t visibility_ms = -1;  // receive: -1 is the queue's
    std::vector<SentMessage> sent;
    std::vector<SeenMessage> seen;
    std::vector<ReceiptUse> receipts;
    QueueAttributes attributes;  // create, set; status: as reported
    uint32_t attribute_mask = 0;
    QueuePolicy policy;  // create, set
    queue::Counters counters;  // status
    uint64_t purged = 0;

    bool returned() const { return returned_ns != never_ns; }
    bool ok() const { return returned() && outcome == OpOutcome::ok; }
    // It may have had an effect.
    bool possible() const { return !returned() || outcome != OpOutcome::fail; }
    // By when it had its effect, if it has one: never_ns for an unknown outcome, as what a client has given
    // up may still be on its way.
    int64_t settled_ns() const { return outcome == OpOutcome::info ? never_ns : returned_ns; }
};

// "t=1.250000 c3#17 send orders [2 messages] -> ok q=12 ix=40 …", for people.
std::string to_string(const Operation& operation);

// A part of a run during which something held, for checkers that compare such parts:
//   "before", "after": a trigger of overload, at equal offered load (L12)
//   "calm", "hot": without and with a queue that is flooded, which is `subject` (L13)
//   "sound", "one_slow": with all nodes, and with one that is no leader slow or gone (L14)
struct Phase {
    std::string name;
    int64_t from_ns = 0;
    int64_t until_ns = 0;
    std::string subject;
};

struct History {
    std::vector<Operation> operations;  // by invocation
    std::vector<Phase> phases;
    int64_t ended_ns = 0;
    // The queues were read until nothing was left, after every fault that could keep a message away.
    bool drained = false;
};

// "receipt" fields as they lie in its bytes (docs/formats/receipt.md), whoever made them.
queue::Receipt peek_receipt(ByteSpan bytes);

}  // namespace quern::harness
