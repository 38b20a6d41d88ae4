// One replica of one Raft group, driven: core outputs go to the WAL, to peers and to the state machine;
// completions come back as core inputs. The driver decides nothing.
//
// All groups of a node share one turn: an input marks its group dirty, and the host's flush at the end of
// the turn collects every group's output into one WAL write and frames to each peer (ARCHITECTURE.md).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>

#include "system/io/env.h"
#include "system/raft/raft.h"
#include "system/replica/local_snapshot.h"
#include "system/replica/observer.h"
#include "system/replica/outbox.h"
#include "system/replica/peer_repair.h"
#include "system/replica/state_machine.h"
#include "system/storage/node_storage.h"

namespace quern::replica {

class GroupReplica;

// What a group needs of its node.
class GroupHost {
public:
    virtual ~GroupHost() = default;
    virtual Env& env() = 0;
    virtual storage::NodeStorage& storage() = 0;
    virtual Outbox& outbox() = 0;
    // flush() of this group is wanted at the end of this turn.
    virtual void mark_dirty(GroupReplica& group) = 0;
    // `peer` cannot be caught up from the log.
    virtual void send_snapshot(GroupReplica& group, NodeId peer) = 0;
    // Other nodes that may host the same groups.
    virtual std::vector<NodeId> peer_nodes() const = 0;
    // Answers from the loop; unavailable if the peer cannot be reached.
    virtual void ask_peer(NodeId peer, const wire::RepairRequest& request,
                          Callback<void(Result<wire::RepairReply>)> done) = 0;
    // The disk is not to be trusted any more: the node stops.
    virtual void storage_failed(const Error& error) = 0;
    virtual void status_changed(GroupReplica& group) = 0;
    // A replica stands for election, or would like to.
    virtual void doubt_links() = 0;
    virtual NodeId self() const = 0;
    // The node's disk is at its hard mark, as far as this node has heard: up to a few seconds ago.
    virtual bool disk_full(NodeId node) const = 0;
    virtual ReplicaObserver* observer() = 0;  // null: none
};

// What must happen once a WAL write is durable.
struct Completion {
    GroupReplica* group = nullptr;
    uint64_t sequence = 0;
    std::vector<raft::Message> messages;
};

class GroupReplica {
public:
    struct Options {
        raft::Options raft;
        Uuid incarnation;
        raft::Configuration initial;      // of a group without a snapshot
        size_t snapshot_entries = 50'000;  // applied since the last snapshot
    };
    // `machine` must outlive this object.
    GroupReplica(GroupHost& host, Options options, StateMachine& machine);
    ~GroupReplica();

    // Starts from what recovery found (or an empty RecoveredGroup for a new group; its creation is
    // recorded with the first write). `ready` runs when snapshot and core are loaded. A group whose
    // snapshot is damaged is ready at once, but not started before a peer has sent another.
    void start(storage::RecoveredGroup recovered, Callback<void(Result<void>)> ready);
    bool started() const { return raft_ != nullptr; }

    void receive(raft::Message message);
    // In the log of this term; applied or overwritten later. Errors as Raft::propose.
    struct Position {
        LogIndex index;
        Term term;
    };
    Result<Position> propose(Buffer payload);
    // `done` runs once a state at least as new as this moment's is applied, or with not_leader.
    void read_barrier(Callback<void(Result<void>)> done);
    Result<void> transfer_leadership(NodeId target);
    // The machine has something to propose at the end of this turn.
    void wake_up() { mark_dirty(); }
    void step_down();
    // See raft::Raft::link_changed.
    void link_changed(NodeId peer);

    // --- called by the host's flush -------------------------------------------------------------
    void collect(std::vector<storage::GroupChange>& changes, std::vector<Completion>& completions);
    // Applies what is committed, at most a slice of it.
    void apply_some();
    void persisted(Completion& completion);
    void clear_dirty() { dirty_ = false; }
    bool dirty() const { return dirty_; }

