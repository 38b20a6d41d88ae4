#include "harness/stopped/stopped_snapshot.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "harness/stopped/log_follower.h"
#include "harness/stopped/log_judge.h"
#include "system/base/checksum.h"
#include "system/storage/snapshot_format.h"

namespace quern::harness {

namespace {

constexpr size_t header_group_at = 24;   // docs/formats/snapshot.md
constexpr size_t replica_header_bytes = 16;  // index and term; the configuration follows

uint64_t number_at(const Buffer& bytes, size_t at) {
    uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

struct Counted {
    NodeId node;
    const StoppedSnapshot* snapshot;
};

// Of each node the one that its log counts, by index.
std::vector<Counted> counted_snapshots(const StoppedLogs& logs, const StoppedSnapshots& snapshots, GroupId group,
                                       int64_t now_ns, Verdict& verdict) {
    std::vector<Counted> counted;
    for (const auto& [node, log] : logs) {
        const StoppedLog::Group* mine = log.find(group);
        if (mine == nullptr || !mine->snapshot) continue;
        const auto of_node = snapshots.find(node);
        const StoppedSnapshot* found = nullptr;
        if (of_node != snapshots.end()) {
            for (const StoppedSnapshot& each : of_node->second) {
                if (each.group == group && each.index == mine->snapshot && each.term == mine->snapshot_term) {
                    found = &each;
                }
            }
        }
        if (found != nullptr) {
            counted.push_back({node, found});
            continue;
        }
        verdict.add("R10",
                    fmt::format("s{} group {}: its log counts a snapshot at {} (term {}), and there is no whole file",
                                node.value, group.value, mine->snapshot.value, mine->snapshot_term.value),
                    now_ns);
    }
    std::sort(counted.begin(), counted.end(),
              [](const Counted& a, const Counted& b) { return a.snapshot->index < b.snapshot->index; });
    return counted;
}

// Null, and a violation of R14: it is not the state at its index.
std::unique_ptr<LogFollower> begin_at(const Counted& it, GroupId group, int64_t now_ns, Verdict& verdict) {
    auto follower = LogFollower::from_snapshot(group, it.snapshot->chunks);
    if (follower != nullptr && follower->index() == it.snapshot->index) return follower;
    const std::string what =
        follower == nullptr ? "cannot be restored" : fmt::format("holds the state at {}", follower->index().value);
    verdict.add("R14",
                fmt::format("s{} group {}: its snapshot at {} {}", it.node.value, group.value,
                            it.snapshot->index.value, what),
                now_ns);
    return nullptr;
}

// False, and a violation of R15: an entry on the way does not decode.
bool follow_to(LogIndex index, const StoppedLog::Group& log, GroupId group, int64_t now_ns, LogFollower& follower,
               Verdict& verdict) {
    while (follower.index() < index) {
        const LogIndex next = follower.index().next();
        if (follower.apply(*log.find(next))) continue;
        verdict.add("R15", fmt::format("group {}: entry {} does not decode", group.value, next.value), now_ns);
        return false;
    }
    return true;
}

uint64_t judge_group(const StoppedLog::Group& longest, GroupId group, const std::vector<Counted>& counted,
                     int64_t now_ns, Verdict& verdict) {
    std::unique_ptr<LogFollower> follower;
    if (!longest.base) follower = LogFollower::from_nothing(group);
    uint64_t judged = 0;
    for (const Counted& it : counted) {
        if (it.snapshot->index < longest.base || it.snapshot->index > longest.last()) continue;
        const bool first = follower == nullptr;  // there is no log to hold it against
        if (first) follower = begin_at(it, group, now_ns, verdict);
        if (follower == nullptr) continue;
        if (!follow_to(it.snapshot->index, longest, group, now_ns, *follower, verdict)) return judged;
        judged += first ? 0 : 1;
        if (std::ranges::equal(follower->image(), joined(it.snapshot->chunks))) continue;
        verdict.add("R14",
                    fmt::format("s{} group {}: its snapshot at {} is not the state that the log leads to",
                                it.node.value, group.value, it.snapshot->index.value),
                    now_ns);
    }
    return judged;
}

}  // namespace

std::optional<StoppedSnapshot> parse_snapshot(const Buffer& file) {
    if (file.size() < storage::snapshot_header_bytes) return {};
    std::vector<Buffer> chunks;
    for (size_t at = storage::snapshot_header_bytes;;) {
        const auto frame = storage::decode_snapshot_frame(file.span().subspan(std::min(at, file.size())));
        if (!frame || frame->ordinal != chunks.size()) return {};
        at += storage::snapshot_frame_bytes;
        if (frame->last) break;
        if (frame->size_bytes > file.size() - at) return {};
        chunks.push_back(file.slice(at, frame->size_bytes));
        if (crc32c(chunks.back().span()) != frame->chunk_crc) return {};
        at += frame->size_bytes;
    }
    if (chunks.empty() || chunks.front().size() < replica_header_bytes) return {};
    StoppedSnapshot snapshot;
    snapshot.group = GroupId(static_cast<uint32_t>(number_at(file, header_group_at)));
    snapshot.index = LogIndex(number_at(chunks.front(), 0));
    snapshot.term = Term(number_at(chunks.front(), 8));
    snapshot.chunks.assign(chunks.begin() + 1, chunks.end());
    return snapshot;
}

uint64_t judge_snapshots(const StoppedLogs& logs, const StoppedSnapshots& snapshots, int64_t now_ns,
                         Verdict& verdict) {
    std::set<GroupId> groups;
    for (const auto& [node, log] : logs) {
        for (const auto& [group, of_group] : log.groups()) groups.insert(group);
    }
    uint64_t judged = 0;
    for (const GroupId group : groups) {
        const auto counted = counted_snapshots(logs, snapshots, group, now_ns, verdict);
        if (!counted.empty()) judged += judge_group(longest_log(logs, group), group, counted, now_ns, verdict);
    }
    return judged;
}

}  // namespace quern::harness
