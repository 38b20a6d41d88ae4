// Replication, the follower's side: thesis 3.5.
#include <algorithm>

#include "system/base/planted_bug.h"
#include "system/raft/raft_impl.h"

namespace quern::raft {

namespace {
// Contiguous after the previous position, terms in order, configurations that can be read.
bool is_sane(const Message& request) {
    LogIndex index = request.index;
    Term term = request.log_term;
    for (const Entry& entry : request.entries) {
        index = index.next();
        if (entry.index != index || entry.term < term || entry.term > request.term) return false;
        term = entry.term;
        if (entry.kind == EntryKind::configuration &&
            !decode_configuration(entry.payload.span())) {
            return false;
        }
        if (entry.kind == EntryKind::command && entry.payload.empty()) return false;
    }
    return true;
}
}  // namespace

void Raft::Impl::on_append_request(Message& request) {
    if (is_leader() || !is_sane(request)) return;
    become_follower(hard_.term, request.from);

    // What is at or below our commit index is as the leader has it; only the rest is news.
    LogIndex previous = request.index;
    size_t known = 0;
    if (previous < commit_) {
        const uint64_t below = commit_.value - previous.value;
        known = static_cast<size_t>(std::min<uint64_t>(below, request.entries.size()));
        previous = previous.plus(known);
        if (previous < commit_) return acknowledge(request.from, commit_, request.relayed);
        if (known > 0 && request.entries[known - 1].term != log_.term_at(previous)) return;
    } else if (PLANTED(append_ignores_term) ? previous > log_.last()
                                            : !log_.matches(previous, request.log_term)) {
        return refuse_append(request);
    }
    append_after(previous, request.entries, known);
    const LogIndex matched = request.index.plus(request.entries.size());
    advance_commit(std::min(request.commit, matched));
    acknowledge(request.from,
                PLANTED(ack_of_what_is_committed) ? std::max(matched, request.commit) : matched,
                request.relayed);
}

// Entries are removed only where one conflicts: a request that was delayed or repeated, and says less
// than we have, removes nothing.
void Raft::Impl::append_after(LogIndex previous, std::vector<Entry>& entries, size_t from) {
    for (size_t i = from; i < entries.size(); ++i) {
        const Entry& entry = entries[i];
        previous = previous.next();
        QUERN_ASSERT(entry.index == previous);
        if (entry.index <= log_.last()) {
            if (log_.term_at(entry.index) == entry.term) continue;
            truncate(entry.index);
        }
        append_to_log(entry);
    }
    if (PLANTED(append_cuts_the_rest) && previous >= commit_ && previous < log_.last()) {
        truncate(previous.next());
    }
}

void Raft::Impl::truncate(LogIndex from) {
    QUERN_ASSERT_MSG(from > commit_, "a leader contradicts a committed entry");
    damaged_from_ = LogIndex{};
    log_.truncate(from);
    if (configurations_.latest_index() >= from) configurations_.truncate(from);
    if (from < unwritten_) {
        truncate_from_ = truncate_from_ ? std::min(truncate_from_, from) : from;
        unwritten_ = from;
    }
    clip_persisted(from.prev());
    if (recovering_) {
        lost_last_ = std::min(lost_last_, from.prev());
        lose_tail(unwritten_);
    }
}

void Raft::Impl::append_to_log(const Entry& entry) {
    log_.append(entry);
    damaged_from_ = LogIndex{};
    if (entry.kind != EntryKind::configuration) return;
    Result<Configuration> configuration = decode_configuration(entry.payload.span());
    QUERN_ASSERT_MSG(configuration.has_value(), "a configuration in the log cannot be read");
    enter_configuration(entry.index, *configuration);
}

// Two acknowledgements in one output to one leader say no more than the later one.
void Raft::Impl::acknowledge(NodeId leader, LogIndex index, bool relayed) {
    const bool recovering = recovering_at(log_.last());
    if (!out_.messages_after_persist.empty()) {
        Message& last = out_.messages_after_persist.back();
        if (last.kind == MessageKind::append_response && last.to == leader &&
            last.term == hard_.term && last.recovering == recovering) {
            last.index = std::max(last.index, index);
            last.relayed = last.relayed && relayed;
            return;
        }
    }
    Message answer = make(MessageKind::append_response, leader);
    answer.index = index;
    answer.relayed = relayed;
    answer.recovering = recovering;
    out_.messages_after_persist.push_back(std::move(answer));
}

void Raft::Impl::refuse_append(const Message& request) {
    Message answer = make(MessageKind::append_response, request.from);
    answer.reject = true;
    answer.relayed = request.relayed;
    answer.index = request.index;
    answer.hint_index = log_.last_with_term_at_most(request.index, request.log_term);
    answer.hint_term = log_.term_at(answer.hint_index);
    answer.recovering = recovering_at(log_.last());
    out_.messages.push_back(std::move(answer));
}

// The leader never sends more than we acknowledged. A log that is shorter has lost entries: perhaps without a
// trace, if the disk lied about its last write.
void Raft::Impl::on_heartbeat_request(const Message& request) {
    if (is_leader()) return;
    become_follower(hard_.term, request.from);
    if (request.commit > log_.last()) lost_acknowledged(request.commit);
    advance_commit(std::min(request.commit, log_.last()));
    Message answer = make(MessageKind::heartbeat_response, request.from);
    answer.context = request.context;
    answer.relayed = request.relayed;
    answer.recovering = recovering_at(log_.last());
    if (!request.relayed && fall_asleep(request)) answer.index = request.index;
    out_.messages.push_back(std::move(answer));
}

void Raft::Impl::advance_commit(LogIndex index) {
    if (index <= commit_) return;
    QUERN_ASSERT(index <= log_.last());
    commit_ = index;
}

}  // namespace quern::raft
