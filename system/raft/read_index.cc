// Linearizable reads without log entries: thesis 6.4. A read is confirmed by a majority's answers to
// heartbeats that left after it arrived. Rounds are numbered and a number is never used again, so
// that no old, late or repeated answer confirms a newer read.
#include "system/base/limits.h"
#include "system/base/planted_bug.h"
#include "system/raft/raft_impl.h"

namespace quern::raft {

void Raft::Impl::read_index(uint64_t context, Instant now) {
    touch(now);
    if (!is_leader() || reads_.size() >= limits::proposals_pending_max) {
        out_.reads_failed.push_back(context);
        return;
    }
    note_activity();
    if (PLANTED(read_without_round)) return out_.reads.push_back({context, commit_});
    // Until an entry of its own term is committed, a leader does not know what is.
    if (!own_term_committed()) {
        reads_.push_back({context, 0, LogIndex{}});
        return;
    }
    reads_.push_back({context, 0, LogIndex{}});
    start_read_round();
}

// Gives the reads without a round the one whose heartbeats have not left yet, or a new one.
void Raft::Impl::start_read_round() {
    const bool reuse = PLANTED(read_round_reused) && reads_.front().round != 0;
    if (!read_round_open_ && !reuse) {
        ++read_round_;
        read_round_open_ = true;
        send_heartbeats(read_round_);
    }
    for (auto read = reads_.rbegin(); read != reads_.rend() && read->round == 0; ++read) {
        read->round = read_round_;
        read->index = commit_;
    }
    confirm_reads();
}

void Raft::Impl::confirm_reads() {
    if (reads_.empty()) return;
    const uint64_t confirmed = quorum_value(configuration(), [this](NodeId id) -> uint64_t {
        if (id == options_.self) return read_round_;
        const Progress* peer = find_peer(id);
        return peer == nullptr ? 0 : peer->read_round;
    });
    while (!reads_.empty() && reads_.front().round != 0 && reads_.front().round <= confirmed) {
        out_.reads.push_back({reads_.front().context, reads_.front().index});
        reads_.pop_front();
    }
}

void Raft::Impl::fail_reads() {
    for (const PendingRead& read : reads_) out_.reads_failed.push_back(read.context);
    reads_.clear();
}

}  // namespace quern::raft
