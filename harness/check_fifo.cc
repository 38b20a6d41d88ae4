// FIFO groups: Q7 order, Q8 the gate. Numbers of messages are given in commit order.
#include <algorithm>

#include <fmt/format.h>

#include "harness/checkers.h"

namespace quern::harness {

namespace {

struct Line {  // of one group of one queue
    std::vector<std::pair<MessageSeq, const MessageStory*>> messages;  // by number
    std::vector<std::pair<MessageSeq, OpPart>> leases;
};

bool may_be_delayed(const HistoryIndex& index, const OpPart& send) {
    const int64_t delay = send.sent().delay_ms;
    return delay > 0 || (delay < 0 && index.queue(send.op->queue).delay_ms_max > 0);
}

// From the last message to the first: the earliest moment at which a later one had been handed out.
void check_order(const HistoryIndex& index, const std::string& name, const Line& line,
                 Verdict& verdict) {
    const Operation* overtook = nullptr;
    for (auto it = line.messages.rbegin(); it != line.messages.rend(); ++it) {
        const MessageStory& story = *it->second;
        if (story.leases.empty() || story.leases[0].seen().epoch.value != 1) continue;
        const Operation& first = *story.leases[0].op;
        const bool there = overtook != nullptr && !story.sends.empty() &&
                           story.sends[0].op->returned_ns < overtook->invoked_ns &&
                           !may_be_delayed(index, story.sends[0]);
        if (there && overtook->returned_ns < first.invoked_ns) {
            verdict.add("Q7", fmt::format("message {} of group {} was overtaken: {}; before it came {}",
                                          it->first.value, name, to_string(first),
                                          to_string(*overtook)),
                        overtook->returned_ns);
        }
        if (overtook == nullptr || first.returned_ns < overtook->returned_ns) overtook = &first;
    }
}

void check_batches(const History& history, Verdict& verdict) {
    for (const Operation& op : history.operations) {
        std::map<std::string, MessageSeq> last;
        for (size_t i = 0; op.kind == OpKind::receive && op.ok() && i < op.seen.size(); ++i) {
            if (op.seen[i].group_id.empty()) continue;
            MessageSeq& before = last[op.seen[i].group_id];
            if (before && op.seen[i].seq < before) {
                verdict.add("Q7", "a batch is out of order: " + to_string(op), op.returned_ns);
            }
            before = op.seen[i].seq;
        }
    }
}

// Somebody may have ended the lease before `moment`, other than by letting it run out.
bool may_have_ended(const HistoryIndex& index, const MessageStory& story, const OpPart& lease,
                    int64_t moment_ns) {
    auto before = [&](const OpPart& part) {
        return part.op->possible() && part.op->invoked_ns < moment_ns;
    };
    if (std::any_of(story.deletes.begin(), story.deletes.end(), before)) return true;
    if (std::any_of(story.changes.begin(), story.changes.end(), before)) return true;
    const QueueStory& queue = index.queue(lease.op->queue);
    for (const auto* sweeps : {&queue.purges, &queue.deletions}) {
        for (const Operation* op : *sweeps) {
            if (op->possible() && op->invoked_ns < moment_ns) return true;
        }
    }
    return queue.receives_max > 0 || queue.drop_oldest;
}

void check_gate(const HistoryIndex& index, const std::string& name, Line& line,
                const std::map<MessageSeq, const MessageStory*>& stories, Verdict& verdict) {
    std::stable_sort(line.leases.begin(), line.leases.end(), [](const auto& a, const auto& b) {
        return a.second.op->invoked_ns < b.second.op->invoked_ns;
    });
    for (size_t i = 0; i < line.leases.size(); ++i) {
        const auto& [held, lease] = line.leases[i];
        const ClusterTime until = lease.seen().leased_until;
        for (size_t j = i + 1; j < line.leases.size(); ++j) {
            const auto& [seq, other] = line.leases[j];
            if (other.op->at.time >= until) break;
            if (seq <= held || other.op->invoked_ns <= lease.op->returned_ns) continue;
            if (may_have_ended(index, *stories.at(held), lease, other.op->returned_ns)) continue;
            verdict.add("Q8", fmt::format("message {} of group {} was handed out while {} is leased: "
                                          "{}; leased by {}",
                                          seq.value, name, held.value, to_string(*other.op),
                                          to_string(*lease.op)),
                        other.op->returned_ns);
            return;
        }
    }
}

}  // namespace

void check_fifo(const HistoryIndex& index, Verdict& verdict) {
    std::map<std::pair<QueueId, std::string>, Line> lines;
    for (const auto& [key, story] : index.messages()) {
        if (story.leases.empty() || story.leases[0].seen().group_id.empty()) continue;
        Line& line = lines[{key.first, story.leases[0].seen().group_id}];
        line.messages.emplace_back(key.second, &story);
        for (const OpPart& lease : story.leases) line.leases.emplace_back(key.second, lease);
    }
    for (auto& [key, line] : lines) {
        check_order(index, key.second, line, verdict);
        const std::map<MessageSeq, const MessageStory*> stories(line.messages.begin(),
                                                                line.messages.end());
        check_gate(index, key.second, line, stories, verdict);
    }
    if (!lines.empty()) check_batches(index.history(), verdict);
}

}  // namespace quern::harness
