#include "harness/witness.h"

#include <fmt/format.h>

#include "harness/concerns.h"
#include "harness/group_judge.h"
#include "system/base/checksum.h"

namespace quern::harness {

namespace {

constexpr uint64_t events_between_deep_checks = 2'000;

std::string replica_name(NodeId node, GroupId group) {
    return fmt::format("s{} group {}", node.value, group.value);
}

}  // namespace

Witness::Witness(sim::World& world, Verdict& verdict, uint64_t deep_per_million)
    : world_(world), verdict_(verdict), deep_per_million_(deep_per_million),
      next_deep_event_(events_between_deep_checks) {}

Witness::~Witness() = default;

void Witness::watch(sim::Cluster& cluster) {
    cluster_ = &cluster;
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

DurableLog& Witness::disk(NodeId node) { return *disks_[node.value - 1]; }

Witness::Replica& Witness::replica(NodeId node, GroupId group) {
    Replica& r = replicas_[{node, group}];
    const uint32_t life = machine(node).life();
    if (r.life != life) {
        r.life = life;
        r.applied = {};
        r.commit = {};
        r.led = {};
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
    Group& g = groups_[group];
    if (!g.judge) g.judge = std::make_unique<GroupJudge>(group, verdict_);
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
    Replica& r = replica(self, group);
    if (r.applied && entry.index != r.applied.next()) {
        found("R6", fmt::format("{} applied index {} after {}", replica_name(self, group),
                                entry.index.value, r.applied.value));
    }
    r.applied = entry.index;
    const Truth mine{entry.term, hash64(entry.payload.span()), rolling_hash};
    if (entry.index > g.last().next()) {
        return found("R10", fmt::format("{} applied index {}, and nobody applied {}",
                                        replica_name(self, group), entry.index.value,
                                        g.last().next().value));
    }
    if (entry.index == g.last().next()) {
        g.entries.push_back(mine);
    } else {
        const Truth& truth = g.at(entry.index);
        if (truth.term != mine.term || truth.payload_hash != mine.payload_hash) {
            found("R3", fmt::format("{} applied another entry {} (term {}) than others did (term {})",
                                    replica_name(self, group), entry.index.value, mine.term.value,
                                    truth.term.value));
        } else if (truth.rolling_hash != rolling_hash) {
            found("R5", fmt::format("{} has another state at index {} than others had",
                                    replica_name(self, group), entry.index.value));
        }
    }
    if (group == metadata_group) return;
    const replica::ReplicaHost* host = cluster_->host_on(machine(self));
    const replica::DataReplica* data = host != nullptr ? host->data(group) : nullptr;
    if (data == nullptr) return;
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
    const Group& g = groups_[group];
    Replica& r = replica(self, group);
    if (index < r.applied) {
        found("R14", fmt::format("{} went back from {} to a snapshot at {}",
                                 replica_name(self, group), r.applied.value, index.value));
    }
    r.applied = index;
    if (!index) return;
    if (index > g.last()) {
        found("R14", fmt::format("{} restored a snapshot at {}, beyond what was ever applied ({})",
                                 replica_name(self, group), index.value, g.last().value));
    } else if (g.at(index).rolling_hash != rolling_hash) {
        found("R14", fmt::format("{} restored a snapshot at {} of another state",
                                 replica_name(self, group), index.value));
    }
}

// --- messages ---------------------------------------------------------------------------------------

void Witness::message_leaves(NodeId self, const raft::Message& message) {
    if (cluster_ == nullptr) return;
    switch (message.kind) {
        case raft::MessageKind::append_request:
        case raft::MessageKind::heartbeat_request: check_leader(self, message); break;
        case raft::MessageKind::append_response:
            if (!message.reject) check_append_promise(self, message);
            break;
        case raft::MessageKind::vote_request:
        case raft::MessageKind::vote_response:
            if (!message.reject) check_vote_promise(self, message);
            break;
        default: break;
    }
}

void Witness::check_leader(NodeId self, const raft::Message& message) {
    Group& g = groups_[message.group];
    const auto [leader, fresh] = g.leaders.try_emplace(message.term, self);
    if (leader->second != self) {
        found("R1", fmt::format("term {} of group {} has two leaders: s{} and s{}",
                                message.term.value, message.group.value, leader->second.value,
                                self.value));
    }
    if (fresh && world_.trace().enabled()) {
        world_.trace().line(fmt::format("s{}", self.value), "leader",
                            fmt::format("of group {} in term {}", message.group.value,
                                        message.term.value));
    }
    Replica& r = replica(self, message.group);
    const raft::Raft* raft = core(self, message.group);
    if (r.led >= message.term || raft == nullptr) return;
    r.led = message.term;
    check_completeness(self, message, *raft);
}

// R4: who leads holds every entry that was committed in an earlier term.
void Witness::check_completeness(NodeId self, const raft::Message& message, const raft::Raft& raft) {
    const Group& g = groups_[message.group];
    const raft::Status status = raft.status();
    if (status.role != raft::Role::leader || status.term != message.term) return;
    // What this term has committed already needs no look.
    LogIndex last = g.last();
    while (last && g.at(last).term >= message.term) last = last.prev();
    if (status.last < last) {
        return found("R4", fmt::format("{} leads term {} with entries up to {}; {} is committed",
                                       replica_name(self, message.group), message.term.value,
                                       status.last.value, last.value));
    }
    for (LogIndex i = last; i && i >= status.first; i = i.prev()) {
        if (raft.term_at(i) == g.at(i).term) continue;
        return found("R4", fmt::format("{} leads term {} with entry {} of term {}; committed is {}",
                                       replica_name(self, message.group), message.term.value,
                                       i.value, raft.term_at(i).value, g.at(i).term.value));
    }
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

void Witness::check_append_promise(NodeId self, const raft::Message& message) {
    ++promises_;
    Term term;
    if (const raft::Raft* raft = core(self, message.group)) {
        if (raft->status().term == message.term) term = raft->term_at(message.index);
    }
    if (!durable_on(self, message.group, message.index, term, Look::thorough)) {
        const DurableLog::Group* log = disk(self).find(message.group);
        found("R7", fmt::format("{} says that it holds index {} (term {}), and its disk ends at {} ({}, term there {})",
                                replica_name(self, message.group), message.index.value, term.value,
                                log != nullptr ? log->last().value : 0, disk(self).place(),
                                log != nullptr ? log->term_at(message.index).value : 0));
    }
    if (drawn()) check_durable(self, message.group);
}

void Witness::check_vote_promise(NodeId self, const raft::Message& message) {
    ++promises_;
    const bool own = message.kind == raft::MessageKind::vote_request;
    const NodeId grantee = own ? self : message.to;
    Replica& r = replica(self, message.group);
    const auto [vote, fresh] = r.votes.try_emplace(message.term, grantee);
    if (vote->second != grantee) {
        found("R8", fmt::format("{} voted for s{} and s{} in term {}", replica_name(self, message.group),
                                vote->second.value, grantee.value, message.term.value));
    }
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
    found("R7", fmt::format("{} votes for s{} in term {}; its disk says s{} in term {}",
                            replica_name(self, message.group), grantee.value, message.term.value,
                            log ? log->hard_state.voted_for.value : 0,
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
    const Group& g = groups_[group];
    // The answer leaves while its entry is being applied, so the truth may not know it yet.
    const Term term = index <= g.last() ? g.at(index).term : raft->term_at(index);
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
        if (count(Look::quick) >= majority || count(Look::thorough) >= majority) continue;
        found("R9", fmt::format("{} answers a client at index {}, which is durable on {} of {} alone",
                                replica_name(self, group), index.value, count(Look::quick),
                                voters->size()));
    }
}

}  // namespace quern::harness
