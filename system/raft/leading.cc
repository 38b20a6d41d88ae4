// Leading: the answers of peers, commitment, check-quorum. Thesis 3.5, 3.6.2, 10.2.1.
#include <algorithm>

#include "system/base/planted_bug.h"
#include "system/raft/raft_impl.h"

namespace quern::raft {

Progress* Raft::Impl::find_peer(NodeId id) {
    for (Progress& peer : peers_) {
        if (peer.id == id) return &peer;
    }
    return nullptr;
}

void Raft::Impl::reset_progress() {
    peers_.clear();
    refresh_peers();
    const int64_t interval = options_.heartbeat_interval.ns;
    heartbeat_deadline_ = Instant{(now_.ns / interval + 1) * interval};
    uncommitted_bytes_ = 0;
    for (LogIndex i = commit_.next(); i <= log_.last(); i = i.next()) {
        uncommitted_bytes_ += log_.payload_bytes(i);
    }
}

Result<LogIndex> Raft::Impl::propose(Buffer payload, Instant now) {
    touch(now);
    QUERN_ASSERT(!payload.empty());
    if (!is_leader() || transfer_to_) return fail(ErrorCode::not_leader);
    // One entry may always be proposed, however large.
    if (uncommitted_bytes_ > 0 &&
        uncommitted_bytes_ + payload.size() > options_.uncommitted_bytes_max) {
        return fail(ErrorCode::overloaded);
    }
    return append_own(EntryKind::command, std::move(payload));
}

LogIndex Raft::Impl::append_own(EntryKind kind, Buffer payload) {
    QUERN_ASSERT(is_leader());
    note_activity();
    uncommitted_bytes_ += payload.size();
    const LogIndex index = log_.last().next();
    append_to_log({index, hard_.term, kind, std::move(payload)});
    appends_due_ = !peers_.empty();
    return index;
}

void Raft::Impl::on_append_response(const Message& response) {
    Progress* peer = is_leader() ? find_peer(response.from) : nullptr;
    if (peer == nullptr || response.index > log_.last()) return;
    peer->heard = now_;
    if (!response.relayed) peer->contact = now_;
    peer->recovering = response.recovering;
    if (response.reject && !PLANTED(refusal_is_acknowledgement)) {
        LogIndex continue_at = response.hint_index;
        if (continue_at >= log_.base()) {
            continue_at = log_.last_with_term_at_most(continue_at, response.hint_term);
            // Not even the snapshot's position matches: the peer needs the snapshot.
            if (log_.term_at(continue_at) > response.hint_term) continue_at = log_.base().prev();
        }
        if (peer->refuse(response.index, continue_at, response.recovering)) appends_due_ = true;
        return;
    }
    if (peer->state == PeerState::snapshot) {
        if (response.index < log_.base()) return;
        peer->to_probe();
    }
    if (peer->acknowledge(response.index)) maybe_commit();
    if (!is_leader()) return;
    // A commit may have changed the configuration, and with it the list of peers.
    peer = find_peer(response.from);
    if (peer == nullptr) return;
    maybe_hand_over(*peer);
    if (peer->next <= log_.last()) appends_due_ = true;
}

// Besides proving that the peer lives, the answer is the moment to find out about lost appends: one
// without entries is refused by a peer that missed those before it.
void Raft::Impl::on_heartbeat_response(const Message& response) {
    Progress* peer = is_leader() ? find_peer(response.from) : nullptr;
    if (peer == nullptr) return;
    peer->heard = now_;
    if (!response.relayed) peer->contact = now_;
    peer->recovering = response.recovering;
    if (response.context > peer->read_round && response.context <= read_round_) {
        peer->read_round = response.context;
        confirm_reads();
    }
    peer->paused = false;
    const bool unacknowledged = peer->match.next() < peer->next;
    if (peer->state == PeerState::probe || unacknowledged || peer->recovering) {
        send_append(*peer, true);
    }
    if (peer->next <= log_.last()) appends_due_ = true;
    maybe_hand_over(*peer);
    if (!response.relayed) on_sleepy(*peer, response.index);  // else no link would tell that it is gone
}

// A leader commits only entries of its own term by counting; earlier ones come with them (thesis
// 3.6.2). It counts itself as far as its own disk is.
void Raft::Impl::maybe_commit() {
    LogIndex index{quorum_value(configuration(), [this](NodeId id) -> uint64_t {
        if (id == options_.self) return (PLANTED(leader_counts_unsynced) ? log_.last() : persisted_).value;
        const Progress* peer = find_peer(id);
        return peer == nullptr ? 0 : peer->match.value;
    })};
    for (const Progress& peer : peers_) {
        const bool heard = now_ < peer.contact + options_.election_timeout;
        if (PLANTED(commit_waits_for_all) && heard) index = std::min(index, peer.match);
    }
    if (index <= commit_) return;
    if (log_.term_at(index) != hard_.term && !PLANTED(commit_of_old_term)) return;
    commit_as_leader(index);
}

void Raft::Impl::commit_as_leader(LogIndex index) {
    for (LogIndex i = commit_.next(); i <= index; i = i.next()) {
        const size_t bytes = log_.payload_bytes(i);
        QUERN_ASSERT(uncommitted_bytes_ >= bytes);
        uncommitted_bytes_ -= bytes;
    }
    advance_commit(index);
    if (!own_term_committed()) return;
    if (!reads_.empty() && reads_.front().round == 0) start_read_round();
    if (configurations_.latest_index() <= commit_) configuration_committed();
}

void Raft::Impl::leader_deadline() {
    if (transfer_to_ && now_ >= transfer_deadline_) transfer_to_ = NodeId{};
    if (now_ >= check_deadline_) check_quorum();
    if (!is_leader() || now_ < heartbeat_deadline_) return;
    const int64_t interval = options_.heartbeat_interval.ns;
    heartbeat_deadline_ = Instant{(now_.ns / interval + 1) * interval};
    // One that has answered since the last beat may go without, unless it would soon lose patience.
    const bool patient = options_.election_timeout.ns >= 4 * interval;
    const Instant last = patient ? Instant{heartbeat_deadline_.ns - 2 * interval} : Instant::never();
    const bool asking = !reads_.empty() && reads_.front().round != 0;
    send_heartbeats(asking ? read_round_ : 0, asking ? Instant::never() : last);
}

// The latest instant by which a majority, with us, had been heard from.
Instant Raft::Impl::quorum_contact() const {
    const uint64_t ns = quorum_value(configuration(), [this](NodeId id) -> uint64_t {
        if (id == options_.self) return static_cast<uint64_t>(Instant::never().ns);
        for (const Progress& peer : peers_) {
            if (peer.id == id) return static_cast<uint64_t>(std::max<int64_t>(peer.contact.ns, 0));
        }
        return 0;
    });
    return Instant{static_cast<int64_t>(ns)};
}

// Thesis 6.2: a leader that cannot reach a majority for an election timeout steps down.
void Raft::Impl::check_quorum() {
    const Instant contact = quorum_contact();
    if (contact == Instant::never()) {
        check_deadline_ = contact;
    } else if (now_ >= contact + options_.election_timeout) {
        become_follower(hard_.term, NodeId{});
    } else {
        check_deadline_ = contact + options_.election_timeout;
    }
}

}  // namespace quern::raft
