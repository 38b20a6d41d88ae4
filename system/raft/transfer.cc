// Leadership transfer: thesis 3.10.
#include "system/raft/raft_impl.h"

namespace quern::raft {

Result<void> Raft::Impl::transfer_leadership(NodeId target, Instant now) {
    touch(now);
    if (!is_leader()) return fail(ErrorCode::not_leader);
    if (target == options_.self) return {};
    const Progress* peer = find_peer(target);
    if (peer == nullptr || !contains(configuration().voters, target)) {
        return fail(ErrorCode::invalid_argument, "the target is not a voter");
    }
    if (peer->recovering) return fail(ErrorCode::unavailable, "the target is being repaired");
    note_activity();
    transfer_to_ = target;
    transfer_deadline_ = now_ + options_.election_timeout;
    appends_due_ = true;
    maybe_hand_over(*peer);
    return {};
}

// Proposals are refused meanwhile, so the target catches up. Asked again with each of its answers,
// in case the request was lost.
void Raft::Impl::maybe_hand_over(const Progress& peer) {
    if (transfer_to_ != peer.id || peer.match != log_.last()) return;
    out_.messages.push_back(make(MessageKind::timeout_now, peer.id));
}

void Raft::Impl::on_timeout_now(const Message& request) {
    if (is_leader()) return;
    const bool willing = may_campaign();
    become_follower(hard_.term, request.from);
    if (willing) real_campaign(true);
}

// Our removal is committed: whoever has the whole log takes over.
void Raft::Impl::resign_in_favour() {
    for (const Progress& peer : peers_) {
        if (peer.match != log_.last() || peer.recovering) continue;
        if (!contains(configuration().voters, peer.id)) continue;
        out_.messages.push_back(make(MessageKind::timeout_now, peer.id));
        break;
    }
    become_follower(hard_.term, NodeId{});
}

}  // namespace quern::raft
