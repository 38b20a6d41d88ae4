// R13: a read sees what anyone applied before it began, and a majority has confirmed the leader since then.
#include <algorithm>

#include <fmt/format.h>

#include "harness/group_judge.h"
#include "harness/witness.h"

namespace quern::harness {

namespace {
constexpr size_t rounds_kept = 1'000;  // of a leader; older ones have long been answered
}

void Witness::note_round(NodeId self, const raft::Message& message) {
    if (message.context == 0) return;
    Group& g = groups_[message.group];
    if (message.kind == raft::MessageKind::heartbeat_request) {
        auto& left = g.rounds[{message.term, self}].left;
        left.try_emplace(message.context, messages_);
        if (left.size() > rounds_kept) left.erase(left.begin());
    } else if (message.kind == raft::MessageKind::heartbeat_response) {
        uint64_t& answered = g.rounds[{message.term, message.to}].answered[self];
        answered = std::max(answered, message.context);
    }
}

// In whatever term: a leader may lose its office between the confirmation and the look at the state, which
// is still what the read has to see.
bool Witness::confirmed(NodeId self, GroupId group, uint64_t began) const {
    const raft::Raft* raft = core(self, group);
    const auto g = groups_.find(group);
    if (raft == nullptr || g == groups_.end()) return true;
    const raft::Configuration& members = raft->configuration();
    if (confirmed_by({}, members, self, began)) return true;  // alone, it is a majority
    return std::any_of(g->second.rounds.begin(), g->second.rounds.end(), [&](const auto& office) {
        return office.first.second == self && confirmed_by(office.second, members, self, began);
    });
}

bool Witness::confirmed_by(const Rounds& rounds, const raft::Configuration& members, NodeId self,
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

uint64_t Witness::read_begins(GroupId group) {
    if (cluster_ == nullptr) return 0;
    reads_[++messages_] = {rules_.last(group), messages_};
    return messages_;
}

void Witness::read_ends(NodeId self, GroupId group, uint64_t read, LogIndex index) {
    const auto begun = reads_.find(read);
    if (cluster_ == nullptr || begun == reads_.end()) return;
    const Read known = begun->second;
    reads_.erase(begun);
    if (index < known.floor) {
        found("R13", fmt::format("s{} group {} answers a read from its state at {}; entry {} was applied "
                                 "elsewhere before the read began",
                                 self.value, group.value, index.value, known.floor.value));
    } else if (!confirmed(self, group, known.began)) {
        found("R13", fmt::format("s{} group {} answers a read, and no majority has said since it began "
                                 "that s{} still leads",
                                 self.value, group.value, self.value));
    }
}

}  // namespace quern::harness
