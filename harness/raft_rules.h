// The rules of Raft and storage (R1–R12, R14–R16 of docs/faults.md; R13: read_rules.h) over records of what
// servers did, from whoever watched them: the witness in a simulated run, or a test's hand. Knows all servers
// at once.
//
// What is told of an entry that differs follows from what differs. Another term at an index that others have
// applied: R3. Other bytes under the same index and term: R15, for one leader makes the entries of a term, each
// once, so they were damaged since. The same entries and another state: R16 where both servers applied all of
// them themselves and had equal states before this one, so that applying is no function of the log; else R5:
// the difference is older, or came with a snapshot.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "system/base/callback.h"
#include "system/raft/types.h"

namespace quern::harness {

class RaftRules {
public:
    using Found = Callback<void(const char* invariant, std::string text)>;
    explicit RaftRules(Found found) : found_(std::move(found)) {}

    struct Who {
        NodeId node;
        GroupId group;
    };
    // An entry as it was applied, and the state after it.
    struct Applied {
        LogIndex index;
        Term term;
        uint64_t payload_hash = 0;
        uint64_t rolling_hash = 0;
    };
    struct LogView {
        LogIndex first;
        LogIndex last;
        Callback<Term(LogIndex)> term_at;  // of first…last
    };
    struct Voters {
        size_t size = 0;     // of the configuration, or of its old half
        size_t durable = 0;  // on whose disks the entry is
    };
    struct Members {
        LogIndex index;      // of the entry that holds them
        size_t changed = 0;  // voters that came or went against the configuration before
        bool joint = false;
    };

    // The process of a replica was started anew: what it has applied counts from its snapshot again.
    void restarted(Who who);
    // R1. True if it is the first that is heard of the leader of this term.
    bool leads(Who who, Term term);
    // R4 when a leader begins, R2 whenever it is looked at later in its term.
    void leader_log(Who who, Term term, LogView log);
    // R8, over all lives of the server.
    void vote(Who who, Term term, NodeId grantee);
    // R7: at the instant at which a promise leaves, the disk keeps it. `text`: what was promised.
    void promise(Who who, bool kept, const std::string& text);
    // R3, R5, R6, R10, R15, R16.
    void applied(Who who, const Applied& entry);
    // R15: the server sends an entry to others, from its memory or its disk.
    void sent(Who who, LogIndex index, Term term, uint64_t payload_hash);
    // R14.
    void restored(Who who, LogIndex index, uint64_t rolling_hash);
    // R9: one or, in a joint configuration, two sets of voters.
    void answer(Who who, LogIndex index, const std::vector<Voters>& voters);
    // R10: what a restarted server exposes: its snapshot, then entries from `first` to `last`, of which its
    // disk held up to `durable`.
    void recovered(Who who, LogIndex snapshot, LogIndex first, LogIndex last, LogIndex durable);
    // R11: the server makes a promise with this disk (any number that a wiped disk does not keep).
    void identity(Who who, uint64_t disk);
    // R12: a leader appends a configuration, knowing entries up to `commit` committed.
    void configuration(Who who, Term term, Members members, LogIndex commit, Term commit_term);

    // The committed log, as far as anyone applied it.
    LogIndex last(GroupId group) const;
    Term term_at(GroupId group, LogIndex index) const;
    uint64_t rolling_hash(GroupId group) const;
    uint64_t term_count(GroupId group) const;

private:
    // What whoever applied an entry first said of it.
    struct First {
        Applied entry;
        NodeId by;
        bool whole = false;  // as Replica::whole
    };
    struct Payload {
        Term term;  // 0: none was seen
        uint64_t hash = 0;
    };
    struct Group {
        std::vector<First> entries;  // of index 1, …
        // Hashes, as they were first seen: of index 1, … in the first term, and all others.
        std::vector<Payload> payloads;
        std::map<std::pair<LogIndex, Term>, uint64_t> other_payloads;
        std::map<Term, NodeId> leaders;
        LogIndex configuration;        // the latest that was appended
    };
    struct Replica {
        LogIndex applied;
        bool whole = true;   // in this life it has applied all entries itself
        bool apart = false;  // its state was another than others had at `applied`
        std::map<Term, NodeId> votes;
        Term led;         // the last term in which it was seen to lead
        LogIndex led_to;  // its log's end then
        Term led_last;    // and the term there
        uint64_t disk = 0;
    };
    Replica& replica(Who who) { return replicas_[{who.node, who.group}]; }
    void found(const char* invariant, std::string text) { found_(invariant, std::move(text)); }
    void complete(Who who, Term term, LogView& log);
    uint64_t first_payload(GroupId group, LogIndex index, Term term, uint64_t if_new);
    bool bytes(Who who, LogIndex index, Term term, uint64_t payload_hash, const char* deed);
    void compare(Who who, const Applied& entry, const First& first);

    Found found_;
    std::map<GroupId, Group> groups_;
    std::map<std::pair<NodeId, GroupId>, Replica> replicas_;
};

// "s1 group 0"
std::string replica_name(RaftRules::Who who);

}  // namespace quern::harness
