// Elections: thesis 3.4, 3.6.1; pre-vote and check-quorum 9.6; stickiness 4.2.3.
#include "system/base/planted_bug.h"
#include "system/raft/raft_impl.h"

namespace quern::raft {

// Servers outside the configuration do not start elections, except that one whose removal may not be
// committed still does (thesis 4.2.2): it may be the only one whose log can win. It does not count its
// own vote. Nor do servers that may have lost entries they acknowledged.
bool Raft::Impl::is_electable() const {
    if (recovering_ && !PLANTED(damaged_replica_campaigns)) return false;
    if (is_voter(configuration(), options_.self)) return true;
    return configurations_.latest_index() > commit_ &&
           configurations_.voter_since(commit_, options_.self);
}

bool Raft::Impl::may_campaign() const { return !abstaining_ && is_electable(); }

// A leader is presumed alive: we are it, or heard from it within the shortest election timeout.
bool Raft::Impl::in_lease() const {
    if (is_leader()) return true;
    return leader_ && now_ < leader_contact_ + options_.election_timeout;
}

void Raft::Impl::arm_election_deadline() {
    const auto span = static_cast<uint64_t>(options_.election_timeout.ns);
    const auto jitter = static_cast<int64_t>(prng_.below(span));
    const int64_t times = PLANTED(elections_slow_down) && role_ == Role::pre_candidate ? 20 : 1;
    election_deadline_ = now_ + options_.election_timeout * times + Duration::nanoseconds(jitter);
}

// The vote is forgotten only when the term grows; a leader that steps down, a candidate that meets
// the leader of its own term, keep it (R8).
void Raft::Impl::become_follower(Term term, NodeId leader) {
    QUERN_ASSERT(term >= hard_.term);
    if (term > hard_.term || PLANTED(vote_cleared_on_step_down)) hard_ = {term, NodeId{}};
    if (role_ != Role::follower) {
        if (is_leader()) fail_reads();
        asleep_ = false;
        role_ = Role::follower;
        peers_.clear();
        transfer_to_ = NodeId{};
        appends_due_ = false;
        arm_election_deadline();
    }
    leader_ = leader;
    if (leader) heard_from_leader(leader);
}

void Raft::Impl::heard_from_leader(NodeId leader) {
    leader_ = leader;
    leader_contact_ = now_;
    abstaining_ = false;
    asleep_ = false;
    arm_election_deadline();
}

void Raft::Impl::step_down(Instant now) {
    touch(now);
    if (asleep_) wake();  // the others must know that nobody leads
    if (role_ != Role::follower) become_follower(hard_.term, NodeId{});
    abstaining_ = true;
}

void Raft::Impl::campaign(Instant now) {
    touch(now);
    if (asleep_) wake();
    if (!is_leader() && is_electable()) pre_campaign();
}

// Asks whether an election could be won before disturbing anyone with a new term.
void Raft::Impl::pre_campaign() {
    role_ = Role::pre_candidate;
    leader_ = NodeId{};
    transfer_vote_ = false;
    votes_.clear();
    votes_.record(options_.self, true);
    arm_election_deadline();
    for (NodeId id : members(configuration())) {
        if (id == options_.self || !is_voter(configuration(), id)) continue;
        Message request = make(MessageKind::pre_vote_request, id);
        request.term = hard_.term.next();
        request.index = log_.last();
        request.log_term = log_.last_term();
        out_.messages.push_back(std::move(request));
    }
    settle_candidacy();
}

// Requests leave only when the new term, our vote and the log we boast of are durable: were they
// forgotten in a crash, a late answer to them could elect us again in the same term with less log.
void Raft::Impl::real_campaign(bool transfer) {
    if (is_leader()) become_follower(hard_.term, NodeId{});
    role_ = Role::candidate;
    leader_ = NodeId{};
    transfer_vote_ = transfer;
    hard_ = {hard_.term.next(), options_.self};
    votes_.clear();
    arm_election_deadline();
    for (NodeId id : members(configuration())) {
        if (id == options_.self || !is_voter(configuration(), id)) continue;
        Message request = make(MessageKind::vote_request, id);
        request.index = log_.last();
        request.log_term = log_.last_term();
        request.transfer = transfer;
        out_.messages_after_persist.push_back(std::move(request));
    }
}

// Called when something became durable.
void Raft::Impl::count_own_vote() {
    if (role_ != Role::candidate || hard_persisted_ != hard_) return;
    votes_.record(options_.self, true);
    settle_candidacy();
}

void Raft::Impl::settle_candidacy() {
    switch (votes_.result(configuration())) {
        case VoteResult::pending:
            return;
        case VoteResult::won:
            return role_ == Role::pre_candidate ? real_campaign(false) : become_leader();
        case VoteResult::lost:
            return become_follower(hard_.term, NodeId{});
    }
}

// Up to date as we are, or as we were before the disk lost entries: what is known of them counts.
bool Raft::Impl::may_vote_for(const Message& request) const {
    if (PLANTED(vote_ignores_log)) return true;
    if (!log_.is_up_to_date(request.index, request.log_term)) return false;
    if (!recovering_ || PLANTED(damaged_replica_votes)) return true;
    if (!lost_last_term_) return false;
    return request.log_term > lost_last_term_ ||
           (request.log_term == lost_last_term_ && request.index >= lost_last_);
}

// Answers whoever asks: the candidate's configuration decides whose votes count (thesis 4.1).
void Raft::Impl::on_vote_request(const Message& request) {
    const bool pre = request.kind == MessageKind::pre_vote_request;
    const bool free = hard_.voted_for == request.from || (!hard_.voted_for && !leader_);
    const bool newer = pre && request.term > hard_.term;
    const bool granted = (free || newer) && may_vote_for(request);
    const MessageKind kind = pre ? MessageKind::pre_vote_response : MessageKind::vote_response;
    Message answer = make(kind, request.from);
    answer.reject = !granted;
    if (granted && pre) answer.term = request.term;
    if (!granted || pre) {
        out_.messages.push_back(std::move(answer));
        return;
    }
    hard_.voted_for = request.from;
    arm_election_deadline();
    out_.messages_after_persist.push_back(std::move(answer));
}

void Raft::Impl::on_vote_response(const Message& response) {
    const bool pre = response.kind == MessageKind::pre_vote_response;
    if (role_ != (pre ? Role::pre_candidate : Role::candidate)) return;
    const Term expected = pre && !response.reject ? hard_.term.next() : hard_.term;
    if (response.term != expected && !PLANTED(stale_vote_counted)) return;
    if (!is_voter(configuration(), response.from)) return;
    votes_.record(response.from, !response.reject);
    settle_candidacy();
}

void Raft::Impl::become_leader() {
    QUERN_ASSERT(role_ == Role::candidate);
    QUERN_ASSERT(hard_persisted_ == hard_);
    role_ = Role::leader;
    active_ = now_;
    leader_ = options_.self;
    transfer_to_ = NodeId{};
    reset_progress();
    // The first entry of a log is its initial configuration, so that a server which joins later finds
    // every configuration there; it serves as the no-op of its term.
    const bool empty = !log_.last();
    if (PLANTED(no_entry_at_term_start) && !empty) {
        term_start_ = commit_;
        return;
    }
    term_start_ = empty ? append_own(EntryKind::configuration, encode_configuration(configuration()))
                        : append_own(EntryKind::noop, Buffer());
}

}  // namespace quern::raft
