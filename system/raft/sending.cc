// What a leader sends: appends as far as each peer's window allows (thesis 10.2), heartbeats, and
// requests to the driver for what is no longer in memory.
#include <algorithm>

#include "system/base/planted_bug.h"
#include "system/raft/raft_impl.h"

namespace quern::raft {

namespace {
// What an entry costs on the wire beside its payload.
constexpr size_t entry_overhead_bytes = 64;
// Positions in one LoadRequest; the driver may answer with fewer entries.
constexpr uint64_t load_entries_max = 1024;
}  // namespace

void Raft::Impl::send_appends() {
    for (Progress& peer : peers_) {
        while (peer.next <= log_.last() && send_append(peer, false)) {
            if (peer.state == PeerState::probe) break;
        }
    }
}

// The simulator may end an append anywhere.
bool Raft::Impl::cut_short() {
    return options_.faults != nullptr && options_.faults->fire(FaultPoint::append_short);
}

// True if an append was sent. With `even_empty` one is sent although there is nothing new or the
// window is full.
bool Raft::Impl::send_append(Progress& peer, bool even_empty) {
    if (peer.loading || peer.state == PeerState::snapshot) return false;
    const bool blocked = peer.blocked();
    if (blocked && !even_empty) return false;
    if (peer.next.prev() < log_.base()) {
        want_snapshot(peer);
        return false;
    }
    std::vector<Entry> entries;
    if (!blocked && peer.next <= log_.last()) {
        if (!log_.cached(peer.next)) {
            want_entries(peer);
            return false;
        }
        size_t bytes = 0;
        LogIndex end = peer.next;
        for (; end <= log_.last() && log_.cached(end); end = end.next()) {
            bytes += log_.payload_bytes(end) + entry_overhead_bytes;
            if (end > peer.next && (bytes > options_.append_bytes_max || cut_short())) break;
        }
        entries.reserve(end.value - peer.next.value);
        for (LogIndex i = peer.next; i < end; i = i.next()) entries.push_back(log_.entry(i));
    }
    if (entries.empty() && !even_empty) return false;
    emit_append(peer, std::move(entries));
    return true;
}

void Raft::Impl::emit_append(Progress& peer, std::vector<Entry> entries) {
    Message request = make(MessageKind::append_request, peer.id);
    request.index = peer.next.prev();
    request.log_term = log_.term_at(request.index);
    request.commit = commit_;
    peer.spoken = now_;
    size_t bytes = 0;
    for (const Entry& entry : entries) bytes += entry.payload.size() + entry_overhead_bytes;
    if (!entries.empty()) {
        peer.sent(entries.back().index, bytes);
    } else if (peer.state == PeerState::probe) {
        peer.paused = true;
    }
    request.entries = std::move(entries);
    out_.messages.push_back(std::move(request));
}

void Raft::Impl::want_entries(Progress& peer) {
    LogIndex to = peer.next;
    while (to < log_.last() && !log_.cached(to.next()) &&
           to.value - peer.next.value + 1 < load_entries_max) {
        to = to.next();
    }
    peer.loading = true;
    out_.loads.push_back({peer.id, peer.next, to});
}

void Raft::Impl::entries_loaded(NodeId id, std::vector<Entry> entries, Instant now) {
    touch(now);
    Progress* peer = is_leader() ? find_peer(id) : nullptr;
    if (peer == nullptr || !peer->loading) return;
    peer->loading = false;
    if (entries.empty()) return want_snapshot(*peer);
    appends_due_ = true;
    // The peer may have asked for another position meanwhile.
    if (entries.front().index != peer->next || peer->next.prev() < log_.base()) return;
    size_t count = 0;
    size_t bytes = 0;
    while (count < entries.size()) {
        const Entry& entry = entries[count];
        if (entry.index != peer->next.plus(count) || entry.index > log_.last() ||
            log_.term_at(entry.index) != entry.term) {
            break;
        }
        bytes += entry.payload.size() + entry_overhead_bytes;
        if (count > 0 && bytes > options_.append_bytes_max) break;
        ++count;
    }
    entries.resize(count);
    if (count > 0) emit_append(*peer, std::move(entries));
}

// A peer that does not answer would not notice.
void Raft::Impl::want_snapshot(Progress& peer) {
    if (now_ >= peer.heard + options_.election_timeout) return;
    peer.to_snapshot();
    out_.snapshots_wanted.push_back(peer.id);
}

void Raft::Impl::send_heartbeats(uint64_t context, Instant spare_since) {
    const bool sleepy = context == 0 && may_sleep();
    for (Progress& peer : peers_) {
        peer.sleeps = false;
        if (!sleepy && peer.spoken >= spare_since && peer.content(log_.last())) continue;
        if (context != 0) peer.spoken = now_;
        Message request = make(MessageKind::heartbeat_request, peer.id);
        if (sleepy) {
            request.index = log_.last();
            request.log_term = log_.last_term();
        }
        request.commit = PLANTED(heartbeat_commits_unmatched) ? commit_ : std::min(peer.match, commit_);
        request.context = context;
        out_.messages.push_back(std::move(request));
    }
}

}  // namespace quern::raft