    // --- damage ---------------------------------------------------------------------------------
    bool lacks_snapshot() const { return lacks_snapshot_; }
    std::pair<LogIndex, Term> lost_snapshot() const {
        return {recovered_.snapshot_index, recovered_.snapshot_term};
    }
    // Some replica had a snapshot of these entries (Raft::known_committed).
    void known_committed(LogIndex index, Term term);
    void snapshot_arrives();
    // Entries were lost, and getting them back as they were helps.
    bool log_damaged() const;
    // Writes lost entries again; false if that is no longer wanted.
    void write_mended(std::vector<raft::Entry> entries, Callback<void(bool)> done);
    // Nothing is missing from the log any more.
    void log_mended();
    // As gather_bodies, but what is damaged here comes from peers; `keep`: and is stored here again, which
    // the messages must be alive for.
    void gather(const std::vector<BodyRef>& bodies, bool keep,
                Callback<void(std::vector<Result<Buffer>>)> done);
    // Since the first gather() that is still under way began.
    bool was_dropped(const BodyRef& body) const { return dropped_while_gathering_.contains(body); }

    // --- snapshots ------------------------------------------------------------------------------
    bool wants_snapshot(const raft::SnapshotMeta& meta, NodeId from, Term term) const;
    // What a snapshot that was not installed has brought.
    void drop_unless_live(std::vector<BodyRef> bodies);
    // All chunks are durable under `meta`: installs them.
    void install_snapshot(const raft::SnapshotMeta& meta, NodeId from, Term term,
                          std::vector<Buffer> chunks, Callback<void(Result<void>)> done);
    void snapshot_sent(NodeId peer, LogIndex index, bool ok);
    // Takes a local snapshot so that the log can be cut, unless one is under way.
    void take_snapshot();
    raft::SnapshotMeta applied_meta() const;
    // For the observer: told when it changes.
    void set_activity(Activity activity, bool on) {
        const auto bit = static_cast<uint16_t>(1u << static_cast<unsigned>(activity));
        if (((activities_ & bit) != 0) != on) change_activity(activity, bit);
    }
    // The machine holds the message no more.
    void drop_body(const BodyRef& body);

    GroupId group() const { return options_.raft.group; }
    const Uuid& incarnation() const { return options_.incarnation; }
    raft::Status status() const { return started() ? raft_->status() : raft::Status{}; }
    const raft::Raft& core() const { return *raft_; }
    std::vector<raft::PeerStatus> peers() const { return raft_->peers(); }
    StateMachine& machine() { return machine_; }
    const raft::Configuration& configuration() const { return raft_->configuration(); }

private:
    Instant now() const { return host_.env().clock.now(); }
    void mark_dirty();
    void restore_snapshot(Callback<void(Result<void>)> ready);
    void load_configurations(Callback<void(Result<void>)> loaded);
    void start_core();
    void loaded(Result<void> result, Callback<void(Result<void>)>& ready);
    void install_first(std::vector<storage::GroupChange> changes,
                       Callback<void(Result<void>)> done);
    void note_restored();
    // Of those up to `through`, all of which must be out of the log.
    void retain_live_bodies(LogIndex through);
    std::vector<BodyRef> live_bodies();  // sorted
    void take_output(raft::Output output, std::vector<storage::GroupChange>& changes,
                     std::vector<Completion>& completions);
    void arm_timer();
    void load_missing_payloads();
    void run_reads();
    void note_status();
    void serve_load(const raft::LoadRequest& load);
    void change_activity(Activity activity, uint16_t bit);

    GroupHost& host_;
    Options options_;
    StateMachine& machine_;
    storage::RecoveredGroup recovered_;
    raft::Configuration applied_configuration_;
    std::unique_ptr<raft::Raft> raft_;
    OwnedTimer timer_;
    bool dirty_ = false;
    bool announce_creation_ = false;
    bool loading_ = false;     // payloads of committed entries are being read
    bool lacks_snapshot_ = false;
    bool installing_ = false;  // a received snapshot is being recorded
    LogIndex applied_;
    LogIndex snapshot_index_;
    std::deque<raft::Entry> to_apply_;
    uint64_t next_read_ = 1;
    std::map<uint64_t, Callback<void(Result<void>)>> reads_;  // waiting for their round
    std::multimap<LogIndex, Callback<void(Result<void>)>> reads_confirmed_;
    raft::Status last_status_;
    uint16_t activities_ = 0;  // a bit each
    uint64_t truncation_ = 0;  // the latest output that cut the log
    std::unique_ptr<LocalSnapshotTask> snapshot_;
    Instant snapshot_after_;
    PeerRepair repair_;
    size_t gathering_ = 0;
    std::set<BodyRef> dropped_while_gathering_;
    std::vector<BodyRef> dropped_meanwhile_;  // bodies that the snapshot under way may still carry over
    bool restored_meanwhile_ = false;         // a received snapshot overtook it
    LifeGuard guard_;
};

}  // namespace quern::replica
