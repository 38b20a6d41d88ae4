// Watches every storage node from the inside (replica/observer.h) and holds each deed against the
// invariants of Raft and storage at the instant it is done: R1–R11, R13–R16. Knows all nodes and their
// disks; touches nothing.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "harness/durable_log.h"
#include "harness/effects.h"
#include "harness/raft_rules.h"
#include "harness/read_rules.h"
#include "harness/runner.h"
#include "harness/verdict.h"
#include "sim/cluster.h"
#include "system/replica/observer.h"

namespace quern::harness {

class GroupJudge;

class Witness final : public replica::ReplicaObserver {
public:
    // `deep_per_million`: of the instants at which a costly check is possible, so many get one.
    Witness(sim::World& world, Verdict& verdict, uint64_t deep_per_million);
    ~Witness() override;
    // Before the first event; the cluster must outlive this object's use.
    void watch(sim::Cluster& cluster);
    // Told of each command that a data group's replica applies.
    void watch_commands(Callback<void(const AppliedCommand&)>* applied) { told_ = applied; }
    // Told of what replicas are in the midst of.
    using ActivityWatch = Callback<void(NodeId, replica::Activity, bool on)>;
    void watch_activities(ActivityWatch told) { activity_told_ = std::move(told); }
    // The cluster is about to go.
    void stop() { cluster_ = nullptr; }

    // Called after every event: now and then asks everyone for their own invariants.
    void after_event();
    // All replicas on these machines have applied the same and hold equal states (L6). Empty: they do;
    // else what differs.
    std::string difference(const std::vector<sim::Machine*>& core) const;
    // The reference model of a data group; null if it has applied nothing yet.
    const GroupJudge* judge(GroupId group) const;
    // Terms that had a leader; the hash of the latest state.
    uint64_t term_count(GroupId group) const { return rules_.term_count(group); }
    uint64_t rolling_hash(GroupId group) const { return rules_.rolling_hash(group); }
    uint64_t deep_checks() const { return deep_checks_; }
    uint64_t promises_checked() const { return promises_; }

    // ReplicaObserver
    void message_leaves(NodeId self, const raft::Message& message) override;
    void message_arrives(NodeId self, const raft::Message& message) override;
    void command_applied(NodeId self, GroupId group, LogIndex index, ClusterTime time,
                         const queue::Command& command, const queue::Reply& reply) override;
    void applied(NodeId self, GroupId group, const raft::Entry& entry,
                 uint64_t rolling_hash) override;
    void recovered(NodeId self, GroupId group, const raft::Restored& restored) override;
    void known_committed(NodeId self, GroupId group, LogIndex index, Term term) override;
    void restored(NodeId self, GroupId group, LogIndex index, uint64_t rolling_hash) override;
    uint64_t read_begins(GroupId group) override;
    void read_ends(NodeId self, GroupId group, uint64_t read, LogIndex index) override;
    void answers_applied(NodeId self, GroupId group, LogIndex index) override;
    void activity(NodeId self, GroupId, replica::Activity activity, bool on) override {
        if (cluster_ != nullptr && activity_told_) activity_told_(self, activity, on);
    }

private:
    struct LogPosition {
        Term term;
        LogIndex index;
        auto operator<=>(const LogPosition&) const = default;
    };
    struct Group {
        std::set<Term> terms;  // that somebody stood for
        // Who may stand: asked for pre-votes, or was told to.
        std::set<std::pair<Term, NodeId>> asked;
        std::map<std::pair<Term, NodeId>, std::set<NodeId>> voters;  // by candidate
        std::map<std::pair<Term, NodeId>, LogPosition> candidates;   // where their logs ended
        std::map<std::pair<Term, NodeId>, LogPosition> pre_candidates;  // at the farthest
        std::unique_ptr<GroupJudge> judge;  // of data groups
        NodeId feeder;                      // whose applying the judge follows in this entry
        bool entry_open = false;
    };
    struct Replica {
        uint32_t life = 0;
        Term led;  // the last term in which it was seen to lead
        LogIndex led_from;     // its commit index then
        LogPosition promised;  // what it last acknowledged, in any of its lives
        bool known = false;    // its log was looked at in this life
    };

    sim::Machine& machine(NodeId node) const;
    const raft::Raft* core(NodeId node, GroupId group) const;
    ClusterTime created(QueueId queue) const;
    Replica& replica(NodeId node, GroupId group);
    DurableLog& disk(NodeId node);
    void found(const char* invariant, std::string text);
    bool drawn();

    void check_leader(NodeId self, const raft::Message& message, Replica& r, const raft::Raft* raft);
    void check_leader_log(NodeId self, GroupId group, const raft::Raft& core);
    void check_append_promise(NodeId self, const raft::Message& message, Replica& r, const raft::Raft* raft);
    void check_vote_promise(NodeId self, const raft::Message& message);
    void check_durable(NodeId self, GroupId group);
    // witness_raft.cc
    bool is_truth(GroupId group, const LogPosition& position) const;
    void check_term(NodeId self, const raft::Message& message);
    bool stood_in_silence(GroupId group, Term term) const;
    void check_election(NodeId self, const raft::Message& message);
    void check_commit_rule(NodeId self, const raft::Message& message, Replica& r, const raft::Raft& core);
    void note_candidate(NodeId self, const raft::Message& message);
    void check_voter(NodeId self, const raft::Message& message);
    void check_pre_voter(NodeId self, const raft::Message& message);
    void check_damaged_voter(NodeId self, const raft::Message& message, const LogPosition& candidate);
    void check_against_leader(NodeId self, const raft::Message& message);
    void check_identity(NodeId self, GroupId group);  // witness_recovery.cc
    void note_bytes(NodeId self, const raft::Message& message);  // witness_reads.cc
    // witness_raft.cc
    void check_campaign(NodeId self, const raft::Message& message);
    void check_kept(NodeId self, GroupId group, Replica& r, const raft::Raft* raft);
    enum class Look : uint8_t { quick, thorough };
    bool durable_on(NodeId node, GroupId group, LogIndex index, Term term, Look how);
    void check_invariants(NodeId node);
    void check_desk(NodeId node, GroupId group);
    void check_desks();

    sim::World& world_;
    Verdict& verdict_;
    uint64_t deep_per_million_;
    sim::Cluster* cluster_ = nullptr;
    RaftRules rules_;
    ReadRules reads_;
    Callback<void(const AppliedCommand&)>* told_ = nullptr;
    ActivityWatch activity_told_;
    Effects effects_;
    std::map<GroupId, Group> groups_;
    std::map<std::pair<NodeId, GroupId>, Replica> replicas_;
    std::vector<std::unique_ptr<DurableLog>> disks_;  // by node id - 1
    uint64_t draws_ = 0;
    uint64_t events_ = 0;
    uint64_t next_deep_event_ = 0;
    std::map<std::pair<NodeId, GroupId>, uint64_t> desks_;  // the event after which they are looked at
    uint64_t desks_due_ = UINT64_MAX;                       // the first of them
    uint64_t deep_checks_ = 0;
    uint64_t promises_ = 0;
};

}  // namespace quern::harness
