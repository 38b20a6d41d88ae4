// What a leader knows about one peer, and how much it may send to it.
//
//  probe      one append at a time until the peer's matching position is found
//  replicate  appends are pipelined optimistically (thesis 10.2.1), bounded by a window
//  snapshot   the peer needs entries that are gone; nothing is sent until the driver reports
#pragma once

#include <vector>

#include "system/base/time.h"
#include "system/raft/types.h"

namespace quern::raft {

// Appends in flight, oldest first; bounded by count and by bytes.
class Window {
public:
    Window(size_t messages_max, size_t bytes_max)
        : messages_max_(messages_max), bytes_max_(bytes_max) {}

    // One message may always be sent, however large.
    bool full() const {
        return count_ > 0 && (count_ >= messages_max_ || bytes_ >= bytes_max_);
    }
    bool empty() const { return count_ == 0; }
    size_t bytes() const { return bytes_; }
    void add(LogIndex last, size_t bytes);
    // Forgets the messages whose last entry is at or below `index`.
    void acknowledge(LogIndex index);
    void clear();

private:
    struct Flight {
        LogIndex last;
        size_t bytes;
    };
    size_t messages_max_;
    size_t bytes_max_;
    std::vector<Flight> ring_;  // grows on demand up to messages_max_
    size_t head_ = 0;
    size_t count_ = 0;
    size_t bytes_ = 0;
};

enum class PeerState : uint8_t { probe, replicate, snapshot };

struct Progress {
    Progress(NodeId peer, LogIndex next_index, Instant now, Window in_flight)
        : id(peer), next(next_index), contact(now), heard(now), window(std::move(in_flight)) {}

    NodeId id;
    LogIndex match;  // acknowledged as durable in this term
    LogIndex next;   // the next entry to send; > match
    PeerState state = PeerState::probe;
    bool paused = false;      // probe: an append is on its way
    bool loading = false;     // a LoadRequest is outstanding
    bool recovering = false;  // as its last response said
    bool sleeps = false;      // agreed to the last heartbeat's proposal to sleep
    uint64_t read_round = 0;  // the latest read round it has confirmed
    Instant contact;          // last response in this term that came directly
    Instant heard;            // last response in this term, by whatever way
    Instant spoken;           // when the last append or question of a read round was sent
    Window window;

    // It was heard of since it was last spoken to, and has all there is.
    bool content(LogIndex last) const {
        return state == PeerState::replicate && !recovering && match == last && contact >= spoken;
    }
    // Nothing but an empty append may be sent now.
    bool blocked() const;
    // The peer acknowledged `index`; true if that is news.
    bool acknowledge(LogIndex index);
    // The peer refused the append after `refused` and said that `continue_at` may match. False if the
    // answer is old. `lost`: the peer says that it lost entries it had acknowledged, so that even
    // what was known to match is in doubt.
    bool refuse(LogIndex refused, LogIndex continue_at, bool lost);
    void sent(LogIndex last, size_t bytes);
    void to_probe();
    void to_snapshot();
};

}  // namespace quern::raft
