// The identities of the product. 0 means "none" in all of them; none is ever used twice.
#pragma once

#include <array>
#include <cstdint>

#include "system/base/strong.h"

namespace quern {

// A storage node's number in the catalogue. A wiped disk gets a new one.
using NodeId = Strong<struct NodeIdTag, uint32_t>;
// A Raft group; 0 is the metadata group, data groups start at 1. (0 is a valid group.)
using GroupId = Strong<struct GroupIdTag, uint32_t>;
constexpr GroupId metadata_group{0};

using Term = Strong<struct TermTag>;
using LogIndex = Strong<struct LogIndexTag>;

// One incarnation of a queue: the catalogue version at which it was created. Deleting a queue and
// creating one of the same name gives a new QueueId, so an id that is known is never the wrong queue.
using QueueId = Strong<struct QueueIdTag>;
using UserId = Strong<struct UserIdTag>;

// Grows by one with every change of the catalogue (the metadata group's state machine).
using CatalogueVersion = Strong<struct CatalogueVersionTag>;

// A message within its queue: the n-th message the queue accepted, counting from 1. Never reused, so
// (QueueId, MessageSeq) names a message for ever; it is what users see as the message id.
using MessageSeq = Strong<struct MessageSeqTag>;
// Counts the leases a message was handed out under; part of a receipt.
using LeaseEpoch = Strong<struct LeaseEpochTag, uint32_t>;

// A client's session: 64 random bits drawn by the client library at start.
using SessionId = Strong<struct SessionIdTag>;

struct Uuid {
    uint64_t high = 0;
    uint64_t low = 0;
    constexpr auto operator<=>(const Uuid&) const = default;
    constexpr explicit operator bool() const { return high != 0 || low != 0; }
};

using ClusterId = Uuid;
using NodeUuid = Uuid;

}  // namespace quern
