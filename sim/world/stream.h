// The kernel's side of one simulated TCP connection: two ends, and between them bytes in flight in
// both directions. Plain data; Fabric moves it.
#pragma once

#include <span>

#include "sim/world/fifo.h"
#include "sim/world/scheduler.h"
#include "system/base/buffer.h"
#include "system/base/result.h"
#include "system/io/network.h"

namespace quern::sim {

// A host's number in its world: the machine's index.
using HostIndex = uint32_t;

struct StreamId {
    uint32_t slot = 0;
    uint32_t generation = 0;  // 0: none
    auto operator<=>(const StreamId&) const = default;
};

struct Segment {
    enum class What : uint8_t { data, end, reset };
    What what = What::data;
    BufferChain data;
};

struct StreamEnd {
    HostIndex host = 0;
    Endpoint peer;
    uint64_t identity = 0;  // of the direction from here to the other end

    // The owner's side. `attached`: a Connection object refers to this end.
    bool attached = false;
    bool finished = false;  // the Connection was destroyed, or its process has died
    bool gone = false;      // the process has died: nothing here answers but the host's kernel
    bool closed = false;    // close() was called
    ErrorCode failed = ErrorCode::ok;

    // Incoming.
    Fifo<Buffer> received;
    size_t received_bytes = 0;
    bool end_received = false;
    std::span<uint8_t> read_into;
    Callback<void(Result<size_t>)> read_done;
    EventId read_event;
    uint64_t read_ordinal = 0;

    // Outgoing: bytes on their way are in `wire`, one deliver event each; bytes that cannot leave
    // because the link is cut wait in `held`. `unread_bytes` counts both and what the peer's
    // process has not read: the flow-control window.
    Fifo<Segment> wire;
    Fifo<Segment> held;
    EventId stall_event;
    size_t unread_bytes = 0;
    Callback<void(Result<void>)> write_done;
    EventId write_event;
    SimTime last_arrival;
    uint64_t segment_ordinal = 0;
    bool reset_sent = false;
    bool black_hole = false;  // what is sent from here is swallowed

    bool writable() const { return !closed && !finished && failed == ErrorCode::ok; }
};

struct Stream {
    uint32_t generation = 0;
    bool live = false;
    StreamEnd ends[2];  // 0 connected, 1 accepted
};

}  // namespace quern::sim
