// The logs of all groups of a node, and how one batch of records changes them.
#pragma once

#include <map>
#include <vector>

#include "system/base/result.h"
#include "system/storage/group_log.h"
#include "system/storage/types.h"

namespace quern::storage {

using GroupLogs = std::map<GroupId, GroupLog>;

// Where batches that nobody can name any more were lost.
struct Loss {
    uint64_t segment = 0;  // 0: none
    uint64_t offset_bytes = 0;
};

// Applies one record that is not part of a checkpoint. corrupt: it cannot follow what came before.
Result<void> apply_record(GroupLogs& groups, const Record& record, uint64_t segment,
                          uint64_t batch_offset, bool damaged);

// Makes `groups` agree with the checkpoint in a segment's first batch, which is the truth about
// hard states, snapshots and the logs' ends. After a loss, what may have been cut and rewritten in
// the lost batches is distrusted (lowest_cut tells from where).
Result<void> apply_checkpoint(GroupLogs& groups, const std::vector<Record>& records,
                              const Loss& loss);

// The records of a segment's first batch.
std::vector<Record> make_checkpoint(const GroupLogs& groups, const Uuid& node_uuid,
                                    uint64_t segment_bytes, uint64_t spare_bytes);

// The records of one change, without payload positions; entries' payloads in the order of their
// records.
struct ChangeRecords {
    std::vector<Record> records;
    std::vector<Buffer> payloads;
};
void append_change(ChangeRecords& into, const GroupChange& change);
// Settles in the snapshot records of a batch, just before it is written, what becomes of entries above
// them: an entry of another term at the snapshot's index ends the log there, and of one whose term is
// lost it is not known what went on from it.
void settle_suffixes(const GroupLogs& groups, std::vector<Record>& records);

// The ends of a group's log, with changes that are still queued.
struct LogEnds {
    bool known = false;
    LogIndex snapshot;
    LogIndex last;
};
LogEnds log_ends(const GroupLogs& groups, GroupId group);
// Moves `ends` by the change. invalid_argument, and nothing moved, if the change does not follow (a
// gap, a group never created).
Result<void> check_change(LogEnds& ends, const GroupChange& change);

}  // namespace quern::storage
