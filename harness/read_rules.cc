#include "harness/read_rules.h"

#include <algorithm>

#include <fmt/format.h>

namespace quern::harness {

namespace {
constexpr size_t rounds_kept = 1'000;  // of a leader; older ones have long been answered
}

void ReadRules::asks(Who leader, Term term, uint64_t context) {
    if (context == 0) return;
    auto& left = offices_[{leader.group, leader.node}][term].left;
    left.try_emplace(context, ++now_);
    if (left.size() > rounds_kept) left.erase(left.begin());
}

void ReadRules::answers(Who peer, NodeId leader, Term term, uint64_t context) {
    if (context == 0) return;
    uint64_t& answered = offices_[{peer.group, leader}][term].answered[peer.node];
    answered = std::max(answered, context);
}

uint64_t ReadRules::begins(LogIndex floor) {
    reads_[++now_] = {floor, now_};
    return now_;
}

bool ReadRules::confirmed_by(const Rounds& rounds, const raft::Configuration& members, NodeId self,
                             uint64_t began) {
    auto has = [&](NodeId voter) {
        if (voter == self) return true;
        const auto answered = rounds.answered.find(voter);
        if (answered == rounds.answered.end()) return false;
        const auto left = rounds.left.find(answered->second);
        return left != rounds.left.end() && left->second > began;
    };
    for (const auto* voters : {&members.voters, &members.voters_old}) {
        const auto count = std::count_if(voters->begin(), voters->end(), has);
        if (!voters->empty() && static_cast<size_t>(count) <= voters->size() / 2) return false;
    }
    return true;
}

void ReadRules::ends(Who who, uint64_t read, LogIndex index, Term term,
                     const raft::Configuration& members) {
    const auto begun = reads_.find(read);
    if (begun == reads_.end()) return;
    const Read known = begun->second;
    reads_.erase(begun);
    if (index < known.floor) {
        return found_("R13", fmt::format("{} answers a read from its state at {}; entry {} was applied "
                                         "elsewhere before the read began",
                                         replica_name(who), index.value, known.floor.value));
    }
    if (confirmed_by({}, members, who.node, known.began)) return;  // alone, it is a majority
    // In whatever term: a leader may lose its office between the confirmation and the look at the state, which
    // is still what the read has to see.
    Term confirmed;
    for (const auto& [office, rounds] : offices_[{who.group, who.node}]) {
        if (!confirmed_by(rounds, members, who.node, known.began)) continue;
        if (office <= term) return;
        confirmed = office;
    }
    if (confirmed) {
        return found_("R13", fmt::format("{} answers a read as leader of term {}, and has applied nothing of "
                                         "that term",
                                         replica_name(who), confirmed.value));
    }
    found_("R13", fmt::format("{} answers a read, and no majority has said since it began that s{} still "
                              "leads",
                              replica_name(who), who.node.value));
}

}  // namespace quern::harness
