#include "system/raft/raft_impl.h"

namespace quern::raft {

void Raft::Impl::check_invariants() const {
    // Now.
    QUERN_ASSERT_MSG(log_.base() <= commit_, "the snapshot is ahead of what is committed");
    QUERN_ASSERT_MSG(applied_ <= emitted_, "more is applied than was given out");
    QUERN_ASSERT_MSG(emitted_ <= commit_, "what is not committed was given out");
    QUERN_ASSERT_MSG(commit_ <= log_.last(), "more is committed than there is");
    QUERN_ASSERT_MSG(persisted_ <= log_.last(), "more is durable than there is");
    QUERN_ASSERT(unwritten_ > log_.base() && unwritten_ <= log_.last().next());
    QUERN_ASSERT_MSG(log_.last_term() <= hard_.term, "an entry of a later term");
    QUERN_ASSERT(configurations_.latest_index() <= log_.last());
    QUERN_ASSERT_MSG(role_ == Role::leader || peers_.empty(), "only leaders follow their peers");
    QUERN_ASSERT_MSG(role_ == Role::leader || reads_.empty(), "only leaders keep reads");
    if (role_ == Role::leader) {
        QUERN_ASSERT_MSG(leader_ == options_.self, "a leader follows nobody");
        QUERN_ASSERT_MSG(hard_.voted_for == options_.self, "a leader voted for itself");
        QUERN_ASSERT_MSG(hard_persisted_ == hard_, "a leader whose vote is not durable");
        QUERN_ASSERT_MSG(!recovering_, "a leader with a damaged log");
        // R12: one uncommitted configuration, and only after an own entry is committed.
        QUERN_ASSERT(!own_term_committed() || configurations_.count_after(commit_) <= 1);
        QUERN_ASSERT(own_term_committed() || configurations_.latest_index() <= term_start_);
        for (const Progress& peer : peers_) {
            QUERN_ASSERT(peer.id != options_.self);
            QUERN_ASSERT_MSG(peer.match < peer.next, "a peer has what it is yet to get");
            QUERN_ASSERT_MSG(peer.match <= log_.last(), "a peer has more than its leader");
            QUERN_ASSERT(peer.next <= log_.last().next());
            QUERN_ASSERT(peer.read_round <= read_round_);
        }
    }
    if (role_ == Role::candidate) {
        QUERN_ASSERT_MSG(hard_.voted_for == options_.self, "a candidate votes for itself");
    }

    // Against the call before.
    QUERN_ASSERT_MSG(hard_.term >= seen_.hard.term, "terms grow");
    if (hard_.term == seen_.hard.term && seen_.hard.voted_for) {
        QUERN_ASSERT_MSG(hard_.voted_for == seen_.hard.voted_for, "one vote a term (R8)");
    }
    QUERN_ASSERT_MSG(commit_ >= seen_.commit, "what is committed grows (R6)");
    QUERN_ASSERT(emitted_ >= seen_.emitted);
    QUERN_ASSERT(sequence_ >= seen_.sequence);
    const bool same_office = role_ == Role::leader && seen_.role == Role::leader &&
                             hard_.term == seen_.hard.term;
    if (same_office) {
        QUERN_ASSERT_MSG(log_.last() >= seen_.last, "a leader only appends (R2)");
        QUERN_ASSERT_MSG(seen_.last < log_.base() || log_.term_at(seen_.last) == seen_.last_term,
                         "a leader only appends (R2)");
    }
    seen_ = {hard_, commit_, emitted_, log_.last(), log_.last_term(), role_, sequence_};
}

}  // namespace quern::raft
