// The state behind Raft; private to this room. Member functions are spread by topic over core.cc,
// election.cc, replication.cc, leading.cc, sending.cc, read_index.cc, transfer.cc, snapshot.cc,
// configuration.cc, durability.cc, hibernation.cc and invariants.cc.
#pragma once

#include <deque>
#include <vector>

#include "system/base/prng.h"
#include "system/raft/configuration.h"
#include "system/raft/log.h"
#include "system/raft/progress.h"
#include "system/raft/quorum.h"
#include "system/raft/raft.h"

namespace quern::raft {

class Raft::Impl {
public:
    Impl(const Options& options, Restored restored, Instant now);

    // --- core.cc: dispatch and output ---
    void step(Message message, Instant now);
    void on_deadline(Instant now);
    bool has_output() const;
    Output take_output();
    Instant next_deadline() const;
    Status status() const;
    Role role() const { return role_; }
    Term term() const { return hard_.term; }
    bool recovering() const { return recovering_; }
    std::vector<PeerStatus> peers() const;

    // --- election.cc ---
    void campaign(Instant now);
    void step_down(Instant now);

    // --- replication.cc ---
    Result<LogIndex> propose(Buffer payload, Instant now);
    void entries_loaded(NodeId peer, std::vector<Entry> entries, Instant now);

    // --- durability.cc ---
    void persisted(uint64_t sequence, Instant now);
    void applied(LogIndex index);
    void drop_payloads(LogIndex index);
    void repaired(std::vector<Entry> entries, Instant now);

    // --- configuration.cc, read_index.cc, transfer.cc, snapshot.cc, invariants.cc ---
    Result<LogIndex> propose_configuration(Configuration target, Instant now);
    void read_index(uint64_t context, Instant now);
    Result<void> transfer_leadership(NodeId target, Instant now);
    void compacted(const SnapshotMeta& meta);
    void snapshot_installed(const SnapshotMeta& meta, NodeId leader, Term term, Instant now);
    bool wants_snapshot(const SnapshotMeta& meta, NodeId from, Term term) const;
    void snapshot_sent(NodeId peer, LogIndex index, bool ok, Instant now);
    bool keeps_suffix(const SnapshotMeta& meta) const;
    void known_committed(LogIndex index, Term term, Instant now);
    void check_invariants() const;
    void link_changed(NodeId peer, Instant now);

    const Configuration& configuration() const { return configurations_.latest(); }
    const Configuration& configuration_at(LogIndex index) const;
    const Log& log() const { return log_; }

private:
    // --- core.cc ---
    void touch(Instant now) { now_ = now > now_ ? now : now_; }
    bool accept_newer_term(const Message& message);
    void answer_older_term(const Message& message);
    void dispatch(Message& message);
    Message make(MessageKind kind, NodeId to) const;
    void take_persistent(Output& output);
    void take_committed(Output& output);

    // --- election.cc ---
    bool is_leader() const { return role_ == Role::leader; }
    bool is_electable() const;
    bool may_campaign() const;
    bool in_lease() const;
    void arm_election_deadline();
    void become_follower(Term term, NodeId leader);
    void become_leader();
    void pre_campaign();
    void real_campaign(bool transfer);
    void count_own_vote();
    void settle_candidacy();
    void on_vote_request(const Message& message);
    void on_vote_response(const Message& message);
    bool may_vote_for(const Message& message) const;
    void heard_from_leader(NodeId leader);

    // --- replication.cc: the follower's side ---
    void on_append_request(Message& message);
    void on_heartbeat_request(const Message& message);
    void append_after(LogIndex previous, std::vector<Entry>& entries, size_t from);
    void truncate(LogIndex from);
    void append_to_log(const Entry& entry);
    void acknowledge(NodeId leader, LogIndex index, bool relayed);
    void refuse_append(const Message& message);
    void advance_commit(LogIndex index);

