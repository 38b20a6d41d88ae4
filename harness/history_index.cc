#include "harness/history_index.h"

#include <algorithm>

namespace quern::harness {

HistoryIndex::HistoryIndex(const History& history) : history_(&history) {
    for (const Operation& op : history.operations) add(op);
    for (auto& [key, story] : messages_) {
        std::stable_sort(story.leases.begin(), story.leases.end(),
                         [](const OpPart& a, const OpPart& b) {
                             return a.seen().epoch < b.seen().epoch;
                         });
    }
    find_bounds();
}

void HistoryIndex::add(const Operation& op) {
    add_to_queue(op);
    for (size_t i = 0; i < op.sent.size(); ++i) {
        contents_[{op.queue, op.sent[i].hash}].push_back({&op, i});
        if (op.ok() && op.sent[i].error == ErrorCode::ok) {
            messages_[{op.at.queue, op.sent[i].seq}].sends.push_back({&op, i});
        }
    }
    for (size_t i = 0; op.ok() && i < op.seen.size(); ++i) {
        if (!op.seen[i].from_queue.empty()) {
            dead_letters_[{op.seen[i].from_queue, op.seen[i].from_seq}].push_back({&op, i});
        }
        MessageStory& story = messages_[{op.at.queue, op.seen[i].seq}];
        (op.kind == OpKind::peek ? story.peeks : story.leases).push_back({&op, i});
    }
    for (size_t i = 0; i < op.receipts.size(); ++i) {
        const ReceiptUse& use = op.receipts[i];
        if (!use.genuine) continue;
        MessageStory& story = messages_[{use.receipt.queue, use.receipt.seq}];
        (op.kind == OpKind::remove ? story.deletes : story.changes).push_back({&op, i});
    }
    if (op.ok() && op.at.index) {
        ClusterTime& latest = latest_[op.at.group];
        latest = std::max(latest, op.at.time);
    }
}

void HistoryIndex::add_to_queue(const Operation& op) {
    if (op.queue.empty()) return;
    QueueStory& story = queues_[op.queue];
    auto saw_attributes = [&story, &op](const QueueAttributes& a) {
        story.visibility_ms_min = std::min(story.visibility_ms_min, a.visibility_ms);
        story.delay_ms_max = std::max(story.delay_ms_max, a.delay_ms);
        story.leased_messages_min = std::min(story.leased_messages_min, a.leased_messages_max);
        const int64_t window = op.policy.dedup_window_ms;
        if (story.dedup_window_ms_max == 0) story.dedup_window_ms_min = window;
        story.dedup_window_ms_min = std::min(story.dedup_window_ms_min, window);
        story.dedup_window_ms_max = std::max(story.dedup_window_ms_max, window);
        story.receives_max = std::max(story.receives_max, op.policy.receives_max);
        if (story.retention_ms_max == 0) story.retention_ms_min = a.retention_ms;
        story.retention_ms_min = std::min(story.retention_ms_min, a.retention_ms);
        story.retention_ms_max = std::max(story.retention_ms_max, a.retention_ms);
        if (a.overflow == Overflow::drop_oldest) story.drop_oldest = true;
    };
    switch (op.kind) {
        case OpKind::receive: story.receives.push_back(&op); break;
        case OpKind::purge: story.purges.push_back(&op); break;
        case OpKind::delete_queue: story.deletions.push_back(&op); break;
        case OpKind::status: story.statuses.push_back(&op); break;
        case OpKind::create_queue:
            story.creations.push_back(&op);
            saw_attributes(op.attributes);
            break;
        case OpKind::set_attributes:
            story.settings.push_back(&op);
            saw_attributes(op.attributes);
            break;
        default: break;
    }
}

void HistoryIndex::find_bounds() {
    const std::vector<Operation>& ops = history_->operations;
    after_.assign(ops.size(), LogIndex{});
    std::vector<const Operation*> by_return;
    for (const Operation& op : ops) {
        if (op.ok() && op.at.index) by_return.push_back(&op);
    }
    std::sort(by_return.begin(), by_return.end(), [](const Operation* a, const Operation* b) {
        return a->returned_ns != b->returned_ns ? a->returned_ns < b->returned_ns : a < b;
    });
    std::vector<size_t> by_invocation(ops.size());
    for (size_t i = 0; i < ops.size(); ++i) by_invocation[i] = i;
    std::stable_sort(by_invocation.begin(), by_invocation.end(), [&ops](size_t a, size_t b) {
        return ops[a].invoked_ns < ops[b].invoked_ns;
    });
    std::map<GroupId, LogIndex> answered;
    size_t next = 0;
    for (const size_t i : by_invocation) {
        for (; next < by_return.size() && by_return[next]->returned_ns < ops[i].invoked_ns; ++next) {
            LogIndex& index = answered[by_return[next]->at.group];
            index = std::max(index, by_return[next]->at.index);
        }
        if (!ops[i].at.index) continue;
        const auto found = answered.find(ops[i].at.group);
        if (found != answered.end()) after_[i] = found->second;
    }
}

}  // namespace quern::harness
