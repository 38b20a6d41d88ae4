// One replica of one Raft group: a pure state machine, faithful to Ongaro's thesis ("Consensus:
// Bridging Theory and Practice", 2014), with pre-vote and check-quorum (9.6), leader no-op, read index
// (6.4), leadership transfer (3.10), batched and pipelined appends with flow control (10.2), parallel
// disk write of the leader (10.2.1) and snapshots (chapter 5).
//
// No I/O, no clock, no threads. The driver (system/replica) feeds inputs, then takes one Output and
//   1. writes `truncate_from`, `entries` and `hard_state` to the WAL, all in one batch;
//   2. sends `messages` at once, without waiting for 1;
//   3. sends `messages_after_persist` and calls persisted(sequence) once 1 is durable;
//   4. applies `committed` entries in order and calls applied().
// Outputs must be persisted in the order they were taken. An output that has a sequence but nothing
// to write is durable as soon as those before it are. Messages that promise durability (vote requests,
// vote responses with a grant, append responses with success) are only ever in messages_after_persist.
// `committed` may run ahead of this server's own disk: a majority of the others may have been faster.
//
// Time comes as `now` with each input; deadlines, not ticks: next_deadline() says when on_deadline()
// wants to be called. Heartbeat deadlines fall on multiples of the heartbeat interval, so that all
// groups of a node beat in one turn and share frames.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "system/base/fault_point.h"
#include "system/base/result.h"
#include "system/base/time.h"
#include "system/raft/types.h"

namespace quern::raft {

struct Options {
    GroupId group;
    NodeId self;
    Duration election_timeout = Duration::milliseconds(1000);  // drawn from [t, 2t)
    Duration heartbeat_interval = Duration::milliseconds(100);
    Duration hibernate_after;         // without activity; zero: never (hibernation.cc)
    uint64_t seed = 0;                // for the timeouts' jitter
    size_t append_bytes_max = 0;      // 0: limits.h
    size_t inflight_messages_max = 0; // 0: limits.h
    size_t inflight_bytes_max = 0;    // 0: limits.h
    size_t uncommitted_bytes_max = 0; // 0: limits.h
    FaultPoints* faults = nullptr;    // outlives this object; null: none
};

// What recovery found on disk. The log is the entries (snapshot.index, last]; each position's term is
// known, payloads may be absent (then loaded on demand, see Output::loads).
struct Restored {
    HardState hard_state;
    // Index 0: none. Its configuration is then that of a new group, or empty for a server that joins
    // one: it learns the configuration from the log, whose first entry is the initial one.
    SnapshotMeta snapshot;
    std::vector<Entry> entries;
    // The entry at this index is damaged (0: none): `entries` end just before it, though the log went
    // on to lost_last and this server may have acknowledged all of it. It then replicates as ever but
    // does not campaign, and votes only for candidates whose log reaches the lost position, until its
    // durable log is what it would be without the damage (R11; FAST'18; why: durability.cc), or until
    // repaired(). Storage keeps what it knows of the lost entries: what this server writes from here on
    // replaces them one by one, without a truncation, so a restart meets the same damage or less.
    // A heartbeat that tells of more than the log holds has the same effect: what the leader knows to be
    // acknowledged was lost without a trace.
    LogIndex faulty_from;
    // The end of the log, with faulty_from only. Term 0: not known; then this server votes for nobody
    // while it recovers.
    LogIndex lost_last;
    Term lost_last_term;
};

struct ReadState {
    uint64_t context = 0;
    LogIndex index;  // serve the read once this index is applied
};

// The driver must load entries [from, to] of the log for `peer` and answer entries_loaded().
struct LoadRequest {
    NodeId peer;
    LogIndex from;
    LogIndex to;
};

struct Output {
    uint64_t sequence = 0;   // 0: nothing to persist and nothing waits for it
    LogIndex truncate_from;  // 0: none; else all entries at and after it are replaced by `entries`
                             // (by nothing after a snapshot that discards the log)
    std::vector<Entry> entries;
    std::optional<HardState> hard_state;
    std::vector<Message> messages;
    std::vector<Message> messages_after_persist;
    // To apply, in order. A command whose payload is empty was not in memory: read it from the log.
    std::vector<Entry> committed;
    std::vector<ReadState> reads;        // confirmed
    std::vector<uint64_t> reads_failed;  // contexts that must be asked again elsewhere
    std::vector<LoadRequest> loads;
    std::vector<NodeId> snapshots_wanted;  // peers that need a snapshot; answer snapshot_sent()
};

struct Status {
    Role role = Role::follower;
    Term term;
    NodeId leader;   // none: 0
    LogIndex first;  // first index still in the log (snapshot.index + 1)
    LogIndex last;
    LogIndex commit;
    LogIndex applied;
    LogIndex persisted;         // this server's own durable last index
    bool leader_ready = false;  // leader whose own no-op is committed and applied: may serve
    bool recovering = false;    // see Restored::faulty_from
    LogIndex damaged_from;      // Restored::faulty_from while repaired() can help; else 0
    NodeId transfer_to;
    bool asleep = false;  // sends nothing and has no deadline until something happens
};

struct PeerStatus {
    NodeId id;
    LogIndex match;
    LogIndex next;
    bool active = false;  // heard from within the last election timeout
    bool learner = false;
    bool snapshotting = false;
    bool recovering = false;  // see Restored::faulty_from
};

class Raft {
public:
    Raft(const Options& options, Restored restored, Instant now);
    ~Raft();
    Raft(const Raft&) = delete;
    Raft& operator=(const Raft&) = delete;