    // --- leading.cc: the leader's side; sending.cc: what it sends ---
    LogIndex append_own(EntryKind kind, Buffer payload);
    void reset_progress();
    Progress* find_peer(NodeId id);
    void on_append_response(const Message& message);
    void on_heartbeat_response(const Message& message);
    void send_appends();
    bool send_append(Progress& peer, bool even_empty);
    bool cut_short();
    void emit_append(Progress& peer, std::vector<Entry> entries);
    void want_entries(Progress& peer);
    void want_snapshot(Progress& peer);
    // To all peers, but those that are content with what else they were sent at or after `spare_since`.
    void send_heartbeats(uint64_t context, Instant spare_since = Instant::never());
    void maybe_commit();
    void commit_as_leader(LogIndex index);
    void leader_deadline();
    Instant quorum_contact() const;
    void check_quorum();

    // --- configuration.cc ---
    void enter_configuration(LogIndex index, const Configuration& configuration);
    void configuration_committed();
    void refresh_peers();

    // --- durability.cc ---
    void clip_persisted(LogIndex last);
    bool recovering_at(LogIndex last) const;
    void maybe_recovered();
    void lost_acknowledged(LogIndex last);
    void lose_tail(LogIndex from);

    // --- hibernation.cc ---
    bool may_sleep() const;
    void on_sleepy(Progress& peer, LogIndex at);
    bool fall_asleep(const Message& heartbeat);
    void note_activity();
    void wake();
    bool wake_by(const Message& message);

    // --- read_index.cc ---
    bool own_term_committed() const { return commit_ >= term_start_; }
    void start_read_round();
    void confirm_reads();
    void fail_reads();

    // --- transfer.cc ---
    void maybe_hand_over(const Progress& peer);
    void on_timeout_now(const Message& message);
    void resign_in_favour();

    struct PendingRead {
        uint64_t context;
        uint64_t round;  // 0: waits for the first commit of the term
        LogIndex index;
    };
    // An Output that was taken and is not yet durable.
    struct Persisting {
        uint64_t sequence;
        LogIndex last;  // our log, as far as it stands in this output and those before
        HardState hard_state;
    };

    Options options_;  // limits filled in
    Prng prng_;
    Instant now_;

    // Thesis figure 3.1, persistent.
    HardState hard_;
    HardState hard_taken_;  // as of the last Output
    Log log_;
    ConfigurationHistory configurations_;

    Role role_ = Role::follower;
    NodeId leader_;
    LogIndex commit_;
    LogIndex emitted_;  // handed out in Output::committed
    LogIndex applied_;

    // Persistence.
    uint64_t sequence_ = 0;
    LogIndex unwritten_;      // first entry not yet handed out for writing
    LogIndex truncate_from_;  // to tell with the next output; 0: none
    LogIndex persisted_;
    HardState hard_persisted_;
    std::deque<Persisting> persisting_;

    // Recovery from a damaged log (durability.cc).
    bool recovering_ = false;
    LogIndex damaged_from_;  // nothing was written there yet; 0: see recovering_
    LogIndex lost_last_;
    Term lost_last_term_;  // 0: not known
    Term recover_above_;   // no lost entry is of a later term

    // Elections.
    VoteTally votes_;
    Instant election_deadline_;
    Instant leader_contact_;
    bool abstaining_ = false;
    bool asleep_ = false;
    Instant active_;  // leading: when something happened last
    bool transfer_vote_ = false;  // this candidacy is part of a leadership transfer

    // Leading.
    std::vector<Progress> peers_;  // by id, without ourselves
    LogIndex term_start_;          // our no-op
    Instant heartbeat_deadline_;
    Instant check_deadline_;
    size_t uncommitted_bytes_ = 0;
    bool appends_due_ = false;
    NodeId transfer_to_;
    Instant transfer_deadline_;

    // Reads. Rounds are numbered for the life of this object.
    std::deque<PendingRead> reads_;
    uint64_t read_round_ = 0;
    bool read_round_open_ = false;  // its heartbeats have not left yet

    Output out_;

    // What check_invariants() saw last.
    struct Seen {
        HardState hard;
        LogIndex commit;
        LogIndex emitted;
        LogIndex last;
        Term last_term;
        Role role = Role::follower;
        uint64_t sequence = 0;
    };
    mutable Seen seen_;
};

}  // namespace quern::raft
