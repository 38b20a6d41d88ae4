// A witness of what a storage node does, for the harness; null in production. It is told before the deed
// and must not touch the node.
#pragma once

#include "system/queue/command.h"
#include "system/raft/raft.h"

namespace quern::replica {

// What a replica can be in the midst of.
enum class Activity : uint8_t {
    electing,             // it stands for election, or asks whether it may
    transferring,         // it leads and hands leadership to another one
    writing_snapshot,     // of its own state
    sending_snapshot,     // to a peer
    installing_snapshot,  // a part of a peer's is being written
    truncating,           // an end of its log was cut and this is not durable yet
    repairing,            // of its log or snapshot something is missing
    polls_parked,         // receives wait for messages
};

class ReplicaObserver {
public:
    virtual ~ReplicaObserver() = default;
    // The message is handed to the link to `message.to` (also if the link then drops it).
    virtual void message_leaves(NodeId self, const raft::Message& message) = 0;
    // The replica takes a peer's message.
    virtual void message_arrives(NodeId /*self*/, const raft::Message& /*message*/) {}
    // A data group's state machine has applied one command of the entry `index`, whose time is `time`;
    // those of an entry come in order, before its applied().
    virtual void command_applied(NodeId self, GroupId group, LogIndex index, ClusterTime time,
                                 const queue::Command& command, const queue::Reply& reply) = 0;
    // The state machine has applied the entry; `rolling_hash` is its hash afterwards.
    virtual void applied(NodeId self, GroupId group, const raft::Entry& entry,
                         uint64_t rolling_hash) = 0;
    // The replica starts with what was found on its disk.
    virtual void recovered(NodeId /*self*/, GroupId /*group*/, const raft::Restored& /*restored*/) {}
    // A peer has had a snapshot of the entries up to this one: they are committed, says the replica's core.
    virtual void known_committed(NodeId /*self*/, GroupId /*group*/, LogIndex /*index*/, Term /*term*/) {}
    // A snapshot replaced the state machine's state.
    virtual void restored(NodeId self, GroupId group, LogIndex index, uint64_t rolling_hash) = 0;
    // A linearizable read of the group's state begins; the result goes to its read_ends().
    virtual uint64_t read_begins(GroupId group) = 0;
    // It is about to look at the state after `index`; `read` is what read_begins() said.
    virtual void read_ends(NodeId self, GroupId group, uint64_t read, LogIndex index) = 0;
    // A client's mutating request is about to be answered as applied at `index`.
    virtual void answers_applied(NodeId self, GroupId group, LogIndex index) = 0;
    // It begins or ends. What a process that dies was in the midst of ends without a word.
    virtual void activity(NodeId /*self*/, GroupId /*group*/, Activity /*activity*/, bool /*on*/) {}
};

}  // namespace quern::replica
