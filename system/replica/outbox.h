// Raft messages on their way out: gathered during a turn of the loop, one frame per peer at its end, several if
// there is much.
//
// To a peer whose link is down appends, heartbeats and their answers go by way of another node, which passes them on
// over its own link: a detour of one node, never two, so that nothing goes round. They do not prove to a leader
// that it reaches the peer, so who holds office is decided by direct links alone.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "system/io/env.h"
#include "system/replica/observer.h"
#include "system/wire/link.h"
#include "system/wire/peer_messages.h"

namespace quern::replica {

// How many of these, one or more, go into the next frame: no frame grows with the number of groups that have
// much to say in one turn.
size_t messages_of_a_frame(std::span<const wire::RaftMessage> messages);

class Outbox {
public:
    // Names a peer that reaches the given one, or none (0).
    using Detour = std::function<NodeId(NodeId)>;
    // `observer` may be null.
    Outbox(Env& env, NodeId self, ReplicaObserver* observer, Detour detour)
        : env_(env), self_(self), observer_(observer), detour_(std::move(detour)) {}
    // `link` may be replaced; null forgets the peer.
    void set_link(NodeId peer, wire::Link* link);
    // Dropped, as on a network, if there is no way.
    void add(const Uuid& incarnation, raft::Message message);
    // Another node's, on its detour.
    void pass_on(wire::RaftMessage message);
    void flush();

private:
    void send(wire::Link& link, std::span<const wire::RaftMessage> messages);

    struct Peer {
        wire::Link* link = nullptr;
        std::vector<wire::RaftMessage> messages;
        std::vector<wire::RaftMessage> earlier;  // will be sent once more; only the simulator has any
        uint32_t turns_until = 0;                // that go before them
    };
    void repeat_earlier(Peer& peer);
    Peer* up(NodeId peer);

    Env& env_;
    NodeId self_;
    ReplicaObserver* observer_;
    Detour detour_;
    std::map<NodeId, Peer> peers_;
    std::vector<wire::RaftMessage> leaving_;  // on their way to a peer; empty between calls
    uint32_t repeated_ = 0;                   // turns
};

}  // namespace quern::replica
