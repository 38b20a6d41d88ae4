// Gets from peers what this node's disk has lost of one group: entries of the log, the snapshot, bodies.
//
// No leader is needed for it and none is favoured: peers are asked one after another, again and again until
// nothing is missing. An entry that a peer holds at the same index and with the same term is the same entry,
// so a log that gets its own entries back is what it was (raft/durability.cc). It stops by itself when the
// log went another way meanwhile. Lost entries of unknown term only a leader can tell.
#pragma once

#include <deque>

#include "system/io/env.h"
#include "system/storage/node_storage.h"
#include "system/wire/repair_messages.h"

namespace quern::replica {

class GroupHost;
class GroupReplica;

class PeerRepair {
public:
    using Bodies = std::vector<Result<Buffer>>;

    PeerRepair(GroupHost& host, GroupReplica& group);
    // Something of the log or the snapshot is missing: begins, or goes on at once.
    void start();
    // A snapshot is arriving: nobody else is asked for one meanwhile.
    void wait();
    // Bodies that are damaged here. Those that a peer holds are given to `done`; the others are `corrupt`.
    // Each peer is asked once. `keep`: what has not been dropped meanwhile is stored here anew.
    void fetch(std::vector<BodyRef> bodies, bool keep, Callback<void(Bodies)> done);

private:
    struct Fetch;
    void ask();
    void answered(Result<wire::RepairReply> reply);
    void rest();
    std::vector<raft::Entry> wanted_of(const wire::RepairReply& reply) const;
    void fetch_from(const std::shared_ptr<Fetch>& fetch);
    void fetched(const std::shared_ptr<Fetch>& fetch, const wire::RepairReply& reply);

    GroupHost& host_;
    GroupReplica& group_;
    size_t next_peer_ = 0;
    bool asking_ = false;
    std::vector<storage::NodeStorage::LostEntry> run_;  // asked for now
    OwnedTimer timer_;
    LifeGuard guard_;
};

}  // namespace quern::replica
