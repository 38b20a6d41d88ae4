// A snapshot file that a stopped node left behind (docs/formats/snapshot.md).
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "harness/stopped/stopped_log.h"
#include "harness/verdict.h"

namespace quern::harness {

struct StoppedSnapshot {
    GroupId group;
    LogIndex index;
    Term term;
    std::vector<Buffer> chunks;  // the state machine's, without the replica's header
};

// From the bytes of the file; nothing if it is not whole.
std::optional<StoppedSnapshot> parse_snapshot(const Buffer& file);

using StoppedLogs = std::map<NodeId, StoppedLog>;
using StoppedSnapshots = std::map<NodeId, std::vector<StoppedSnapshot>>;

// R10: what a node's log counts as its snapshot is there. R14: it is the state that the log leads to, entry by
// entry from the oldest snapshot of any node, or from the beginning where a log goes back so far. Gives the number
// of snapshots that were held against their log.
uint64_t judge_snapshots(const StoppedLogs& logs, const StoppedSnapshots& snapshots, int64_t now_ns,
                         Verdict& verdict);

}  // namespace quern::harness