    // --- inputs ---------------------------------------------------------------------------------
    // A message from a peer; messages of other groups or to other nodes are our own mistake. A
    // message that makes no sense (unknown sender, impossible index) is ignored.
    void step(Message message, Instant now);
    // Appends to the leader's log; `payload` is not empty. Errors: not_leader (also while
    // transferring away), overloaded (uncommitted_bytes_max reached). Success promises nothing but
    // the index within this term.
    Result<LogIndex> propose(Buffer payload, Instant now);
    // As propose, for a membership change; not_leader, or unavailable while another change is
    // uncommitted or no entry of this term is committed yet, invalid_argument. `target` has no
    // voters_old: joint consensus is entered and left by itself. A leader that is not in `target`
    // leaves office when it is committed.
    Result<LogIndex> propose_configuration(Configuration target, Instant now);
    // A linearizable read: yields a ReadState, or its context in reads_failed, in a later Output.
    // `context` is unique for the life of this object. On a non-leader fails at once.
    void read_index(uint64_t context, Instant now);
    // Hands leadership to `target` (thesis 3.10); gives up by itself after an election timeout.
    // Errors: not_leader, invalid_argument (not a voter), unavailable (the target is recovering).
    Result<void> transfer_leadership(NodeId target, Instant now);
    // Steps down and does not campaign until the next message from a leader (draining, slow disk).
    void step_down(Instant now);
    // Campaigns at once (tests, first start of a single-voter group).
    void campaign(Instant now);
    void on_deadline(Instant now);
    // The connection to `peer` was lost, silent for long, or made anew: wakes a group that sleeps and
    // depends on that node.
    void link_changed(NodeId peer, Instant now);
    // The Output with this sequence, and all before it, is durable.
    void persisted(uint64_t sequence, Instant now);
    // The state machine has applied up to here.
    void applied(LogIndex index);
    // Answers a LoadRequest, with all or the first few of its entries; an empty vector means they are
    // gone (a snapshot is wanted).
    void entries_loaded(NodeId peer, std::vector<Entry> entries, Instant now);
    // A snapshot up to `meta.index` is durable locally: the log before it may go. Keeps nothing at or
    // below it; payloads of entries above stay cached. meta.configuration is configuration_at(index).
    void compacted(const SnapshotMeta& meta);
    // A snapshot was received completely from `leader` of `term` and is durable and installed in the
    // state machine; the WAL holds its record. Keeps the log's suffix iff the entry at meta.index
    // has meta.term, else discards all (thesis 5.3, R14), as must recovery from the WAL. Ask
    // wants_snapshot() again just before installing: the state machine must not go back.
    void snapshot_installed(const SnapshotMeta& meta, NodeId leader, Term term, Instant now);
    // True if a snapshot with this meta, offered by `from` in `term`, would be of use now.
    bool wants_snapshot(const SnapshotMeta& meta, NodeId from, Term term) const;
    // The transfer asked for in snapshots_wanted ended; the peer holds the snapshot at `index` if ok.
    void snapshot_sent(NodeId peer, LogIndex index, bool ok, Instant now);
    // Forgets cached payloads at or below `index` (they can be loaded); keeps terms, and payloads of
    // entries that are not committed or not durable here.
    void drop_payloads(LogIndex index);

    // The lost entries [Status::damaged_from, Restored::lost_last] are durable again as they were: got
    // from peers, which hold an entry of the same index and term. Payloads may be absent as in
    // Restored. Ignored if the log went another way meanwhile.
    void repaired(std::vector<Entry> entries, Instant now);
    // The entry at `index` of `term` is committed, says a server that has applied it. Where the log holds
    // that entry it is committed up to there (log matching, thesis 3.5); otherwise nothing happens.
    void known_committed(LogIndex index, Term term, Instant now);
    // Entries above meta.index stay if a snapshot with this meta is installed now: what storage must
    // record with it.
    bool keeps_suffix(const SnapshotMeta& meta) const;

    // --- outputs --------------------------------------------------------------------------------
    bool has_output() const;
    Output take_output();
    // Instant::never() for a server that may not campaign (learner, outside the configuration,
    // recovering, stepped down), for a leader without peers and while the group sleeps.
    Instant next_deadline() const;
    Status status() const;
    Role role() const;  // of status(), as what follows
    Term term() const;
    bool recovering() const;
    std::vector<PeerStatus> peers() const;  // sorted by id; leader only, else empty
    const Configuration& configuration() const;  // the latest in the log, committed or not
    // In force at `index`, from the snapshot's index on.
    const Configuration& configuration_at(LogIndex index) const;
    Term term_at(LogIndex index) const;  // 0 outside [first-1, last]
    size_t cached_bytes() const;

    // Asserts what must hold now, and against the state at the previous call (R2, R6, R8, R12).
    void check_invariants() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

// Entry payload of EntryKind::configuration; fixed little-endian layout, docs/formats/raft.md.
Buffer encode_configuration(const Configuration& configuration);
Result<Configuration> decode_configuration(ByteSpan bytes);

}  // namespace quern::raft
