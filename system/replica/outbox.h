// Raft messages on their way out: gathered during a turn of the loop, one frame per peer at its end.
#pragma once

#include <map>
#include <vector>

#include "system/io/env.h"
#include "system/replica/observer.h"
#include "system/wire/link.h"
#include "system/wire/peer_messages.h"

namespace quern::replica {

class Outbox {
public:
    // `observer` may be null.
    Outbox(Env& env, NodeId self, ReplicaObserver* observer)
        : env_(env), self_(self), observer_(observer) {}
    // `link` may be replaced; null forgets the peer.
    void set_link(NodeId peer, wire::Link* link);
    void add(const Uuid& incarnation, raft::Message message);
    void flush();

private:
    void send(wire::Link& link, const std::vector<wire::RaftMessage>& messages);

    struct Peer {
        wire::Link* link = nullptr;
        std::vector<wire::RaftMessage> messages;
        std::vector<wire::RaftMessage> earlier;  // will be sent once more; only the simulator has any
        uint32_t frames_until = 0;               // that go before them
    };
    void repeat_earlier(Peer& peer);

    Env& env_;
    NodeId self_;
    ReplicaObserver* observer_;
    std::map<NodeId, Peer> peers_;
    std::vector<wire::RaftMessage> leaving_;  // on their way to a peer; empty between calls
    uint32_t repeated_ = 0;                   // frames
};

}  // namespace quern::replica
