// Named places where the simulator may make the rare happen: a short batch, a dropped frame, an early
// snapshot. In production fire() is always false. Every point is counted, and a campaign reports those
// that never fired.
#pragma once

#include <cstdint>
#include <string_view>

namespace quern {

#define QUERN_FAULT_POINTS(X)                                               \
    X(frame_dropped)        /* replica: a raft frame is lost before it is sent */ \
    X(frame_duplicated)     /* replica: a raft frame is sent twice */             \
    X(batch_short)          /* replica: a batch closes after one command */    \
    X(snapshot_early)       /* replica: a snapshot is taken far too early */   \
    X(segment_roll_early)   /* storage: the WAL rolls to a new segment */      \
    X(cache_forgotten)      /* metadata: the cache drops an entry */           \
    X(cache_stale)          /* metadata: a watch event is not applied at once */\
    X(append_short)         /* raft: an append carries fewer entries */        \
    X(transfer_needless)    /* replica: leadership is handed over for no reason */ \
    X(flush_early)          /* storage: bodies are flushed at once */          \
    X(answer_lost)          /* wire: a connection is lost just before an answer leaves */ \
    X(frame_repeated)       /* replica: a raft frame is sent once more, after later ones */ \
    X(changes_forgotten)    /* metadata: a replica forgets the latest changes, as after a restart */ \
    X(request_refused)      /* replica: a leader refuses a request as one too many */

enum class FaultPoint : uint8_t {
#define X(name) name,
    QUERN_FAULT_POINTS(X)
#undef X
        count
};

constexpr std::string_view fault_point_name(FaultPoint point) {
    constexpr std::string_view names[] = {
#define X(name) #name,
        QUERN_FAULT_POINTS(X)
#undef X
    };
    return names[static_cast<uint8_t>(point)];
}

class FaultPoints {
public:
    virtual ~FaultPoints() = default;
    virtual bool fire(FaultPoint point) = 0;
};

class NoFaults final : public FaultPoints {
public:
    bool fire(FaultPoint) override { return false; }
};

}  // namespace quern
