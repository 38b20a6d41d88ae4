// What the log on one machine's disk would be after a power cut now, read from the disk itself: the
// bytes that are certain to survive, without the damage that lies over them. Shares storage's format of
// records, not its idea of what is durable.
//
// Reading goes on where it stopped; a new life of the machine starts it over.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/world/machine.h"
#include "system/raft/types.h"
#include "system/storage/wal_format.h"

namespace quern::harness {

class DurableLog {
public:
    explicit DurableLog(const sim::Machine& machine) : machine_(machine) {}

    struct Group {
        raft::HardState hard_state;
        LogIndex snapshot;
        LogIndex base;  // at least `snapshot`; terms of what lies between are not known
        Term base_term;
        std::vector<Term> terms;  // of base + 1, …
        LogIndex last() const { return base.plus(terms.size()); }
        // 0: not known, or beyond the end.
        Term term_at(LogIndex index) const;
        bool holds(LogIndex index, Term term) const {
            if (index > last()) return false;
            const Term found = term_at(index);
            return !found || !term || found == term;
        }
    };

    // Whose log it is, as its batches say (storage::Head::tag); 0: none was read.
    uint64_t owner() const { return owner_; }
    // As of the last look; nullptr if the disk says nothing of the group.
    const Group* find(GroupId group) const;
    // Reads what became durable since.
    void look();
    // Reads everything again.
    void start_over();
    // How far it has read, for verdicts.
    std::string place() const;

private:
    void read_segment();
    bool read_batch();
    std::optional<storage::DecodedHead> read_head();
    void note_settled(const std::vector<uint64_t>& numbers);
    bool was_dropped(uint64_t sequence) const;
    // The bytes at an offset of the segment, until the next call; empty if they cannot be read.
    ByteSpan read(uint64_t offset, size_t size);
    void apply(const storage::Head& head);
    void apply(const storage::Record& record);
    void apply_checkpoint(const storage::Head& head);
    struct Later {
        uint64_t number = 0;
        sim::InodeRef inode;
    };
    const std::vector<Later>& later_segments();
    bool go_on_in(const Later& next);
    bool begins(const Later& later);

    const sim::Machine& machine_;
    uint32_t life_ = 0;
    uint64_t segment_ = 0;
    sim::InodeRef inode_;
    uint64_t offset_ = 0;
    uint64_t sequence_ = 0;
    uint64_t owner_ = 0;
    std::map<uint64_t, uint64_t> settled_;  // while all is read: segment -> sequence of its first batch
    std::map<GroupId, Group> groups_;
    std::vector<uint8_t> bytes_;
    // Of later_segments().
    std::vector<Later> later_;
    uint64_t later_than_ = UINT64_MAX;
    uint64_t later_version_ = UINT64_MAX;  // of the disk's names
    uint64_t given_up_ = 0;                // the last segment for whose sake all was read again
};

}  // namespace quern::harness
