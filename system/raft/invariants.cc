#include "system/raft/raft_impl.h"

namespace quern::raft {

void Raft::Impl::check_invariants() const {
    // Now.
    QUERN_ASSERT(log_.base() <= commit_);
    QUERN_ASSERT(applied_ <= emitted_);
    QUERN_ASSERT(emitted_ <= commit_);
    QUERN_ASSERT(commit_ <= log_.last());
    QUERN_ASSERT(persisted_ <= log_.last());
    QUERN_ASSERT(unwritten_ > log_.base() && unwritten_ <= log_.last().next());
    QUERN_ASSERT(log_.last_term() <= hard_.term);
    QUERN_ASSERT(configurations_.latest_index() <= log_.last());
    QUERN_ASSERT(role_ == Role::leader || peers_.empty());
    QUERN_ASSERT(role_ == Role::leader || reads_.empty());
    if (role_ == Role::leader) {
        QUERN_ASSERT(leader_ == options_.self);
        QUERN_ASSERT(hard_.voted_for == options_.self);
        QUERN_ASSERT(hard_persisted_ == hard_);
        QUERN_ASSERT(!recovering_);
        // R12: one uncommitted configuration, and only after an own entry is committed.
        QUERN_ASSERT(!own_term_committed() || configurations_.count_after(commit_) <= 1);
        QUERN_ASSERT(own_term_committed() || configurations_.latest_index() <= term_start_);
        for (const Progress& peer : peers_) {
            QUERN_ASSERT(peer.id != options_.self);
            QUERN_ASSERT(peer.match < peer.next);
            QUERN_ASSERT(peer.match <= log_.last());
            QUERN_ASSERT(peer.next <= log_.last().next());
            QUERN_ASSERT(peer.read_round <= read_round_);
        }
    }
    if (role_ == Role::candidate) QUERN_ASSERT(hard_.voted_for == options_.self);

    // Against the call before.
    QUERN_ASSERT(hard_.term >= seen_.hard.term);
    if (hard_.term == seen_.hard.term && seen_.hard.voted_for) {
        QUERN_ASSERT(hard_.voted_for == seen_.hard.voted_for);  // R8
    }
    QUERN_ASSERT(commit_ >= seen_.commit);  // R6
    QUERN_ASSERT(emitted_ >= seen_.emitted);
    QUERN_ASSERT(sequence_ >= seen_.sequence);
    const bool same_office = role_ == Role::leader && seen_.role == Role::leader &&
                             hard_.term == seen_.hard.term;
    if (same_office) {  // R2: a leader only appends
        QUERN_ASSERT(log_.last() >= seen_.last);
        QUERN_ASSERT(seen_.last < log_.base() || log_.term_at(seen_.last) == seen_.last_term);
    }
    seen_ = {hard_, commit_, emitted_, log_.last(), log_.last_term(), role_, sequence_};
}

}  // namespace quern::raft
