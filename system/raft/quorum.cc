#include "system/raft/quorum.h"

#include <algorithm>

#include "system/base/planted_bug.h"

namespace quern::raft {

bool contains(const std::vector<NodeId>& sorted, NodeId id) {
    return std::binary_search(sorted.begin(), sorted.end(), id);
}

bool is_voter(const Configuration& configuration, NodeId id) {
    return contains(configuration.voters, id) || contains(configuration.voters_old, id);
}

std::vector<NodeId> members(const Configuration& configuration) {
    std::vector<NodeId> all = configuration.voters;
    all.insert(all.end(), configuration.voters_old.begin(), configuration.voters_old.end());
    all.insert(all.end(), configuration.learners.begin(), configuration.learners.end());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

namespace {
bool is_valid_list(const std::vector<NodeId>& list) {
    if (list.size() > configuration_nodes_max) return false;
    if (!list.empty() && !list.front()) return false;
    for (size_t i = 1; i < list.size(); ++i) {
        if (list[i - 1] >= list[i]) return false;
    }
    return true;
}
}  // namespace

bool is_valid(const Configuration& configuration) {
    if (configuration.voters.empty()) return false;
    if (!is_valid_list(configuration.voters) || !is_valid_list(configuration.voters_old) ||
        !is_valid_list(configuration.learners)) {
        return false;
    }
    return std::none_of(configuration.learners.begin(), configuration.learners.end(),
                        [&](NodeId id) { return contains(configuration.voters, id); });
}

namespace detail {
uint64_t majority_of(uint64_t* values, size_t count) {
    if (count == 0) return 0;
    // Insertion sort, descending: groups have a handful of voters.
    for (size_t i = 1; i < count; ++i) {
        const uint64_t value = values[i];
        size_t j = i;
        for (; j > 0 && values[j - 1] < value; --j) values[j] = values[j - 1];
        values[j] = value;
    }
    return values[count / 2];
}
}  // namespace detail

void VoteTally::record(NodeId from, bool granted) {
    if (answer_of(from) == 0 || PLANTED(votes_counted_not_voters)) answers_.push_back({from, granted});
}

int VoteTally::answer_of(NodeId id) const {
    for (const Answer& answer : answers_) {
        if (answer.from == id) return answer.granted ? 2 : 1;
    }
    return 0;
}

VoteResult VoteTally::result(const Configuration& configuration) const {
    if (PLANTED(votes_counted_not_voters)) {
        const auto won = std::count_if(answers_.begin(), answers_.end(),
                                       [](const Answer& answer) { return answer.granted; });
        if (static_cast<size_t>(won) > configuration.voters.size() / 2) return VoteResult::won;
    }
    // A majority granted; else a majority at least has not refused; else lost.
    auto granted = [this](NodeId id) -> uint64_t { return answer_of(id) == 2 ? 1 : 0; };
    auto not_refused = [this](NodeId id) -> uint64_t { return answer_of(id) != 1 ? 1 : 0; };
    if (quorum_value(configuration, granted) == 1) return VoteResult::won;
    if (quorum_value(configuration, not_refused) == 1) return VoteResult::pending;
    return VoteResult::lost;
}

}  // namespace quern::raft
