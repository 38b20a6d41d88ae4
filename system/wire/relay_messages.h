// A balancer that a leader's node cannot be reached from asks another node to pass a forward or a query on
// (faults.md S121); so does a leader with a snapshot for a follower that it does not reach itself. The answer
// comes back as it was given, or word that it could not be passed on.
#pragma once

#include "system/wire/client_messages.h"

namespace quern::wire {

struct Relay {
    NodeId to;
    FrameKind kind = FrameKind::forward;  // or another that may be relayed
    int64_t deadline_ms = 0;              // left at sending
    uint32_t head_bytes = 0;              // of the body
    Buffer body;                          // head and attachments of the frame to pass on
};
struct RelayFailed {
    bool sent = false;  // it may have arrived
};
bool may_be_relayed(FrameKind kind);
// `message` is what shall be passed on.
Encoded encode_relay(NodeId to, FrameKind kind, int64_t deadline_ms, Encoded message);
Encoded encode(const RelayFailed& message);
Result<Relay> decode_relay(const Frame& frame);
Result<RelayFailed> decode_relay_failed(const Frame& frame);

}  // namespace quern::wire
