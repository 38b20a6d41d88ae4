#include "system/raft/configuration.h"

#include <algorithm>

#include "system/raft/raft_impl.h"

namespace quern::raft {

ConfigurationHistory::ConfigurationHistory(LogIndex base, Configuration configuration) {
    changes_.push_back({base, std::move(configuration)});
}

const Configuration& ConfigurationHistory::at(LogIndex index) const {
    QUERN_ASSERT(index >= changes_.front().index);
    size_t i = changes_.size() - 1;
    while (changes_[i].index > index) --i;
    return changes_[i].configuration;
}

size_t ConfigurationHistory::count_after(LogIndex index) const {
    size_t count = 0;
    for (const Change& change : changes_) count += change.index > index ? 1 : 0;
    return count;
}

bool ConfigurationHistory::voter_since(LogIndex index, NodeId id) const {
    for (size_t i = changes_.size(); i-- > 0;) {
        if (is_voter(changes_[i].configuration, id)) return true;
        if (changes_[i].index <= index) return false;
    }
    return false;
}

void ConfigurationHistory::append(LogIndex index, Configuration configuration) {
    QUERN_ASSERT(index > latest_index());
    changes_.push_back({index, std::move(configuration)});
}

void ConfigurationHistory::truncate(LogIndex from) {
    QUERN_ASSERT(from > changes_.front().index);
    while (changes_.back().index >= from) changes_.pop_back();
}

void ConfigurationHistory::compact(LogIndex base) {
    while (changes_.size() > 1 && changes_[1].index <= base) changes_.erase(changes_.begin());
    changes_.front().index = std::max(changes_.front().index, base);
}

void ConfigurationHistory::reset(LogIndex base, Configuration configuration) {
    changes_.clear();
    changes_.push_back({base, std::move(configuration)});
}

const Configuration& Raft::Impl::configuration_at(LogIndex index) const {
    return configurations_.at(index);
}

Result<LogIndex> Raft::Impl::propose_configuration(Configuration target, Instant now) {
    touch(now);
    if (!is_leader() || transfer_to_) return fail(ErrorCode::not_leader);
    if (target.joint() || !is_valid(target)) {
        return fail(ErrorCode::invalid_argument,
                    "the lists of a configuration are sorted, disjoint and name at least one voter");
    }
    // One change at a time, and none before an entry of this term is committed: else two leaders
    // could each commit a change that the other's majority does not know (thesis 4.1).
    if (!own_term_committed() || configurations_.latest_index() > commit_ ||
        configuration().joint()) {
        return fail(ErrorCode::unavailable, "another membership change is in progress");
    }
    if (target.voters != configuration().voters) target.voters_old = configuration().voters;
    return append_own(EntryKind::configuration, encode_configuration(target));
}

void Raft::Impl::enter_configuration(LogIndex index, const Configuration& configuration) {
    configurations_.append(index, configuration);
    if (is_leader()) refresh_peers();
}

// Keeps what is known of the peers that stay.
void Raft::Impl::refresh_peers() {
    std::vector<Progress> peers;
    for (NodeId id : members(configuration())) {
        if (id == options_.self) continue;
        if (Progress* known = find_peer(id); known != nullptr) {
            peers.push_back(std::move(*known));
        } else {
            Window window(options_.inflight_messages_max, options_.inflight_bytes_max);
            peers.emplace_back(id, log_.last().next(), now_, std::move(window));
        }
    }
    peers_ = std::move(peers);
    check_deadline_ = now_ + options_.election_timeout;
    appends_due_ = true;
}

// The leader's latest configuration is committed: leave joint consensus (thesis 4.3), or leave office
// if the cluster goes on without us (thesis 4.2.2).
void Raft::Impl::configuration_committed() {
    if (configuration().joint()) {
        Configuration target = configuration();
        target.voters_old.clear();
        append_own(EntryKind::configuration, encode_configuration(target));
    } else if (!contains(configuration().voters, options_.self)) {
        resign_in_favour();
    }
}

}  // namespace quern::raft
