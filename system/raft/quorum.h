// Majorities, simple and joint (thesis 4.3). Everything here counts voters, never messages: a voter
// that answers twice counts once, a learner or a stranger not at all.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "system/raft/types.h"

namespace quern::raft {

// Nodes in one list of a Configuration; more is refused when proposed and when decoded.
constexpr size_t configuration_nodes_max = 64;

bool contains(const std::vector<NodeId>& sorted, NodeId id);
// In `voters` or, in joint consensus, in `voters_old`.
bool is_voter(const Configuration& configuration, NodeId id);
// Voters, old voters and learners, sorted, each once.
std::vector<NodeId> members(const Configuration& configuration);
// Non-zero ids, sorted and unique lists within bounds, voters not empty, no learner a voter. An old
// voter may be a learner: that is how a voter is demoted.
bool is_valid(const Configuration& configuration);

namespace detail {
// The largest v such that a majority of values[0, count) is >= v; reorders the values.
uint64_t majority_of(uint64_t* values, size_t count);

template <typename Value>
uint64_t majority_value(const std::vector<NodeId>& voters, Value&& value) {
    QUERN_ASSERT(voters.size() <= configuration_nodes_max);
    std::array<uint64_t, configuration_nodes_max> values;
    for (size_t i = 0; i < voters.size(); ++i) values[i] = value(voters[i]);
    return majority_of(values.data(), voters.size());
}
}  // namespace detail

// The largest v that value(id) reaches at a majority of the voters and, in joint consensus, also at a
// majority of the old voters. 0 when there are no voters.
template <typename Value>
uint64_t quorum_value(const Configuration& configuration, Value&& value) {
    const uint64_t now = detail::majority_value(configuration.voters, value);
    if (!configuration.joint()) return now;
    const uint64_t old = detail::majority_value(configuration.voters_old, value);
    return now < old ? now : old;
}

enum class VoteResult : uint8_t { pending, won, lost };

// The answers to one candidacy.
class VoteTally {
public:
    void clear() { answers_.clear(); }
    // The first answer of a node stands; later ones are duplicates.
    void record(NodeId from, bool granted);
    VoteResult result(const Configuration& configuration) const;

private:
    struct Answer {
        NodeId from;
        bool granted;
    };
    // 0: no answer, 1: refused, 2: granted.
    int answer_of(NodeId id) const;

    std::vector<Answer> answers_;
};

}  // namespace quern::raft
