// L3: what is there to be had is delivered to a consumer that asks for it. Who empties the queues after the
// faults is such a consumer: it never stops asking before a queue is empty.
#include <algorithm>

#include <fmt/format.h>

#include "harness/checkers.h"

namespace quern::harness {

namespace {

// How far the emptying of one queue has come.
struct Emptying {
    bool begun = false;
    bool done = false;
    int64_t progress_ns = 0;  // the first question, or the last answer that got it further
    const Operation* last = nullptr;
};

bool removed_something(const Operation& op) {
    return op.kind == OpKind::remove && op.ok() &&
           std::any_of(op.receipts.begin(), op.receipts.end(),
                       [](const ReceiptUse& use) { return use.result == ErrorCode::ok; });
}

void follow(const Operation& op, Emptying& queue) {
    if (!queue.begun) queue.progress_ns = op.invoked_ns;
    queue.begun = true;
    queue.last = &op;
    if (!op.returned()) return;
    const bool gone = op.outcome == OpOutcome::fail && op.error == ErrorCode::queue_does_not_exist;
    const bool empty = op.kind == OpKind::status && op.ok() && op.counters.live() == 0;
    queue.done = queue.done || gone || empty;
    if (removed_something(op)) queue.progress_ns = std::max(queue.progress_ns, op.returned_ns);
}

}  // namespace

void check_drained(const HistoryIndex& index, const CheckOptions& options, Verdict& verdict) {
    if (options.drain_ms == 0) return;
    const History& history = index.history();
    std::map<std::string, Emptying> queues;
    for (const Operation& op : history.operations) {
        if (op.draining) follow(op, queues[op.queue]);
    }
    for (const auto& [name, queue] : queues) {
        const int64_t bound = queue.progress_ns + options.drain_ms * 1'000'000;
        if (queue.done || history.ended_ns < bound) continue;
        verdict.add("L3", fmt::format("the queue {} is not empty, and nothing came out of it for {} ms: {}",
                                      name, options.drain_ms, to_string(*queue.last)),
                    bound);
    }
}

}  // namespace quern::harness
