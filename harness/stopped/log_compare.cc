// The logs of stopped nodes against each other.
#include <algorithm>

#include <fmt/format.h>

#include "harness/stopped/log_judge.h"

namespace quern::harness {

namespace {

using Group = StoppedLog::Group;

bool same(const raft::Entry& one, const raft::Entry& other) {
    return one.term == other.term && one.kind == other.kind &&
           std::ranges::equal(one.payload.span(), other.payload.span());
}

// What leads to the longest log's first entry, from another node.
bool prepend(Group& longest, const Group& other) {
    if (other.base >= longest.base || !longest.base_term) return false;
    if (other.term_at(longest.base) != longest.base_term || other.find(longest.base) == nullptr) return false;
    std::vector<raft::Entry> entries(
        other.entries.begin(),
        other.entries.begin() + static_cast<std::ptrdiff_t>(longest.base.value - other.base.value));
    entries.insert(entries.end(), longest.entries.begin(), longest.entries.end());
    longest.entries = std::move(entries);
    longest.base = other.base;
    longest.base_term = other.base_term;
    return true;
}

struct Named {
    NodeId node;
    const Group* log;
};

// Empty, or what differs.
std::string difference(const Named& a, const Named& b, uint64_t& compared) {
    const LogIndex first = std::max(a.log->base, b.log->base).next();
    const LogIndex covered = std::min(a.log->snapshot, b.log->snapshot);
    LogIndex agreed;  // the last index at which both have the same entry
    for (LogIndex i = std::min(a.log->last(), b.log->last()); i >= first; i = i.prev()) {
        const raft::Entry& one = *a.log->find(i);
        const raft::Entry& other = *b.log->find(i);
        ++compared;
        if (same(one, other)) {
            agreed = std::max(agreed, i);
            continue;
        }
        const std::string entries = fmt::format("s{} has entry {} of term {}, s{} another one of term {}",
                                                a.node.value, i.value, one.term.value, b.node.value,
                                                other.term.value);
        if (agreed) return fmt::format("{}; they agree at {}", entries, agreed.value);
        if (i <= covered) return entries + "; snapshots of both cover it";
        if (one.term == other.term) return entries;
    }
    return {};
}

void check_covered(const Named& node, const Group& longest, GroupId group, int64_t now_ns, Verdict& verdict) {
    const LogIndex snapshot = node.log->snapshot;
    const Term there = longest.term_at(snapshot);
    if (!snapshot || snapshot <= longest.snapshot) return;
    if (snapshot <= longest.last() && (!there || there == node.log->snapshot_term)) return;
    verdict.add("R4",
                fmt::format("group {}: s{} has a snapshot at {} (term {}); the longest log ends at {}, with term {} there",
                            group.value, node.node.value, snapshot.value, node.log->snapshot_term.value,
                            longest.last().value, there.value),
                now_ns);
}

// What a log has no entry of must be covered by its snapshot.
void check_begun(const Named& node, GroupId group, int64_t now_ns, Verdict& verdict) {
    if (node.log->base <= node.log->snapshot) return;
    verdict.add("R10",
                fmt::format("s{} group {}: a gap between its snapshot at {} and its first entry, {}", node.node.value,
                            group.value, node.log->snapshot.value, node.log->base.next().value),
                now_ns);
}

}  // namespace

Group longest_log(const StoppedLogs& logs, GroupId group) {
    const Group* longest = nullptr;
    const auto end = [](const Group& log) { return std::pair(log.term_at(log.last()), log.last()); };
    for (const auto& [node, log] : logs) {
        const Group* mine = log.find(group);
        if (mine != nullptr && (longest == nullptr || end(*mine) > end(*longest))) longest = mine;
    }
    if (longest == nullptr) return {};
    Group whole = *longest;
    for (bool longer = true; longer;) {
        longer = std::any_of(logs.begin(), logs.end(), [&](const auto& log) {
            const Group* other = log.second.find(group);
            return other != nullptr && prepend(whole, *other);
        });
    }
    return whole;
}

uint64_t compare_logs(const StoppedLogs& logs, GroupId group, const Group& longest, int64_t now_ns,
                      Verdict& verdict) {
    std::vector<Named> all;
    for (const auto& [node, log] : logs) {
        if (const Group* mine = log.find(group)) all.push_back({node, mine});
    }
    uint64_t compared = 0;
    for (size_t i = 0; i < all.size(); ++i) {
        check_begun(all[i], group, now_ns, verdict);
        check_covered(all[i], longest, group, now_ns, verdict);
        for (size_t k = i + 1; k < all.size(); ++k) {
            const std::string differs = difference(all[i], all[k], compared);
            if (!differs.empty()) verdict.add("R3", fmt::format("group {}: {}", group.value, differs), now_ns);
        }
    }
    return compared;
}

void check_kept_answers(const StoppedLogs& logs, uint32_t replication, const History& history, Verdict& verdict) {
    std::map<GroupId, Group> longest;
    std::set<std::pair<GroupId, LogIndex>> seen;
    const size_t majority = replication / 2 + 1;
    for (const Operation& op : history.operations) {
        if (!op.ok() || !op.at.index || !seen.insert({op.at.group, op.at.index}).second) continue;
        const auto [found, fresh] = longest.try_emplace(op.at.group);
        if (fresh) found->second = longest_log(logs, op.at.group);
        const Group& truth = found->second;
        const Term term = truth.term_at(op.at.index);
        size_t held = 0;
        for (const auto& [node, log] : logs) {
            const Group* mine = log.find(op.at.group);
            held += mine != nullptr && mine->holds(op.at.index, term);
        }
        if (op.at.index <= truth.last() && held >= majority) continue;
        verdict.add("R9",
                    fmt::format("group {}: an answer at index {} is on {} of {} disks, and the longest log ends at {}: {}",
                                op.at.group.value, op.at.index.value, held, replication, truth.last().value,
                                to_string(op)),
                    op.returned_ns);
    }
}

}  // namespace quern::harness
