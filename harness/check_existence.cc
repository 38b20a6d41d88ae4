// Q13, Q18: a queue that was made is there until somebody may have deleted it.
#include <algorithm>

#include <fmt/format.h>

#include "harness/checkers.h"

namespace quern::harness {

namespace {

// The last of these, by return, that was done before `at_ns`.
const Operation* last_done(const std::vector<const Operation*>& ops, int64_t at_ns) {
    const Operation* last = nullptr;
    for (const Operation* op : ops) {
        if (!op->ok() || op->returned_ns >= at_ns) continue;
        if (last == nullptr || op->returned_ns > last->returned_ns) last = op;
    }
    return last;
}

// Whether a deletion other than `op` can have come after `made` began and before `op` was answered.
bool may_be_deleted(const QueueStory& story, const Operation& made, const Operation& op) {
    return std::any_of(story.deletions.begin(), story.deletions.end(), [&](const Operation* deletion) {
        return deletion != &op && deletion->possible() && deletion->settled_ns() > made.invoked_ns &&
               deletion->invoked_ns < op.returned_ns;
    });
}

}  // namespace

void check_existence(const HistoryIndex& index, Verdict& verdict) {
    for (const Operation& op : index.history().operations) {
        if (op.queue.empty() || op.error != ErrorCode::queue_does_not_exist) continue;
        if (!op.returned() || op.outcome != OpOutcome::fail) continue;
        const QueueStory& story = index.queue(op.queue);
        const Operation* made = last_done(story.creations, op.invoked_ns);
        if (made == nullptr || may_be_deleted(story, *made, op)) continue;
        verdict.add(op.kind == OpKind::delete_queue ? "Q13" : "Q18",
                    fmt::format("a queue that nobody deleted is gone: {}; made by {}", to_string(op),
                                to_string(*made)),
                    op.returned_ns);
    }
}

}  // namespace quern::harness
