#include "harness/witness.h"

#include <fmt/format.h>

#include "harness/concerns.h"
#include "harness/group_judge.h"
#include "system/base/checksum.h"

namespace quern::harness {

namespace {

constexpr uint64_t events_between_deep_checks = 2'000;

std::string replica_name(NodeId node, GroupId group) {
    return harness::replica_name(RaftRules::Who{node, group});
}

}  // namespace

Witness::Witness(sim::World& world, Verdict& verdict, uint64_t deep_per_million)
    : world_(world), verdict_(verdict), deep_per_million_(deep_per_million),
      rules_([this](const char* invariant, std::string text) { found(invariant, std::move(text)); }),
      reads_([this](const char* invariant, std::string text) { found(invariant, std::move(text)); }),
      next_deep_event_(events_between_deep_checks) {}

Witness::~Witness() = default;

void Witness::watch(sim::Cluster& cluster) {
    cluster_ = &cluster;
    effects_.created = [this](QueueId queue) { return created(queue); };
    for (const sim::Machine* machine : cluster.storage_machines()) {
        disks_.push_back(std::make_unique<DurableLog>(*machine));
    }
}

sim::Machine& Witness::machine(NodeId node) const {
    return *cluster_->storage_machines()[node.value - 1];
}

const raft::Raft* Witness::core(NodeId node, GroupId group) const {
    replica::ReplicaHost* host = cluster_->host_on(machine(node));
    if (host == nullptr) return nullptr;
    const auto found = host->groups().find(group);
    if (found == host->groups().end() || !found->second->started()) return nullptr;
    return &found->second->core();
}

ClusterTime Witness::created(QueueId queue) const {
    for (const sim::Machine* machine : cluster_->storage_machines()) {
        const replica::ReplicaHost* host = cluster_->host_on(*machine);
        const auto* record = host != nullptr ? host->catalogue().find_queue(queue) : nullptr;
        if (record != nullptr) return record->created;
    }
    return {};
}

DurableLog& Witness::disk(NodeId node) { return *disks_[node.value - 1]; }

Witness::Replica& Witness::replica(NodeId node, GroupId group) {
    Replica& r = replicas_[{node, group}];
    const uint32_t life = machine(node).life();
    if (r.life != life) {
        r.life = life;
        r.led = {};
        r.known = false;
        rules_.restarted({node, group});
    }
    return r;
}

void Witness::found(const char* invariant, std::string text) {
    if (world_.trace().enabled()) world_.trace().line("witness", invariant, text);
    verdict_.add(invariant, std::move(text), world_.now().ns);
}

bool Witness::drawn() {
    return bounded(draw(world_.seed(), Concern::sample, 0, ++draws_), 1'000'000) < deep_per_million_;
}

// --- the state machines -----------------------------------------------------------------------------

void Witness::command_applied(NodeId self, GroupId group, LogIndex index, ClusterTime time,
                              const queue::Command& command, const queue::Reply& reply) {
    if (told_ != nullptr) (*told_)({self, group, index, time, world_.now().ns, command, reply});
    Group& g = groups_[group];
    if (!g.judge) g.judge = std::make_unique<GroupJudge>(group, effects_, verdict_);
    if (index > g.judge->index()) {
        g.judge->begin(index, time, world_.now().ns);
        g.feeder = self;
        g.entry_open = true;
    }
    if (g.entry_open && g.feeder == self && index == g.judge->index()) {
        g.judge->command(command, reply);
    }
}

void Witness::applied(NodeId self, GroupId group, const raft::Entry& entry, uint64_t rolling_hash) {
    if (cluster_ == nullptr) return;
    Group& g = groups_[group];
    replica(self, group);
    rules_.applied({self, group},
                   {entry.index, entry.term, hash64(entry.payload.span()), rolling_hash});
    if (group == metadata_group) return;
    const replica::ReplicaHost* host = cluster_->host_on(machine(self));
    const replica::DataReplica* data = host != nullptr ? host->data(group) : nullptr;
    if (data == nullptr) return;
    if (core(self, group)->role() == raft::Role::leader) {
        desks_.try_emplace({self, group}, events_ + 1);
        desks_due_ = std::min(desks_due_, events_ + 1);
    }
    if (g.judge && entry.index > g.judge->index()) {
        g.judge->begin(entry.index, data->state().time(), world_.now().ns);
        g.feeder = self;
        g.entry_open = true;
    }
    if (!g.judge || !g.entry_open || g.feeder != self || entry.index != g.judge->index()) return;
    g.entry_open = false;
    g.judge->end([data](QueueId queue) { return data->state().counters(queue); });
}

void Witness::restored(NodeId self, GroupId group, LogIndex index, uint64_t rolling_hash) {
    if (cluster_ == nullptr) return;
    replica(self, group);
    rules_.restored({self, group}, index, rolling_hash);
}

// --- messages ---------------------------------------------------------------------------------------

void Witness::message_leaves(NodeId self, const raft::Message& message) {
    if (cluster_ == nullptr) return;
    Replica& r = replica(self, message.group);
    const raft::Raft* raft = core(self, message.group);
    check_term(self, message);
    check_kept(self, message.group, r, raft);
    if (message.kind == raft::MessageKind::heartbeat_request) {
        reads_.asks({self, message.group}, message.term, message.context);
    }
    note_bytes(self, message);
    switch (message.kind) {
        case raft::MessageKind::append_request:
        case raft::MessageKind::heartbeat_request: check_leader(self, message, r, raft); break;
        case raft::MessageKind::append_response:
            if (!message.reject) check_append_promise(self, message, r, raft);
            break;
        case raft::MessageKind::pre_vote_request: check_campaign(self, message); break;
        case raft::MessageKind::pre_vote_response:
            if (!message.reject) check_pre_voter(self, message);
            break;
        case raft::MessageKind::vote_request: check_campaign(self, message); [[fallthrough]];
        case raft::MessageKind::vote_response:
            if (!message.reject) check_vote_promise(self, message);
            break;
        default: break;
    }
}

void Witness::check_leader(NodeId self, const raft::Message& message, Replica& r,
                           const raft::Raft* raft) {
    const bool fresh = rules_.leads({self, message.group}, message.term);
    if (fresh && world_.trace().enabled()) {
        world_.trace().line(fmt::format("s{}", self.value), "leader",
                            fmt::format("of group {} in term {}", message.group.value,
                                        message.term.value));
    }
    if (fresh) check_election(self, message);
    if (raft == nullptr) return;
    if (r.led >= message.term) return check_commit_rule(self, message, r, *raft);
    r.led = message.term;
    r.led_from = raft->status().commit;
    check_leader_log(self, message.group, *raft);
}

// R4 and R2.
void Witness::check_leader_log(NodeId self, GroupId group, const raft::Raft& raft) {
    const raft::Status status = raft.status();
    if (status.role != raft::Role::leader) return;
    rules_.leader_log({self, group}, status.term,
                      {status.first, status.last, [&raft](LogIndex i) { return raft.term_at(i); }});
}

bool Witness::durable_on(NodeId node, GroupId group, LogIndex index, Term term, Look how) {
    DurableLog& log = disk(node);
    auto holds = [&] {
        const DurableLog::Group* found = log.find(group);
        return found != nullptr && found->holds(index, term);
    };
    if (holds()) return true;
    log.look();
    if (holds()) return true;
    if (how == Look::quick) return false;
    log.start_over();
    return holds();
}

void Witness::check_append_promise(NodeId self, const raft::Message& message, Replica& r,
                                   const raft::Raft* raft) {
    ++promises_;
    check_identity(self, message.group);
    check_against_leader(self, message);
    Term term;
    if (raft != nullptr && raft->term() == message.term) term = raft->term_at(message.index);
    if (!durable_on(self, message.group, message.index, term, Look::thorough)) {
        const DurableLog::Group* log = disk(self).find(message.group);
        rules_.promise({self, message.group}, false,
                       fmt::format("says that it holds index {} (term {}), and its disk ends at {} ({}, "
                                   "term there {})",
                                   message.index.value, term.value,
                                   log != nullptr ? log->last().value : 0, disk(self).place(),
                                   log != nullptr ? log->term_at(message.index).value : 0));
    }
    if (term) r.promised = std::max(r.promised, {term, message.index});
    if (drawn()) check_durable(self, message.group);
}

void Witness::check_vote_promise(NodeId self, const raft::Message& message) {
    ++promises_;
    const bool own = message.kind == raft::MessageKind::vote_request;
    const NodeId grantee = own ? self : message.to;
    groups_[message.group].voters[{message.term, grantee}].insert(self);
    if (own) {
        note_candidate(self, message);
    } else {
        check_voter(self, message);
    }
    check_identity(self, message.group);
    rules_.vote({self, message.group}, message.term, grantee);
    const raft::HardState promised{message.term, grantee};
    auto kept = [&] {
        const DurableLog::Group* log = disk(self).find(message.group);
        return log != nullptr &&
               (log->hard_state == promised || log->hard_state.term > message.term);
    };
    if (kept()) return;
    disk(self).look();
    if (kept()) return;
    disk(self).start_over();
    if (kept()) return;
    const DurableLog::Group* log = disk(self).find(message.group);
    rules_.promise({self, message.group}, false,
                   fmt::format("votes for s{} in term {}; its disk says s{} in term {}", grantee.value,
                               message.term.value, log ? log->hard_state.voted_for.value : 0,
                               log ? log->hard_state.term.value : 0));
}

// What a core takes for durable is on its disk, entry by entry, and nothing else is (R7, R10).
void Witness::check_durable(NodeId self, GroupId group) {
    const raft::Raft* raft = core(self, group);
    if (raft == nullptr) return;
    ++deep_checks_;
    const raft::Status status = raft->status();
    if (!status.persisted) return;
    if (!durable_on(self, group, status.persisted, Term{}, Look::thorough)) {
        const DurableLog::Group* log = disk(self).find(group);
        return found("R10", fmt::format("{} takes index {} for durable, and its disk ends at {} ({})",
                                        replica_name(self, group), status.persisted.value,
                                        log != nullptr ? log->last().value : 0,
                                        disk(self).place()));
    }
    // An older entry at the same index will do for holds(): what is compared must be what is there now.
    disk(self).look();
    const DurableLog::Group* log = disk(self).find(group);
    for (LogIndex i = status.persisted; i >= status.first && log != nullptr && i > log->base;
         i = i.prev()) {
        if (raft->term_at(i) == log->term_at(i)) continue;
        return found("R10", fmt::format("{} holds entry {} of term {}, its disk one of term {}",
                                        replica_name(self, group), i.value, raft->term_at(i).value,
                                        log->term_at(i).value));
    }
}

// R9: a client hears of it only when a majority would still know after a power cut of all.
void Witness::answers_applied(NodeId self, GroupId group, LogIndex index) {
    if (cluster_ == nullptr) return;
    ++promises_;
    const raft::Raft* raft = core(self, group);
    if (raft == nullptr) return;
    // The answer leaves while its entry is being applied, so the truth may not know it yet.
    const Term known = rules_.term_at(group, index);
    const Term term = known ? known : raft->term_at(index);
    const raft::Configuration& members = raft->configuration();
    for (const std::vector<NodeId>* voters : {&members.voters, &members.voters_old}) {
        if (voters->empty()) continue;
        auto count = [&](Look how) {
            size_t durable = 0;
            for (const NodeId node : *voters) {
                durable += durable_on(node, group, index, term, how) ? 1 : 0;
            }
            return durable;
        };
        const size_t majority = voters->size() / 2 + 1;
        size_t durable = count(Look::quick);
        if (durable < majority) durable = count(Look::thorough);
        rules_.answer({self, group}, index, {{voters->size(), durable}});
    }
}

}  // namespace quern::harness
