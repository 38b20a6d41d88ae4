// What the disk has, and what it may have lost.
//
// Recovering. A server whose log was damaged holds a prefix of its log. Compare it with its twin N*,
// whose log L* was not damaged but who misses some messages. All that this server acknowledged is in
// L*; its term and vote are intact; where L* ends is known.
//  - It accepts appends as ever and acknowledges what is durable and matches the leader. Its log L stays
//    a prefix of L*: where the leader's entries agree with L* both go on, and N* would have accepted
//    these appends, too. So counting these answers is sound.
//  - Where the leader's entries contradict L*, N* cuts its log there, and both are equal from then on. A
//    conflict within L shows that. So does an entry in L whose term is later than any that was lost.
//  - Once L reaches as far as L* did, nothing is missing: an entry of the same index and term is the
//    same entry, and so are those before it.
//  - Until one of these is durable, it does not campaign, and votes only for a log at least as up to
//    date as L*: possible when the term of the last lost entry is known, refused otherwise. Both are what
//    N* might do.
// Nothing of this is remembered here: storage knows which entries it lost until others are written in
// their place, so a server that restarts meanwhile starts over with less to recover.
#include <algorithm>

#include "system/raft/raft_impl.h"

namespace quern::raft {

void Raft::Impl::persisted(uint64_t sequence, Instant now) {
    touch(now);
    QUERN_ASSERT(sequence <= sequence_);
    while (!persisting_.empty() && persisting_.front().sequence <= sequence) {
        persisted_ = std::max(persisted_, persisting_.front().last);
        hard_persisted_ = persisting_.front().hard_state;
        persisting_.pop_front();
    }
    QUERN_ASSERT(persisted_ <= log_.last());
    maybe_recovered();
    count_own_vote();
    if (is_leader()) maybe_commit();
}

void Raft::Impl::known_committed(LogIndex index, Term term, Instant now) {
    touch(now);
    if (index <= commit_ || index > log_.last() || log_.term_at(index) != term) return;
    if (is_leader()) return commit_as_leader(index);
    advance_commit(index);
}

// The log in memory has changed after `last`: outputs on their way to the disk vouch for no more.
void Raft::Impl::clip_persisted(LogIndex last) {
    persisted_ = std::min(persisted_, last);
    for (Persisting& output : persisting_) output.last = std::min(output.last, last);
}

void Raft::Impl::applied(LogIndex index) {
    QUERN_ASSERT(index <= emitted_);
    applied_ = std::max(applied_, index);
}

// Entries that may still have to be written, or be handed out to apply, keep their payloads.
void Raft::Impl::drop_payloads(LogIndex index) {
    log_.drop_payloads(std::min({index, emitted_, persisted_}));
}

// What we acknowledged up to `last`, all of it committed, is gone: as Restored::faulty_from, but of a term that
// nobody has told us.
void Raft::Impl::lost_acknowledged(LogIndex last) {
    if (recovering_ && lost_last_ >= last) return;
    recovering_ = true;
    damaged_from_ = LogIndex{};
    lost_last_ = last;
    lost_last_term_ = Term{};
    recover_above_ = hard_.term;
}

// Would we still be recovering if the log up to `last` were durable?
bool Raft::Impl::recovering_at(LogIndex last) const {
    return recovering_ && last < lost_last_ && log_.term_at(last) <= recover_above_;
}

void Raft::Impl::maybe_recovered() {
    if (!recovering_ || recovering_at(persisted_)) return;
    if (log_.last() < lost_last_) lose_tail(unwritten_);
    recovering_ = false;
    damaged_from_ = LogIndex{};
}

// Nothing of what was lost, and is not overwritten yet, belongs to the log any more.
void Raft::Impl::lose_tail(LogIndex from) {
    truncate_from_ = truncate_from_ ? std::min(truncate_from_, from) : from;
}

void Raft::Impl::repaired(std::vector<Entry> entries, Instant now) {
    touch(now);
    if (!damaged_from_) return;
    QUERN_ASSERT(!entries.empty() && entries.front().index == log_.last().next());
    QUERN_ASSERT(entries.back().index == lost_last_);
    QUERN_ASSERT(unwritten_ == log_.last().next());
    for (const Entry& entry : entries) append_to_log(entry);
    QUERN_ASSERT(log_.last_term() <= hard_.term);
    unwritten_ = log_.last().next();
    persisted_ = log_.last();
    // Outputs on their way to the disk vouched for less, and rightly so.
    recovering_ = false;
    damaged_from_ = LogIndex{};
    arm_election_deadline();
}

}  // namespace quern::raft
