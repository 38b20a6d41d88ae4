#include "harness/group_judge.h"

#include <algorithm>

#include <fmt/format.h>

namespace quern::harness {

namespace {

// These are answers about the asking, not results that belong to the token.
bool may_be_asked_again(ErrorCode code) {
    return code == ErrorCode::needs_attributes || code == ErrorCode::stale_catalogue ||
           code == ErrorCode::session_expired || code == ErrorCode::deadline_exceeded;
}

}  // namespace

void GroupJudge::found(const char* invariant, const std::string& text) const {
    verdict_.add(invariant, fmt::format("group {} index {}: {}", group_.value, index_.value, text),
                 now_ns_);
}

void GroupJudge::begin(LogIndex index, ClusterTime time, int64_t now_ns) {
    now_ns_ = now_ns;
    index_ = index;
    if (time < time_) {
        found("Q15", fmt::format("cluster time went back from {} to {}", time_.ms, time.ms));
    }
    time_ = time;
    size_t old_budget = limits::sweep_messages_per_entry_max;
    size_t due_budget = limits::sweep_messages_per_entry_max;
    for (auto& [id, queue] : queues_) {
        const queue::Counters before = queue.counters();
        queue.end_old(time.ms, old_budget);
        note_removed(id, queue);
        if (queue.counters() != before) touched_.insert(id);
    }
    for (auto& [id, queue] : queues_) {
        const queue::Counters before = queue.counters();
        queue.end_due(time.ms, due_budget);
        if (queue.counters() != before) touched_.insert(id);
    }
}

void GroupJudge::note_removed(QueueId id, ReferenceQueue& queue) {
    for (const MessageSeq seq : queue.take_removed()) births_.at({id, seq}).gone = index_;
}

void GroupJudge::end(const std::function<queue::Counters(QueueId)>& counters_of) {
    for (const QueueId id : std::exchange(touched_, {})) {
        const auto queue = queues_.find(id);
        if (queue == queues_.end()) continue;
        const queue::Counters& mine = queue->second.counters();
        const queue::Counters theirs = counters_of(id);
        counted_[id].emplace_back(index_, mine);
        if (mine == theirs) continue;
        found("Q14", fmt::format("queue {} counts ready {} delayed {} leased {} bytes {} sent {} received "
                                 "{} deleted {} expired {} purged {} dropped {}; it should be {} {} {} "
                                 "{} {} {} {} {} {} {}",
                                 id.value, theirs.ready, theirs.delayed, theirs.leased,
                                 theirs.live_bytes, theirs.sent, theirs.received, theirs.deleted,
                                 theirs.expired, theirs.purged, theirs.dropped, mine.ready,
                                 mine.delayed, mine.leased, mine.live_bytes, mine.sent, mine.received,
                                 mine.deleted, mine.expired, mine.purged, mine.dropped));
    }
}

// True if the command was carried out now, and not answered from memory.
bool GroupJudge::check_token(const queue::Command& command, const queue::Reply& reply) {
    if (!command.token.session) {
        if (reply.repeated) found("Q10", "a request without a token was taken for a repetition");
        return true;
    }
    const TokenKey key{command.principal, command.token.session, command.token.seq};
    check_same_queue(command, key);
    const auto known = tokens_.find(key);
    const auto* sent = std::get_if<queue::SendReply>(&reply.result);
    std::vector<MessageSeq> seqs;
    if (sent != nullptr) {
        for (const queue::SendResult& result : sent->results) seqs.push_back(result.seq);
    }
    if (reply.repeated) {
        if (known == tokens_.end()) {
            found("Q10", "a request that was never applied was taken for a repetition");
        } else if (sent != nullptr && known->second.sent != seqs) {
            found("Q10", "a repeated send got other ids than the first time");
        }
        return false;
    }
    const auto* received = std::get_if<queue::ReceiveReply>(&reply.result);
    if (received != nullptr && received->deliveries.empty()) return true;
    if (const auto* error = std::get_if<Error>(&reply.result)) {
        if (!may_be_asked_again(error->code)) tokens_.try_emplace(key, Remembered{index_, {}});
        return true;
    }
    if (known != tokens_.end()) {
        found("Q10", fmt::format("a request of session {:x} number {} was applied twice, first at {}",
                                 command.token.session.value, command.token.seq,
                                 known->second.index.value));
    }
    if (time_ > command.token.expires) {
        found("Q10", fmt::format("a request was applied at {}, after its expiry at {}", time_.ms,
                                 command.token.expires.ms));
    }
    const auto [effect, first] = effects_.by_token.emplace(key, Effects::Effect{command.queue, time_});
    if (!first && effect->second.queue != command.queue) {
        found("Q10", fmt::format("a request of session {:x} number {} took effect on queue {} and on {}",
                                 command.token.session.value, command.token.seq,
                                 effect->second.queue.value, command.queue.value));
    }
    tokens_[key] = {index_, std::move(seqs)};
    return true;
}

// A queue was deleted, and a request that may have been carried out there went on to a new one of that name.
void GroupJudge::check_same_queue(const queue::Command& command, const TokenKey& key) {
    const auto effect = effects_.by_token.find(key);
    if (effect == effects_.by_token.end() || effect->second.queue == command.queue) return;
    if (effects_.created(command.queue) <= effect->second.time) return;
    found("Q10", fmt::format("a request of session {:x} number {} took effect on queue {} at {} and came to {}, "
                             "which was made later",
                             command.token.session.value, command.token.seq, effect->second.queue.value,
                             effect->second.time.ms, command.queue.value));
}

void GroupJudge::command(const queue::Command& command, const queue::Reply& reply) {
    ++commands_;
    if (const auto* ensure_queue = std::get_if<queue::EnsureQueue>(&command.operation)) {
        if (std::holds_alternative<queue::Done>(reply.result)) ensure(command, *ensure_queue);
        return;
    }
    if (std::holds_alternative<queue::DropQueue>(command.operation)) return drop(command);
    if (std::holds_alternative<queue::Tick>(command.operation)) return;
    if (!check_token(command, reply)) return;
    if (const Error* error = std::get_if<Error>(&reply.result)) return refused(command, *error);
    const auto at = queues_.find(command.queue);
    if (at == queues_.end()) {
        return found("Q18", fmt::format("a request on queue {}, which the group does not have, was "
                                        "applied",
                                        command.queue.value));
    }
    ReferenceQueue& queue = at->second;
    if (queue.version != command.record_version) {
        found("Q18", fmt::format("a request authorised at version {} was applied to version {}",
                                 command.record_version.value, queue.version.value));
    }
    touched_.insert(command.queue);
    if (const auto* c = std::get_if<queue::Send>(&command.operation)) {
        send(command.queue, queue, *c, std::get<queue::SendReply>(reply.result));
    } else if (const auto* r = std::get_if<queue::Receive>(&command.operation)) {
        receive(command.queue, queue, *r, std::get<queue::ReceiveReply>(reply.result));
    } else if (const auto* d = std::get_if<queue::Delete>(&command.operation)) {
        remove(command.queue, queue, *d, std::get<queue::DeleteReply>(reply.result));
    } else if (const auto* v = std::get_if<queue::ChangeVisibility>(&command.operation)) {
        change(command.queue, queue, *v, std::get<queue::ChangeVisibilityReply>(reply.result));
    } else {
        const uint64_t purged = queue.purge();
        const uint64_t said = std::get<queue::PurgeReply>(reply.result).purged;
        if (purged != said) {
            found("Q17", fmt::format("a purge of {} live messages says {}", purged, said));
        }
    }
    note_removed(command.queue, queue);
}

// An error means that nothing was changed; some must have their reason.
void GroupJudge::refused(const queue::Command& command, const Error& error) {
    if (error.outcome == Outcome::applied) {
        found("Q13", "an error says that it was applied: " + error.to_string());
    }
    if (error.code == ErrorCode::deadline_exceeded && time_ <= command.token.expires) {
        found("Q13", fmt::format("refused as too late at {}, before its expiry at {}", time_.ms,
                                 command.token.expires.ms));
    }
    const auto at = queues_.find(command.queue);
    const bool has = at != queues_.end();
    if (error.code == ErrorCode::needs_attributes && has &&
        at->second.version >= command.record_version) {
        found("Q13", "the group asks for a record that it has");
    }
    if (error.code == ErrorCode::over_limit && has &&
        at->second.counters().leased < at->second.attributes.leased_messages_max) {
        found("Q13", "refused as over the limit of leased messages, below it");
    }
}

void GroupJudge::ensure(const queue::Command& command, const queue::EnsureQueue& operation) {
    if (dropped_.contains(command.queue)) {
        return found("Q18", fmt::format("queue {} came back after it was dropped", command.queue.value));
    }
    const auto [at, fresh] = queues_.try_emplace(command.queue);
    if (!fresh && at->second.version >= command.record_version) return;
    at->second.version = command.record_version;
    at->second.attributes = operation.attributes;
    touched_.insert(command.queue);
}

void GroupJudge::drop(const queue::Command& command) {
    dropped_.insert(command.queue);
    const auto at = queues_.find(command.queue);
    if (at == queues_.end()) return;
    at->second.purge();
    note_removed(command.queue, at->second);
    queues_.erase(at);
}

}  // namespace quern::harness
