// The rules of Raft that show in what a node says: terms, votes, the commit rule, reads, and what it still
// knows after a restart.
#include <algorithm>

#include <fmt/format.h>

#include "harness/group_judge.h"
#include "harness/witness.h"

namespace quern::harness {

namespace {

std::string replica_name(NodeId node, GroupId group) {
    return harness::replica_name(RaftRules::Who{node, group});
}

}  // namespace

// R8: a term begins with a candidate. A node that follows speaks of no term that nobody stood for.
void Witness::check_term(NodeId self, const raft::Message& message) {
    Group& g = groups_[message.group];
    if (message.kind == raft::MessageKind::pre_vote_request) {
        g.asked.insert({message.term, self});
        LogPosition& end = g.pre_candidates[{message.term, self}];
        end = std::max(end, {message.log_term, message.index});
    }
    if (message.kind == raft::MessageKind::timeout_now) {
        g.asked.insert({message.term.next(), message.to});
    }
    if (message.kind == raft::MessageKind::pre_vote_request || !message.term) return;
    if (message.kind == raft::MessageKind::pre_vote_response && !message.reject) return;
    if (message.kind == raft::MessageKind::vote_request) g.terms.insert(message.term);
    if (g.terms.contains(message.term)) return;
    const raft::Raft* raft = core(self, message.group);
    if (raft == nullptr) return;
    const raft::Status status = raft->status();
    const bool stands = status.role == raft::Role::candidate || status.role == raft::Role::leader;
    if (status.term != message.term) return;
    g.terms.insert(message.term);
    // A candidate may give up before its disk has kept its vote, and so before it asked anybody.
    if (stands || g.asked.contains({message.term, self}) || stood_in_silence(message.group, message.term)) return;
    found("R8", fmt::format("{} is in term {}, which nobody stood for",
                            replica_name(self, message.group), message.term.value));
}

// Others may hear of its term all the same, by a snapshot that it sends. Who was asked to let it stand, then stood:
// its term is that one or a later one. A process that died took its word along.
bool Witness::stood_in_silence(GroupId group, Term term) const {
    const std::set<std::pair<Term, NodeId>>& asked = groups_.at(group).asked;
    return std::any_of(asked.lower_bound({term, NodeId{}}), asked.lower_bound({term.next(), NodeId{}}),
                       [&](const auto& candidate) {
                           const raft::Raft* raft = core(candidate.second, group);
                           return raft == nullptr || raft->term() >= term;
                       });
}

// R1: before a leader's first message a majority of voters, each counted once, has given it its vote.
void Witness::check_election(NodeId self, const raft::Message& message) {
    const raft::Raft* raft = core(self, message.group);
    if (raft == nullptr || raft->term() != message.term) return;
    const std::set<NodeId>& gave = groups_[message.group].voters[{message.term, self}];
    for (const auto* voters : {&raft->configuration().voters, &raft->configuration().voters_old}) {
        if (voters->size() < 2) continue;
        const auto count = std::count_if(voters->begin(), voters->end(),
                                         [&gave](NodeId id) { return gave.contains(id); });
        if (static_cast<size_t>(count) > voters->size() / 2) continue;
        found("R1", fmt::format("{} leads term {} with the votes of {} out of {}",
                                replica_name(self, message.group), message.term.value, count,
                                voters->size()));
    }
}

// R4: by counting, a leader commits entries of its own term alone (thesis 3.6.2).
void Witness::check_commit_rule(NodeId self, const raft::Message& message, Replica& r,
                                const raft::Raft& raft) {
    if (raft.role() != raft::Role::leader || raft.term() != message.term) return;
    const raft::Status status = raft.status();
    if (status.commit <= r.led_from || raft.term_at(status.commit) >= status.term) return;
    r.led_from = status.commit;  // told once
    found("R4", fmt::format("{} leads term {} and has committed entry {} of term {} by counting",
                            replica_name(self, message.group), message.term.value,
                            status.commit.value, raft.term_at(status.commit).value));
}

// A leader may also learn what is committed from a peer that has lost a snapshot of it (R4: it is).
void Witness::known_committed(NodeId self, GroupId group, LogIndex index, Term term) {
    if (!index) return;
    if (!is_truth(group, {term, index})) {
        return found("R4", fmt::format("{} is told that entry {} of term {} is committed, which it is not",
                                       replica_name(self, group), index.value, term.value));
    }
    Replica& r = replica(self, group);
    r.led_from = std::max(r.led_from, index);
}

void Witness::note_candidate(NodeId self, const raft::Message& message) {
    groups_[message.group].candidates[{message.term, self}] = {message.log_term, message.index};
}

bool Witness::is_truth(GroupId group, const LogPosition& position) const {
    return position.index && position.index <= rules_.last(group) &&
           rules_.term_at(group, position.index) == position.term;
}

// R11: nobody votes for a candidate without an entry that it acknowledged itself and that is committed.
void Witness::check_voter(NodeId self, const raft::Message& message) {
    const Group& g = groups_[message.group];
    const Replica& r = replica(self, message.group);
    const auto candidate = g.candidates.find({message.term, message.to});
    if (candidate == g.candidates.end()) return;
    check_damaged_voter(self, message, candidate->second);
    if (!is_truth(message.group, r.promised) || candidate->second >= r.promised) return;
    found("R11", fmt::format("{} votes for s{} whose log ends at {} (term {}); it acknowledged {} "
                             "(term {}), which is committed",
                             replica_name(self, message.group), message.to.value,
                             candidate->second.index.value, candidate->second.term.value,
                             r.promised.index.value, r.promised.term.value));
}

// Who would not vote for it does not say so either.
void Witness::check_pre_voter(NodeId self, const raft::Message& message) {
    const auto& candidates = groups_[message.group].pre_candidates;
    const auto candidate = candidates.find({message.term, message.to});
    if (candidate != candidates.end()) check_damaged_voter(self, message, candidate->second);
}

// R11: whose disk lost entries votes as if it had them still. What was damaged can be read here all the same.
void Witness::check_damaged_voter(NodeId self, const raft::Message& message, const LogPosition& candidate) {
    const raft::Raft* raft = core(self, message.group);
    if (raft == nullptr || !raft->recovering()) return;
    disk(self).look();
    const DurableLog::Group* log = disk(self).find(message.group);
    if (log == nullptr) return;
    const LogPosition had{log->term_at(log->last()), log->last()};
    // Entries of this term are the candidate's own: it leads by now, and they were written together with the vote.
    if (!had.term || had.term >= message.term || candidate >= had) return;
    found("R11", fmt::format("{} votes for s{} whose log ends at {} (term {}); its own was damaged, and ended "
                             "at {} (term {})",
                             replica_name(self, message.group), message.to.value, candidate.index.value,
                             candidate.term.value, had.index.value, had.term.value));
}

// A node keeps what it acknowledged and is committed, also over a restart (R10), or knows that its log is
// damaged.
void Witness::check_kept(NodeId self, GroupId group, Replica& r, const raft::Raft* raft) {
    if (raft == nullptr) return;
    const bool fresh = !std::exchange(r.known, true);
    if (raft->recovering() || !is_truth(group, r.promised)) return;
    const raft::Status status = raft->status();
    const bool has = status.last >= r.promised.index &&
                     (r.promised.index < status.first ||
                      raft->term_at(r.promised.index) == r.promised.term);
    if (has) return;
    found(fresh ? "R10" : "R7",
          fmt::format("{} acknowledged entry {} (term {}), which is committed; {} its log ends at {} and "
                      "it does not know of any damage",
                      replica_name(self, group), r.promised.index.value, r.promised.term.value,
                      fresh ? "after a restart" : "now", status.last.value));
    r.promised = {};  // told once
}

// R11: whose disk lost entries asks nobody for a vote: others may lack the same ones.
void Witness::check_campaign(NodeId self, const raft::Message& message) {
    const raft::Raft* raft = core(self, message.group);
    if (raft == nullptr || !raft->recovering()) return;
    found("R11", fmt::format("{} stands for election in term {}, and its log is damaged",
                             replica_name(self, message.group), message.term.value));
}

// R3, R4: what a follower acknowledges, and what it holds for committed, its leader has as well.
void Witness::check_against_leader(NodeId self, const raft::Message& message) {
    const raft::Raft* own = core(self, message.group);
    const raft::Raft* leader = core(message.to, message.group);
    if (own == nullptr || leader == nullptr) return;
    if (leader->role() != raft::Role::leader || leader->term() != message.term || own->term() != message.term) return;
    const raft::Status mine = own->status();
    const raft::Status theirs = leader->status();
    auto differs = [&](LogIndex index) {
        if (index < mine.first || index < theirs.first) return false;
        return index > theirs.last || own->term_at(index) != leader->term_at(index);
    };
    if (differs(message.index)) {
        found("R3", fmt::format("{} acknowledges entry {} (term {}) to s{}, which has none like it",
                                replica_name(self, message.group), message.index.value,
                                own->term_at(message.index).value, message.to.value));
    } else if (differs(mine.commit)) {
        found("R4", fmt::format("{} holds entry {} (term {}) for committed, and its leader s{} has none "
                                "like it",
                                replica_name(self, message.group), mine.commit.value,
                                own->term_at(mine.commit).value, message.to.value));
    }
}

}  // namespace quern::harness
