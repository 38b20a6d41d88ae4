// What one group's log and promises are, as told by WAL records: the same code runs while writing
// and while replaying, so recovery cannot come to another result. Memory: 24 bytes an entry.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "system/storage/wal_format.h"

namespace quern::storage {

// Where an entry lies. A missing entry is known to have existed but not where; a damaged one fails
// its checksum there. Both still count for the log's length (R10: flagged, not dropped).
struct Position {
    uint64_t term_and_kind = 0;  // term 0: not known
    uint32_t segment = 0;        // 0: missing
    uint32_t unit = 0;           // file offset / payload_align_bytes
    uint32_t size_bytes = 0;
    uint32_t payload_crc = 0;

    static Position make(const Record& entry, uint64_t segment, uint64_t batch_offset,
                         bool damaged);
    static Position missing(Term term);
    Term term() const { return Term(term_and_kind >> 8); }
    uint8_t kind() const { return static_cast<uint8_t>(term_and_kind); }
    uint64_t segment_number() const { return segment & ~damaged_bit; }
    bool damaged() const { return segment == 0 || (segment & damaged_bit) != 0; }
    uint64_t offset_bytes() const { return unit * payload_align_bytes; }
    uint32_t crc() const { return payload_crc; }

    static constexpr uint32_t damaged_bit = 1u << 31;
};

class GroupLog {
public:
    // More missing entries in one gap than this cannot be: the file was forged.
    static constexpr uint64_t gap_entries_max = uint64_t{1} << 26;

    Uuid incarnation;
    Term term;
    NodeId voted_for;
    LogIndex snapshot_index;
    Term snapshot_term;
    // Lowest index cut or overwritten since the current segment began; 0: none.
    LogIndex lowest_cut;

    LogIndex last() const { return snapshot_index.plus(positions_.size()); }
    Term last_term() const { return positions_.empty() ? snapshot_term : positions_.back().term(); }
    // Null outside (snapshot_index, last].
    const Position* at(LogIndex index) const;
    // The first damaged or missing entry; 0: none.
    LogIndex faulty_from() const;
    // All of them, at most `count_max`.
    std::vector<LogIndex> faulty(size_t count_max) const;

    // Removes all entries at and above `from`.
    void cut(LogIndex from);
    // Moves the start of the log; entries above `index` stay iff keep_suffix, as missing ones iff
    // distrust_suffix.
    void set_snapshot(LogIndex index, Term term, bool keep_suffix, bool distrust_suffix);
    // Appends, or replaces an entry that is there: one of the same term was a damaged copy of the
    // same entry, so what follows stays (log matching); another term ends the old log there; if the
    // old term is not known, what follows is no longer trusted. Gaps become missing entries. False
    // if the gap is too large. Entries the snapshot covers are ignored.
    bool put(LogIndex index, const Position& position);
    // Adds missing entries up to `last`. False if too many.
    bool extend_missing(LogIndex last, Term last_term);
    // The last entry's term, should it not be known.
    void note_last_term(Term term);
    // Entries from `from` on that lie before (segment, offset) become missing.
    void distrust(LogIndex from, uint64_t segment, uint64_t offset_bytes);
    void clear_entries();

    // Entries of this group in a segment's file.
    uint64_t entries_in(uint64_t segment) const;
    // The oldest segment with an entry of this group; 0: none.
    uint64_t oldest_segment() const;

private:
    Position& slot(LogIndex index) { return positions_[index.value - snapshot_index.value - 1]; }
    void count(const Position& p, int by);
    void demote(Position& p);

    std::deque<Position> positions_;  // of snapshot_index + 1, ...
    std::map<uint64_t, uint64_t> uses_;
};

}  // namespace quern::storage
