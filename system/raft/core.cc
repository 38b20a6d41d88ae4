#include <algorithm>

#include "system/base/limits.h"
#include "system/base/planted_bug.h"
#include "system/raft/raft_impl.h"

namespace quern::raft {

namespace {
// Of one Output; the rest comes with the next.
constexpr size_t committed_entries_max = 4096;

Options with_limits(Options options) {
    auto fill = [](size_t& value, size_t standard) {
        if (value == 0) value = standard;
    };
    fill(options.append_bytes_max, limits::append_bytes_max);
    fill(options.inflight_messages_max, limits::append_inflight_messages_max);
    fill(options.inflight_bytes_max, limits::append_inflight_bytes_max);
    fill(options.uncommitted_bytes_max, limits::uncommitted_bytes_max);
    QUERN_ASSERT(options.self);
    QUERN_ASSERT(options.election_timeout > options.heartbeat_interval);
    QUERN_ASSERT(options.heartbeat_interval > Duration::zero());
    return options;
}
}  // namespace

Raft::Impl::Impl(const Options& options, Restored restored, Instant now)
    : options_(with_limits(options)),
      prng_(draw(options.seed, options.group.value, options.self.value, 0)),
      now_(now),
      hard_(restored.hard_state),
      hard_taken_(restored.hard_state),
      log_(restored.snapshot.index, restored.snapshot.term),
      configurations_(restored.snapshot.index, std::move(restored.snapshot.configuration)),
      commit_(restored.snapshot.index),
      emitted_(restored.snapshot.index),
      applied_(restored.snapshot.index),
      hard_persisted_(restored.hard_state),
      recovering_(restored.faulty_from) {
    for (const Entry& entry : restored.entries) append_to_log(entry);
    if (recovering_) {
        QUERN_ASSERT(restored.faulty_from == log_.last().next());
        QUERN_ASSERT(restored.lost_last >= restored.faulty_from);
        damaged_from_ = restored.faulty_from;
        lost_last_ = restored.lost_last;
        lost_last_term_ = restored.lost_last_term;
        recover_above_ = lost_last_term_ ? lost_last_term_ : hard_.term;
        QUERN_ASSERT(recover_above_ <= hard_.term);
    }
    QUERN_ASSERT(log_.last_term() <= hard_.term);
    unwritten_ = log_.last().next();
    persisted_ = log_.last();
    arm_election_deadline();
}

Message Raft::Impl::make(MessageKind kind, NodeId to) const {
    Message message;
    message.kind = kind;
    message.group = options_.group;
    message.from = options_.self;
    message.to = to;
    message.term = hard_.term;
    return message;
}

void Raft::Impl::step(Message message, Instant now) {
    touch(now);
    QUERN_ASSERT(message.group == options_.group);
    QUERN_ASSERT(message.to == options_.self);
    if (!message.from || message.from == options_.self) return;
    if (!wake_by(message)) return;
    if (message.term > hard_.term) {
        if (!accept_newer_term(message)) return;
    } else if (message.term < hard_.term &&
               !(PLANTED(stale_vote_counted) && message.kind == MessageKind::vote_response)) {
        answer_older_term(message);
        return;
    }
    dispatch(message);
}

// Decides what a message of a newer term does to ours; false: the message is ignored.
bool Raft::Impl::accept_newer_term(const Message& message) {
    switch (message.kind) {
        case MessageKind::pre_vote_request:
            if (PLANTED(pre_vote_raises_term)) become_follower(message.term, NodeId{});
            return !in_lease();  // asks about a term, announces none (thesis 9.6)
        case MessageKind::pre_vote_response:
            // A grant carries the term that we asked about; a refusal the term of the refuser.
            if (message.reject) become_follower(message.term, NodeId{});
            return true;
        case MessageKind::vote_request:
            // Stickiness: servers that hear a leader do not take part in a disruption (thesis 4.2.3).
            if (in_lease() && !message.transfer) return false;
            become_follower(message.term, NodeId{});
            return true;
        case MessageKind::append_request:
        case MessageKind::heartbeat_request:
        case MessageKind::timeout_now:
            become_follower(message.term, message.from);
            return true;
        case MessageKind::vote_response:
        case MessageKind::append_response:
        case MessageKind::heartbeat_response:
            become_follower(message.term, NodeId{});
            return true;
    }
    return false;
}

// Requests of older terms are refused with a reply that carries ours: else a leader that lost touch,
// or a pre-candidate behind us in terms but ahead in the log, would never learn why nobody answers.
void Raft::Impl::answer_older_term(const Message& message) {
    MessageKind kind{};
    switch (message.kind) {
        case MessageKind::pre_vote_request:
            kind = MessageKind::pre_vote_response;
            break;
        case MessageKind::vote_request:
            kind = MessageKind::vote_response;
            break;
        case MessageKind::append_request:
        case MessageKind::heartbeat_request:
            kind = MessageKind::append_response;
            break;
        default:
            return;
    }
    Message answer = make(kind, message.from);
    answer.reject = true;
    out_.messages.push_back(std::move(answer));
}

void Raft::Impl::dispatch(Message& message) {
    switch (message.kind) {
        case MessageKind::pre_vote_request:
        case MessageKind::vote_request:
            return on_vote_request(message);
        case MessageKind::pre_vote_response:
        case MessageKind::vote_response:
            return on_vote_response(message);
        case MessageKind::append_request:
            return on_append_request(message);
        case MessageKind::append_response:
            return on_append_response(message);
        case MessageKind::heartbeat_request:
            return on_heartbeat_request(message);
        case MessageKind::heartbeat_response:
            return on_heartbeat_response(message);
        case MessageKind::timeout_now:
            return on_timeout_now(message);
    }
}

void Raft::Impl::on_deadline(Instant now) {
    touch(now);
    if (asleep_) return;
    if (is_leader()) {
        leader_deadline();
    } else if (may_campaign() && now_ >= election_deadline_) {
        pre_campaign();
    }
}

Instant Raft::Impl::next_deadline() const {
    if (asleep_) return Instant::never();
    if (!is_leader()) return may_campaign() ? election_deadline_ : Instant::never();
    Instant next = transfer_to_ ? transfer_deadline_ : Instant::never();
    if (!peers_.empty()) next = std::min({next, heartbeat_deadline_, check_deadline_});
    return next;
}

bool Raft::Impl::has_output() const {
    return commit_ > emitted_ || unwritten_ <= log_.last() || truncate_from_ || hard_ != hard_taken_ ||
           appends_due_ || !out_.messages.empty() || !out_.messages_after_persist.empty() ||
           !out_.reads.empty() || !out_.reads_failed.empty() || !out_.loads.empty() ||
           !out_.snapshots_wanted.empty();
}

Output Raft::Impl::take_output() {
    if (appends_due_) {
        appends_due_ = false;
        if (is_leader()) send_appends();
    }
    read_round_open_ = false;
    Output output = std::exchange(out_, Output{});
    take_persistent(output);
    take_committed(output);
    return output;
}

void Raft::Impl::take_persistent(Output& output) {
    output.truncate_from = std::exchange(truncate_from_, LogIndex{});
    if (unwritten_ <= log_.last()) {
        output.entries.reserve(log_.last().value - unwritten_.value + 1);
        for (; unwritten_ <= log_.last(); unwritten_ = unwritten_.next()) {
            output.entries.push_back(log_.entry(unwritten_));
        }
    }
    if (hard_ != hard_taken_) output.hard_state = hard_taken_ = hard_;
    if (!output.truncate_from && output.entries.empty() && !output.hard_state &&
        output.messages_after_persist.empty()) {
        return;
    }
    output.sequence = ++sequence_;
    persisting_.push_back({sequence_, log_.last(), hard_taken_});
}

void Raft::Impl::take_committed(Output& output) {
    QUERN_ASSERT(commit_ <= log_.last());
    const uint64_t count =
        std::min<uint64_t>(commit_.value - emitted_.value, committed_entries_max);
    if (count == 0) return;
    output.committed.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
        emitted_ = emitted_.next();
        output.committed.push_back(log_.entry(emitted_));
    }
}

Status Raft::Impl::status() const {
    Status status;
    status.role = role_;
    status.term = hard_.term;
    status.leader = leader_;
    status.first = log_.first();
    status.last = log_.last();
    status.commit = commit_;
    status.applied = applied_;
    status.persisted = persisted_;
    status.leader_ready = is_leader() && applied_ >= term_start_;
    status.recovering = recovering_;
    status.damaged_from = damaged_from_;
    status.transfer_to = transfer_to_;
    status.asleep = asleep_;
    return status;
}

std::vector<PeerStatus> Raft::Impl::peers() const {
    std::vector<PeerStatus> result;
    if (!is_leader()) return result;
    for (const Progress& peer : peers_) {
        PeerStatus status;
        status.id = peer.id;
        status.match = peer.match;
        status.next = peer.next;
        status.active = asleep_ || now_ < peer.contact + options_.election_timeout;
        status.learner = !is_voter(configuration(), peer.id);
        status.snapshotting = peer.state == PeerState::snapshot;
        status.recovering = peer.recovering;
        result.push_back(status);
    }
    return result;
}

}  // namespace quern::raft
