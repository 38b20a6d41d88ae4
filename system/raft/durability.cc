// What the disk has, and what it may have lost.
//
// Recovering. A server whose log was damaged holds a prefix of what it may have acknowledged. Compare
// it with its twin N*, which lost nothing but whose messages were. H is the term it restarted in; all
// its acknowledgements were given in terms up to H, and its term and vote are intact.
//  - It accepts appends as ever and acknowledges what is durable and matches the leader. N* would say
//    the same, so counting these answers is sound. Appends of terms below H are refused as ever.
//  - It does not campaign, and votes only for a log at least as up to date as N*'s: possible when the
//    position of the last lost entry is known, refused otherwise. Both are what N* might do.
//  - Once its durable log holds an entry of a term T > H, its log equals N*'s: the entries up to that
//    position are the leader's, and N* would have discarded anything after it, for that was of terms
//    up to H. From then on it is N*, and recovered.
// The state is kept durable as a mark beside the vote, written before anything overwrites the damage;
// a server that restarts with the mark starts over with H as its term then, which is later and so safe.
// An entry of term H itself is no cure, committed or not: the leader of H may count acknowledgements
// of entries after it that are lost here. Such a leader, told by Message::recovering, moves to a new
// term when it can win it without the damaged server.
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

HardState Raft::Impl::stored() const {
    HardState state = hard_;
    if (recovering_) state.voted_for.value |= HardState::recovering_mark;
    return state;
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

// Would we still be recovering if the log up to an entry of `last_term` were durable?
bool Raft::Impl::recovering_at(Term last_term) const {
    return recovering_ && last_term <= recover_above_;
}

void Raft::Impl::maybe_recovered() {
    if (recovering_ && !recovering_at(log_.term_at(persisted_))) recovering_ = false;
}

void Raft::Impl::maybe_renew_term() {
    if (!renew_term_ || transfer_to_) return;
    renew_term_ = false;
    const uint64_t voting = quorum_value(configuration(), [this](NodeId id) -> uint64_t {
        if (id == options_.self) return 1;
        const Progress* peer = find_peer(id);
        const bool able = peer != nullptr && !peer->recovering &&
                          now_ < peer->contact + options_.election_timeout;
        return able ? 1 : 0;
    });
    if (voting == 1) real_campaign(true);
}

}  // namespace quern::raft
