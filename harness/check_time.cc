// Q15: cluster time never goes back, follows the true time, and alone decides on delays and retention.
#include <algorithm>

#include <fmt/format.h>

#include "harness/checkers.h"

namespace quern::harness {

namespace {

void check_monotone(const HistoryIndex& index, Verdict& verdict) {
    std::map<GroupId, std::vector<const Operation*>> groups;
    for (const Operation& op : index.history().operations) {
        if (op.ok() && op.at.index) groups[op.at.group].push_back(&op);
    }
    for (auto& [group, ops] : groups) {
        std::stable_sort(ops.begin(), ops.end(), [](const Operation* a, const Operation* b) {
            return a->at.index < b->at.index;
        });
        for (size_t i = 1; i < ops.size(); ++i) {
            const Position& a = ops[i - 1]->at;
            const Position& b = ops[i]->at;
            const bool good = a.index == b.index ? a.time == b.time : a.time <= b.time;
            if (good) continue;
            verdict.add("Q15", fmt::format("cluster time of group {} went from {} at index {} to {} "
                                           "at {}: {}",
                                           group.value, a.time.ms, a.index.value, b.time.ms,
                                           b.index.value, to_string(*ops[i])),
                        ops[i]->returned_ns);
        }
    }
}

// Whether the operation made an entry. Receipts that are all invalid are refused without one.
bool stamps_its_time(const Operation& op) {
    if (op.kind == OpKind::send || op.kind == OpKind::purge) return true;
    return std::any_of(op.receipts.begin(), op.receipts.end(), [](const ReceiptUse& use) {
        return use.result != ErrorCode::receipt_invalid;
    });
}

void check_truth(const HistoryIndex& index, const CheckOptions& options, Verdict& verdict) {
    if (options.started_wall_ms == 0) return;
    for (const Operation& op : index.history().operations) {
        if (!op.ok() || !op.at.index) continue;
        const int64_t asked = options.started_wall_ms + op.invoked_ns / 1'000'000;
        const int64_t answered = options.started_wall_ms + op.returned_ns / 1'000'000;
        const bool early = stamps_its_time(op) && op.at.time.ms < asked - options.clock_slack_ms;
        const bool late = op.at.time.ms > answered + options.clock_slack_ms;
        if (!early && !late) continue;
        verdict.add("Q15", fmt::format("cluster time is {} ms {} the true time: {}",
                                       early ? asked - op.at.time.ms : op.at.time.ms - answered,
                                       early ? "behind" : "ahead of", to_string(op)),
                    op.returned_ns);
    }
}

void check_message(const HistoryIndex& index, const MessageStory& story, Verdict& verdict) {
    for (const OpPart& lease : story.leases) {
        const SeenMessage& seen = lease.seen();
        const Operation& op = *lease.op;
        if (!story.sends.empty()) {
            const int64_t delay = std::max<int64_t>(0, story.sends[0].sent().delay_ms);
            if (seen.first_received < seen.sent.plus_ms(delay)) {
                verdict.add("Q15", fmt::format("received {} ms after it was sent with a delay of {}: "
                                               "{}",
                                               seen.first_received.ms - seen.sent.ms, delay,
                                               to_string(op)),
                            op.returned_ns);
            }
            if (seen.sent > story.sends[0].op->at.time) {
                verdict.add("Q15", "a message was sent later than its send was answered: " +
                                       to_string(op),
                            op.returned_ns);
            }
        }
        const int64_t retention = index.queue(op.queue).retention_ms_max;
        const int64_t visibility = std::max<int64_t>(0, op.visibility_ms);
        const ClusterTime taken = op.visibility_ms < 0 ? seen.first_received
                                                       : seen.leased_until.plus_ms(-visibility);
        if (retention > 0 && taken >= seen.sent.plus_ms(retention)) {
            verdict.add("Q15", fmt::format("delivered {} ms after it was sent, past retention ({}): "
                                           "{}",
                                           taken.ms - seen.sent.ms, retention, to_string(op)),
                        op.returned_ns);
        }
        if (seen.sent != story.leases[0].seen().sent ||
            seen.first_received != story.leases[0].seen().first_received) {
            verdict.add("Q15", "the times of a message changed: " + to_string(op), op.returned_ns);
        }
    }
}

}  // namespace

void check_time(const HistoryIndex& index, const CheckOptions& options, Verdict& verdict) {
    check_monotone(index, verdict);
    check_truth(index, options, verdict);
    for (const auto& [key, story] : index.messages()) check_message(index, story, verdict);
}

}  // namespace quern::harness
