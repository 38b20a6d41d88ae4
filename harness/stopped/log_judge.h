// Judges what stopped nodes left on their disks: their logs against each other, against the model, and against
// what clients were told. So rounds with real nodes, into which nobody can look while they run, are held to rules
// of Raft as well: R3, R4, R9, R10, and with the model all that GroupJudge knows.
#pragma once

#include <string>
#include <vector>

#include "harness/effects.h"
#include "harness/history.h"
#include "harness/stopped/stopped_snapshot.h"
#include "harness/verdict.h"

namespace quern::harness {

struct LogJudgeOptions {
    uint32_t data_groups = 1;
    uint32_t replication = 3;  // voters of each group
};

struct LogFindings {
    uint64_t entries = 0;   // compared, on all nodes together
    uint64_t commands = 0;  // that the model followed
    uint64_t snapshots = 0;  // that were held against their log
    // A sentence for each group that the model could not follow from its beginning.
    std::vector<std::string> not_followed;
};

LogFindings judge_logs(const StoppedLogs& logs, const LogJudgeOptions& options, const History& history,
                       Verdict& verdict);

// What each node's log holds, a line for each group.
std::string logs_text(const StoppedLogs& logs);

// --- its parts --------------------------------------------------------------------------------------------------

// The log of one group that a leader of all these nodes would have: of those with the highest last term the
// longest, which has all that is committed. What it lacks at its beginning is taken from others that lead to it.
StoppedLog::Group longest_log(const StoppedLogs& logs, GroupId group);

// R3: entries of one index and term are the same on all nodes, and so is all before them; so is what two
// snapshots cover. R4: what a snapshot covers is in the longest log. R10: nothing is missing between a log's
// snapshot and its first entry. Gives the number of entries compared.
uint64_t compare_logs(const StoppedLogs& logs, GroupId group, const StoppedLog::Group& longest, int64_t now_ns,
                      Verdict& verdict);

// R9: the index of each answer is on a majority of disks, with the longest log's entry.
void check_kept_answers(const StoppedLogs& logs, uint32_t replication, const History& history, Verdict& verdict);

class GroupJudge;
// Applies a data group's log from index 1 on a state machine and holds that against the model, entry by entry.
// False, and a violation of R15, if an entry does not decode.
bool follow_log(const StoppedLog::Group& log, GroupId group, int64_t now_ns, GroupJudge& judge, Verdict& verdict);
// When the catalogue made each queue, from group 0's log, as far as it goes back to index 1. A violation of R15 if
// an entry does not decode, which ends it.
std::map<QueueId, ClusterTime> queues_made(const StoppedLog::Group& log, int64_t now_ns, Verdict& verdict);

}  // namespace quern::harness
