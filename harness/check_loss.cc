// Q1: nothing that was accepted is lost.
#include <algorithm>

#include <fmt/format.h>

#include "harness/checkers.h"

namespace quern::harness {

namespace {

// The receipt had been overtaken by another lease before it was used.
bool certainly_stale(const MessageStory& story, const OpPart& deletion) {
    return std::any_of(story.leases.begin(), story.leases.end(), [&](const OpPart& lease) {
        return lease.seen().epoch > deletion.use().receipt.epoch &&
               lease.op->returned_ns < deletion.op->invoked_ns;
    });
}

bool may_be_deleted(const MessageStory& story) {
    return std::any_of(story.deletes.begin(), story.deletes.end(), [&](const OpPart& deletion) {
        return deletion.op->possible() && !certainly_stale(story, deletion);
    });
}

// One of these may have swept the queue after the send had begun.
bool may_be_swept(const std::vector<const Operation*>& sweeps, const Operation& send) {
    return std::any_of(sweeps.begin(), sweeps.end(), [&](const Operation* sweep) {
        return sweep->possible() && sweep->settled_ns() > send.invoked_ns;
    });
}

bool justly_gone(const HistoryIndex& index, const MessageStory& story, const Operation& send) {
    const QueueStory& queue = index.queue(send.queue);
    if (may_be_deleted(story) || queue.drop_oldest) return true;
    if (may_be_swept(queue.purges, send) || may_be_swept(queue.deletions, send)) return true;
    // The answer may be of a repetition, long after the first application.
    const int64_t took_ms = (send.returned_ns - send.invoked_ns) / 1'000'000 + 1;
    const ClusterTime sent = story.leases.empty() ? send.at.time.plus_ms(-took_ms)
                                                  : story.leases[0].seen().sent;
    return index.latest(send.at.group).ms - sent.ms >= queue.retention_ms_min;
}

}  // namespace

void check_no_loss(const HistoryIndex& index, Verdict& verdict) {
    if (!index.history().drained) return;
    for (const auto& [key, story] : index.messages()) {
        if (story.sends.empty()) continue;
        const Operation& send = *story.sends[0].op;
        if (justly_gone(index, story, send)) continue;
        if (index.dead_letters().contains({send.queue, key.second})) continue;  // Q16 looks after it
        verdict.add("Q1", fmt::format("message {} of queue {} is lost: accepted by {}; received {} "
                                      "times, and nobody deleted it",
                                      key.second.value, key.first.value, to_string(send),
                                      story.leases.size()),
                    index.history().ended_ns);
    }
}

}  // namespace quern::harness
