// Brings one peer up to date: freezes the group's state and streams it, state first, then live bodies,
// each chunk answered before the next leaves, so that it never crowds out live traffic.
#pragma once

#include <deque>
#include <memory>

#include "system/replica/group_replica.h"
#include "system/replica/state_machine.h"
#include "system/wire/peer_messages.h"

namespace quern::replica {

class SnapshotSender {
public:
    // Asks the peer, by whatever way there is now.
    using Ask = Callback<void(wire::FrameKind, wire::Encoded, Instant deadline,
                              Callback<void(Result<wire::Frame>)> done)>;
    // `done` gets whether the peer has installed the snapshot at the index; it may destroy this.
    SnapshotSender(Env& env, GroupReplica& group, NodeId self, Ask ask,
                   Callback<void(LogIndex, bool)> done);
    void start();

private:
    void send(wire::FrameKind kind, wire::Encoded message);
    void answered(Result<wire::Frame> frame);
    void send_next();
    std::vector<BodyRef> bodies_of_a_chunk();
    void send_bodies(std::vector<BodyRef> bodies);
    void end(bool ok);

    Env& env_;
    GroupReplica& group_;
    NodeId self_;
    Ask ask_;
    Callback<void(LogIndex, bool)> done_;
    raft::SnapshotMeta meta_;
    std::unique_ptr<SnapshotSource> source_;
    std::deque<BodyRef> listed_;  // not sent yet
    uint64_t ordinal_ = 0;
    bool state_sent_ = false;
    bool last_sent_ = false;
    LifeGuard guard_;
};

}  // namespace quern::replica
