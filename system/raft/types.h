// The data Raft moves: entries, persistent state, membership and messages. Plain values; wire encodes
// them, storage persists them.
#pragma once

#include <cstdint>
#include <vector>

#include "system/base/buffer.h"
#include "system/base/ids.h"

namespace quern::raft {

enum class EntryKind : uint8_t {
    noop = 0,           // a new leader's first entry (thesis 6.4, step 1)
    command = 1,        // payload: one command batch (wire/command_codec.h)
    configuration = 2,  // payload: an encoded Configuration
};

struct Entry {
    LogIndex index;
    Term term;
    EntryKind kind = EntryKind::noop;
    Buffer payload;  // shared with WAL, peers and apply; empty for noop
};

// What a server must remember about itself before it answers (thesis figure 3.1).
struct HardState {
    Term term;
    NodeId voted_for;  // none: 0
    auto operator<=>(const HardState&) const = default;
};

// Who takes part. In joint consensus (thesis 4.3) `voters_old` is not empty and both majorities count.
// All lists are sorted and free of duplicates.
struct Configuration {
    std::vector<NodeId> voters;
    std::vector<NodeId> voters_old;
    std::vector<NodeId> learners;
    bool operator==(const Configuration&) const = default;
    bool joint() const { return !voters_old.empty(); }
};

// Names a snapshot: state after applying `index`.
struct SnapshotMeta {
    LogIndex index;
    Term term;
    Configuration configuration;
};

enum class MessageKind : uint8_t {
    pre_vote_request,
    pre_vote_response,
    vote_request,
    vote_response,
    append_request,
    append_response,
    heartbeat_request,
    heartbeat_response,
    timeout_now,  // leadership transfer (thesis 3.10): campaign at once, skipping pre-vote
};

// One message between two replicas of a group. Fields not named for a kind are zero.
//  pre_vote_request/vote_request: index, log_term = last log position of the candidate;
//      pre_vote_request.term is the term the candidate would campaign in;
//      transfer = the vote is part of a leadership transfer (voters ignore leader stickiness).
//  *_vote_response: reject.
//  append_request: index, log_term = position just before `entries`; commit.
//  append_response: reject = false: index = last index known to match and durable on the sender;
//      reject = true: index = the rejected previous index, hint_index/hint_term = where to continue
//      (the last index whose term is <= log_term, and that term).
//  heartbeat_request: commit (never beyond what the receiver has acked), context = read round (0: none);
//      index, log_term = last log position of a leader that proposes to sleep (hibernation.cc), else 0.
//  heartbeat_response: context echoed; index echoed = the sender sleeps.
//  append_response/heartbeat_response: recovering = the sender lost entries that it may have
//      acknowledged (Restored::faulty_from); a refusal then holds even against what it acknowledged.
struct Message {
    MessageKind kind{};
    GroupId group;
    NodeId from;
    NodeId to;
    Term term;
    LogIndex index;
    Term log_term;
    LogIndex commit;
    LogIndex hint_index;
    Term hint_term;
    uint64_t context = 0;
    bool reject = false;
    bool transfer = false;
    bool recovering = false;
    // Came by way of a third node, or answers what did: tells nothing of the link between the two.
    bool relayed = false;
    std::vector<Entry> entries;
};

enum class Role : uint8_t { follower, pre_candidate, candidate, leader };

}  // namespace quern::raft
