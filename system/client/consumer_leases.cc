#include <algorithm>

#include "system/client/consumer.h"

namespace quern::client {

// When something must be done about a lease, in cluster time.
ClusterTime Consumer::due_time(const Held& held) const {
    if (!options_.extend_leases || held.extending) return held.leased_until;
    return held.leased_from.plus_ms((held.leased_until.ms - held.leased_from.ms) / 2);
}

void Consumer::arm_lease_timer() {
    ClusterTime earliest = ClusterTime::never();
    for (const auto& [seq, held] : held_) earliest = std::min(earliest, due_time(held));
    if (earliest == ClusterTime::never()) return lease_timer_.cancel();
    const int64_t left_ms = std::max<int64_t>(1, earliest.ms - client_.cluster_time().ms);
    const Instant due = client_.env().clock.now() + Duration::milliseconds(left_ms);
    lease_timer_.start(due, [this] { leases_due(); });
}

void Consumer::leases_due() {
    const ClusterTime now = client_.cluster_time();
    std::vector<MessageSeq> ended;
    std::vector<MessageSeq> to_extend;
    for (auto& [seq, held] : held_) {
        if (held.leased_until <= now) {
            ended.push_back(seq);
        } else if (options_.extend_leases && !held.extending && due_time(held) <= now) {
            held.extending = true;
            to_extend.push_back(seq);
        }
    }
    for (const MessageSeq seq : ended) {
        held_.erase(seq);
        client_.env().loop.post(
            guard_.wrap([this, seq] { handler_.on_lease_lost(*this, seq); }));
    }
    for (size_t at = 0; at < to_extend.size(); at += limits::batch_entries_max) {
        const size_t end = std::min(to_extend.size(), at + limits::batch_entries_max);
        extend({to_extend.begin() + static_cast<ptrdiff_t>(at),
                to_extend.begin() + static_cast<ptrdiff_t>(end)});
    }
    arm_lease_timer();
    poll_more();
}

// By as much as each lease was given first.
void Consumer::extend(const std::vector<MessageSeq>& seqs) {
    std::vector<wire::ChangeVisibilityRequest::Entry> entries;
    for (const MessageSeq seq : seqs) {
        const Held& held = held_.at(seq);
        entries.push_back({held.receipt, std::max<int64_t>(
                                             1, held.leased_until.ms - held.leased_from.ms)});
    }
    client_.change_visibility(options_.queue, std::move(entries),
                              guard_.wrap([this, seqs, asked_at = client_.cluster_time()](
                                              Result<std::vector<ErrorCode>> results) {
                                  extended(seqs, asked_at, std::move(results));
                              }));
}

void Consumer::extended(const std::vector<MessageSeq>& seqs, ClusterTime asked_at,
                        Result<std::vector<ErrorCode>> results) {
    for (size_t i = 0; i < seqs.size(); ++i) {
        const auto found = held_.find(seqs[i]);
        if (found == held_.end() || !found->second.extending) continue;
        Held& held = found->second;
        held.extending = false;
        if (results && (*results)[i] == ErrorCode::ok) {
            // It was applied at or after the time it was asked, so it lasts at least until then.
            const int64_t length_ms = held.leased_until.ms - held.leased_from.ms;
            held.leased_until = asked_at.plus_ms(length_ms);
            held.leased_from = asked_at;
        } else if (results) {
            held.leased_until = std::min(held.leased_until, asked_at);  // stale: lost
        }
    }
    arm_lease_timer();
}

}  // namespace quern::client
