// How many messages there are of one that was sent: Q9 deduplication, Q16 dead letters, L11 poison.
#include <algorithm>

#include <fmt/format.h>

#include "harness/checkers.h"

namespace quern::harness {

namespace {

constexpr int64_t ms_ns = 1'000'000;

struct Window {
    int64_t least_ns = 0;
    int64_t most_ns = 0;
};

void compare(const OpPart& first, const OpPart& second, bool nothing_between, Window window,
             Verdict& verdict) {
    const int64_t apart_most = second.op->returned_ns - first.op->invoked_ns;
    const int64_t apart_least = second.op->invoked_ns - first.op->returned_ns;
    const bool same = first.sent().seq == second.sent().seq;
    if (!same && apart_most < window.least_ns) {
        verdict.add("Q9", fmt::format("two messages of deduplication id {} within the window: {} and {}",
                                      first.sent().dedup_id, to_string(*first.op),
                                      to_string(*second.op)),
                    second.op->returned_ns);
    }
    if (same && nothing_between && apart_least > window.most_ns) {
        verdict.add("Q9", fmt::format("a message of deduplication id {} was taken for one of before "
                                      "the window: {} and {}",
                                      first.sent().dedup_id, to_string(*first.op),
                                      to_string(*second.op)),
                    second.op->returned_ns);
    }
}

// A copy in the dead-letter queue that was seen: from then on the original is gone, and there is no other.
void check_copies(const HistoryIndex& index, const HistoryIndex::DeadLetterKey& key,
                  const std::vector<OpPart>& copies, Verdict& verdict) {
    const OpPart& first = copies[0];
    for (const OpPart& copy : copies) {
        const bool same = copy.seen().seq == first.seen().seq && copy.op->at.queue == first.op->at.queue;
        if (!same) {
            verdict.add("Q16", fmt::format("message {} of {} is there twice as a dead letter: {} and {}",
                                           key.second.value, key.first, to_string(*first.op),
                                           to_string(*copy.op)),
                        copy.op->returned_ns);
        }
        if (copy.seen().receive_count > copy.seen().epoch.value) {
            verdict.add("Q16", "the receive count of a dead letter does not begin anew: " +
                                   to_string(*copy.op),
                        copy.op->returned_ns);
        }
    }
    for (const auto& [message, story] : index.messages()) {
        if (message.second != key.second || story.leases.empty()) continue;
        for (const OpPart& lease : story.leases) {
            if (lease.op->queue != key.first || lease.op->invoked_ns <= first.op->returned_ns) continue;
            verdict.add("Q16", fmt::format("a message was handed out after it had become a dead letter: "
                                           "{}; seen there by {}",
                                           to_string(*lease.op), to_string(*first.op)),
                        lease.op->returned_ns);
        }
    }
}

}  // namespace

void check_deduplication(const HistoryIndex& index, const CheckOptions& options, Verdict& verdict) {
    using Key = std::tuple<QueueId, std::string, std::string>;  // queue, group, deduplication id
    std::map<Key, std::vector<OpPart>> sends;
    for (const Operation& op : index.history().operations) {
        for (size_t i = 0; op.kind == OpKind::send && i < op.sent.size(); ++i) {
            if (op.sent[i].dedup_id.empty() || !op.possible()) continue;
            const QueueId queue = op.ok() ? op.at.queue : QueueId{};
            sends[{queue, op.sent[i].group_id, op.sent[i].dedup_id}].push_back({&op, i});
        }
    }
    for (const auto& [key, parts] : sends) {
        if (!std::get<0>(key)) continue;
        const QueueStory& queue = index.queue(parts[0].op->queue);
        if (queue.dedup_window_ms_min == 0) continue;
        // Sends of unknown outcome may lie between any two.
        const auto unknown = sends.find({QueueId{}, std::get<1>(key), std::get<2>(key)});
        const Window window{(queue.dedup_window_ms_min - options.clock_slack_ms) * ms_ns,
                            (queue.dedup_window_ms_max + options.clock_slack_ms) * ms_ns};
        const OpPart* before = nullptr;
        for (const OpPart& part : parts) {
            if (part.sent().error != ErrorCode::ok) continue;
            if (before != nullptr) {
                compare(*before, part, unknown == sends.end(), window, verdict);
            }
            before = &part;
        }
    }
}

void check_dead_letters(const HistoryIndex& index, Verdict& verdict) {
    for (const auto& [key, copies] : index.dead_letters()) check_copies(index, key, copies, verdict);
    for (const Operation& op : index.history().operations) {
        if (op.kind != OpKind::receive || !op.ok()) continue;
        const uint32_t most = index.queue(op.queue).receives_max;
        for (const SeenMessage& seen : op.seen) {
            if (most == 0 || seen.receive_count <= most) continue;
            verdict.add("L11", fmt::format("message {} was handed out for the {}th time, and {} is the "
                                           "most: {}",
                                           seen.seq.value, seen.receive_count, most, to_string(op)),
                        op.returned_ns);
        }
    }
}

}  // namespace quern::harness
