// R13: a linearizable read sees what anyone applied before it began, and is answered by a leader to which a majority
// has confirmed since that it leads: by a round of heartbeats that left after the read began, under a context that
// was not used before, in a term of which the leader has applied an entry (thesis 6.4). Over records of what leaders
// and their peers said, from the witness or a test's hand.
#pragma once

#include <map>

#include "harness/raft_rules.h"

namespace quern::harness {

class ReadRules {
public:
    using Who = RaftRules::Who;
    explicit ReadRules(RaftRules::Found found) : found_(std::move(found)) {}

    // A leader's heartbeat leaves, and a peer's answer to one reaches the leader. Context 0: it confirms nothing.
    void asks(Who leader, Term term, uint64_t context);
    void answers(Who peer, NodeId leader, Term term, uint64_t context);
    // A read begins when entries up to `floor` have been applied by anyone. Its number goes to ends().
    uint64_t begins(LogIndex floor);
    // It is answered from the state after `index`, whose entry is of `term` (0: there is none). A number that is
    // not known says nothing.
    void ends(Who who, uint64_t read, LogIndex index, Term term, const raft::Configuration& members);

private:
    // When each round of a leader first left, and the last one that each peer answered.
    struct Rounds {
        std::map<uint64_t, uint64_t> left;
        std::map<NodeId, uint64_t> answered;
    };
    struct Read {
        LogIndex floor;
        uint64_t began = 0;
    };
    // Of one leader, by term.
    using Offices = std::map<Term, Rounds>;

    static bool confirmed_by(const Rounds& rounds, const raft::Configuration& members, NodeId self,
                             uint64_t began);

    RaftRules::Found found_;
    std::map<std::pair<GroupId, NodeId>, Offices> offices_;
    std::map<uint64_t, Read> reads_;
    uint64_t now_ = 0;  // a clock: what left and what began so far
};

}  // namespace quern::harness
