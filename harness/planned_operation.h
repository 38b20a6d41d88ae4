// One operation of the workload as data: what a client asks and when, whatever drew it. A plan may list
// its operations instead of having them drawn, so that some can be left out and the others stay as they
// were. One line each, after the word `op`:
//
//     c2#7 at=1.250000000 send queue=0 body=16 body=40,delay=200
//     c2#8 at=1.500000000 receive queue=0 max=10 wait=0 visibility=500
//     c2#9 at=2.000000000 delete queue=0 receipt=8.0 receipt=8.1,flip=3:255
//
// Client and ordinal, the time since the clients began, the kind, the number of the queue, then what the
// kind knows. `receipt=8.1`: the second message that operation #8 of the same client received; with
// `flip=BYTE:MASK` it is altered first. A receipt that was never received is left out, and so is an
// operation that has none left.
#pragma once

#include <string>
#include <vector>

#include "harness/history.h"
#include "system/base/result.h"

namespace quern::harness {

struct PlannedBody {
    uint32_t size_bytes = 0;
    int64_t delay_ms = -1;  // -1: the queue's
    bool operator==(const PlannedBody&) const = default;
};

struct PlannedReceipt {
    uint32_t ordinal = 0;  // of the receive
    uint32_t part = 0;     // of its messages
    int32_t flip_byte = -1;  // -1: genuine
    uint8_t flip_mask = 0;
    int64_t visibility_ms = 0;  // change_visibility
    bool operator==(const PlannedReceipt&) const = default;
};

struct PlannedOperation {
    uint32_t client = 1;
    uint32_t ordinal = 0;
    int64_t at_ns = 0;
    OpKind kind = OpKind::send;
    uint64_t queue = 0;
    std::vector<PlannedBody> bodies;        // send
    std::vector<PlannedReceipt> receipts;   // delete, change_visibility
    uint32_t messages_max = 1;              // receive, peek
    int64_t wait_ms = 0;                    // receive; -1: the queue's
    int64_t visibility_ms = -1;             // receive; -1: the queue's
    uint64_t from_seq = 0;                  // peek
    uint64_t like_queue = 0;                // set_attributes: those of the queue of this number
    uint32_t mask = 0;                      // set_attributes: which

    bool operator==(const PlannedOperation&) const = default;
    std::string to_string() const;
    static Result<PlannedOperation> parse(const std::string& line);
};

}  // namespace quern::harness
