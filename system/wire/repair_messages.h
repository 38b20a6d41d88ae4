// What a node whose disk was damaged asks of a peer: entries of a group's log, bodies, or a snapshot. The
// peer answers with what it holds; what it lacks is left out. An entry is told by index and term, a body by
// its reference: whoever holds it as committed, in whatever role, holds the same bytes.
#pragma once

#include <vector>

#include "system/base/body_ref.h"
#include "system/raft/types.h"
#include "system/wire/client_messages.h"

namespace quern::wire {

// In one request; a reply holds at most limits::append_bytes_max bytes of entries, or one entry.
constexpr size_t repair_bodies_max = 64;

struct RepairRequest {
    GroupId group;
    Uuid incarnation;
    LogIndex from;  // entries [from, to]; 0: none
    LogIndex to;
    std::vector<BodyRef> bodies;
    NodeId snapshot_for;  // not 0: send a snapshot to this node, the asker
    // The snapshot that the asker has lost, or 0. It was of committed entries: a peer whose log holds an
    // entry of this index and term knows by that how far its log is committed, though no leader tells.
    LogIndex lost_index;
    Term lost_term;
};
struct RepairReply {
    std::vector<raft::Entry> entries;  // consecutive
    std::vector<BodyRef> bodies;
    std::vector<Buffer> contents;  // of the bodies
};
Encoded encode(const RepairRequest& message);
Encoded encode(const RepairReply& message);
Result<RepairRequest> decode_repair_request(const Frame& frame);
Result<RepairReply> decode_repair_reply(const Frame& frame);

}  // namespace quern::wire
