// What clients were told, against what the log says.
#include <algorithm>

#include <fmt/format.h>

#include "harness/group_judge.h"

namespace quern::harness {

namespace {

const queue::Counters* counters_at(
    const std::vector<std::pair<LogIndex, queue::Counters>>& counted, LogIndex index) {
    auto after = std::upper_bound(
        counted.begin(), counted.end(), index,
        [](LogIndex i, const std::pair<LogIndex, queue::Counters>& c) { return i < c.first; });
    return after == counted.begin() ? nullptr : &std::prev(after)->second;
}

}  // namespace

void GroupJudge::check_answer(const Operation& op) const {
    auto wrong = [&](const char* invariant, const std::string& what) {
        verdict_.add(invariant, fmt::format("{}: {}", what, to_string(op)), op.returned_ns);
    };
    if (op.kind == OpKind::send) {
        for (const SentMessage& sent : op.sent) {
            if (sent.error != ErrorCode::ok) continue;
            const auto birth = births_.find({op.at.queue, sent.seq});
            if (birth == births_.end() || birth->second.hash != sent.hash) {
                wrong("Q1", "a send was answered as done that is not in the log");
            } else if (birth->second.born > op.at.index) {
                wrong("Q1", "a send was answered before its index");
            }
        }
    }
    for (const SeenMessage& seen : op.seen) {
        const auto birth = births_.find({op.at.queue, seen.seq});
        if (birth == births_.end() || birth->second.hash != seen.hash) {
            wrong("Q12", "a message was handed out whose bytes are not in the log");
            continue;
        }
        if (op.kind == OpKind::peek) {
            const bool there = birth->second.born <= op.at.index && birth->second.gone > op.at.index;
            if (!there) wrong("Q3", "a peek shows a message that was not there");
            continue;
        }
        const auto lease = leases_.find({op.at.queue, seen.seq, seen.epoch});
        if (lease == leases_.end()) {
            wrong("Q4", "a message was handed out under a lease that is not in the log");
            continue;
        }
        const std::vector<ClusterTime>& until = lease->second.until;
        if (std::find(until.begin(), until.end(), seen.leased_until) == until.end()) {
            wrong("Q4", "a lease ends at another time than its holder was told");
        }
    }
    if (op.kind == OpKind::status) {
        const auto counted = counted_.find(op.at.queue);
        const queue::Counters* there =
            counted == counted_.end() ? nullptr : counters_at(counted->second, op.at.index);
        if (there == nullptr || *there != op.counters) {
            wrong("Q14", fmt::format("a status shows other counters than those of its index (ready {} "
                                     "delayed {} leased {} sent {})",
                                     there ? there->ready : 0, there ? there->delayed : 0,
                                     there ? there->leased : 0, there ? there->sent : 0));
        }
    }
}

// Q13. Contents of some size are sent once.
void GroupJudge::check_refused(const Operation& op) const {
    constexpr uint32_t unique_bytes = 16;
    if (op.kind != OpKind::send || op.outcome != OpOutcome::fail || !op.returned()) return;
    for (const SentMessage& sent : op.sent) {
        if (sent.size_bytes < unique_bytes || !was_sent(sent.hash)) continue;
        verdict_.add("Q13", "a send that was refused is in the log: " + to_string(op), op.returned_ns);
    }
}

}  // namespace quern::harness
