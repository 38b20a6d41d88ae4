// The log in memory: the term and kind of every position since the snapshot, and the payloads that
// have not been dropped from the cache. Durability is not its business.
//
// Positions are (base, last]; base is the snapshot's index (0: none). The term at base is known, so
// that the first entry can be matched.
#pragma once

#include <deque>

#include "system/raft/types.h"

namespace quern::raft {

class Log {
public:
    Log(LogIndex base, Term base_term) : base_(base), base_term_(base_term) {}

    LogIndex base() const { return base_; }
    Term base_term() const { return base_term_; }
    LogIndex first() const { return base_.next(); }
    LogIndex last() const { return base_.plus(slots_.size()); }
    Term last_term() const { return slots_.empty() ? base_term_ : slots_.back().term; }
    size_t cached_bytes() const { return cached_bytes_; }

    // 0 outside [base, last].
    Term term_at(LogIndex index) const;
    // True if the entry at `index` has `term`; position 0 with term 0 always matches an empty start.
    bool matches(LogIndex index, Term term) const;
    // At least as up to date as ours (thesis 3.6.1)?
    bool is_up_to_date(LogIndex index, Term term) const;
    // The last index in [base, `from`] whose term is at most `term`; base if there is none.
    LogIndex last_with_term_at_most(LogIndex from, Term term) const;

    // The payload is in memory (always for noop and configuration entries).
    bool cached(LogIndex index) const;
    size_t payload_bytes(LogIndex index) const;
    // index in (base, last]. The payload is empty if it is not cached.
    Entry entry(LogIndex index) const;

    void append(const Entry& entry);  // entry.index == last().next()
    void truncate(LogIndex from);     // forgets entries at and after `from`; from > base
    void compact(LogIndex base);      // forgets entries at and below `base`, which is in the log
    void reset(LogIndex base, Term base_term);
    // Forgets payloads of command entries at or below `index`.
    void drop_payloads(LogIndex index);

private:
    struct Slot {
        Term term;
        Buffer payload;
        EntryKind kind;
    };
    const Slot& slot(LogIndex index) const;

    LogIndex base_;
    Term base_term_;
    LogIndex dropped_;  // no payload of a command at or below it is cached
    size_t cached_bytes_ = 0;
    std::deque<Slot> slots_;
};

}  // namespace quern::raft
