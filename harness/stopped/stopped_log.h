// What a stopped node's write-ahead log holds: the entries of all its groups, also those that a snapshot covers,
// as far back as they still stand in its segments. Shares storage's format of records, not its recovery; batches
// that recovery dropped are left out (docs/formats/wal.md).
//
// For logs without damage: what cannot be read ends its segment, and is told if anything stands behind it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "system/base/callback.h"
#include "system/raft/types.h"
#include "system/storage/wal_format.h"

namespace quern::harness {

// A segment file. `read` gives up to so many of its bytes from an offset on, aligned to 16; fewer at its end.
struct StoppedSegment {
    uint64_t number = 0;
    Callback<Buffer(uint64_t offset_bytes, size_t size_bytes)> read;
};

class StoppedLog {
public:
    struct Group {
        raft::HardState hard_state;
        LogIndex snapshot;
        Term snapshot_term;
        LogIndex base;   // entries up to it are not known
        Term base_term;  // 0: not known
        std::vector<raft::Entry> entries;  // of base + 1, …

        LogIndex last() const { return base.plus(entries.size()); }
        // Null: it is not known, or beyond the end.
        const raft::Entry* find(LogIndex index) const;
        // 0: not known, or beyond the end.
        Term term_at(LogIndex index) const;
        // What a snapshot covers counts as held.
        bool holds(LogIndex index, Term term) const;
    };

    // In the order of their numbers.
    static StoppedLog read(std::vector<StoppedSegment>& segments);

    const std::map<GroupId, Group>& groups() const { return groups_; }
    // Null: the node has none of it.
    const Group* find(GroupId group) const;
    // A sentence for each place where batches are missing that others follow. Batches are numbered without a gap,
    // and one is begun when that before it is durable: no crash leaves such a place.
    const std::vector<std::string>& gaps() const { return gaps_; }

private:
    void read_segment(StoppedSegment& segment, uint64_t settled_before);
    // Holds a batch that is there against the last one that was read before it.
    void check_follows(const storage::Head& head);
    void apply_checkpoint(const storage::Head& head);
    void apply(const storage::Record& record, const Buffer& batch);

    std::map<GroupId, Group> groups_;
    uint64_t sequence_ = 0;
    std::vector<std::string> gaps_;
};

}  // namespace quern::harness
