// An observer that does nothing; tests override what they want to see.
#pragma once

#include "system/replica/observer.h"

namespace quern::sim {

struct QuietObserver : replica::ReplicaObserver {
    void message_leaves(NodeId, const raft::Message&) override {}
    void command_applied(NodeId, GroupId, LogIndex, ClusterTime, const queue::Command&,
                         const queue::Reply&) override {}
    void applied(NodeId, GroupId, const raft::Entry&, uint64_t) override {}
    void restored(NodeId, GroupId, LogIndex, uint64_t) override {}
    uint64_t read_begins(GroupId) override { return 0; }
    void read_ends(NodeId, GroupId, uint64_t, LogIndex) override {}
    void answers_applied(NodeId, GroupId, LogIndex) override {}
};

}  // namespace quern::sim
