// What time makes due in one queue.
#include "system/base/planted_bug.h"
#include "system/queue/queue_state.h"

namespace quern::queue {

ClusterTime QueueState::due_deadline() const {
    const DueMessage* first = due_.first(data_->table);
    return first == nullptr ? ClusterTime::never() : ClusterTime{first->due_ms};
}

size_t QueueState::sweep_due(ApplyContext& ctx, size_t count_max) {
    size_t count = 0;
    for (; count < count_max; ++count) {
        const DueMessage* first = due_.first(data_->table);
        if (first == nullptr || first->due_ms > ctx.time.ms) break;
        const MessageSeq seq = first->seq;
        make_ready(seq, data_->table.state(seq));
        ctx.hash.add(seq.value);
    }
    limit_stale();
    return count;
}

ClusterTime QueueState::excess_deadline() const {
    const QueueData& d = *data_;
    if (d.attributes.overflow == Overflow::drop_oldest && d.over_size() &&
        d.counters.ready + d.counters.delayed > 0) {
        return ClusterTime{0};
    }
    const MessageSeq oldest = d.table.next(MessageSeq{0});
    if (oldest == no_message) return ClusterTime::never();
    return ClusterTime{d.table.find(oldest)->sent_ms}.plus_ms(d.attributes.retention_ms);
}

size_t QueueState::sweep_excess(ApplyContext& ctx, size_t count_max) {
    size_t count = 0;
    for (; count < count_max; ++count) {
        const MessageSeq oldest = data_->table.next(MessageSeq{0});
        if (oldest == no_message) break;
        const MessageRecord& record = *data_->table.find(oldest);
        if (!data_->past_retention(record, ctx.time)) break;
        if (PLANTED(retention_from_receive) && record.received_ms > record.sent_ms) break;
        take_out(ctx, oldest, data_.edit().counters.expired);
    }
    for (; count < count_max && excess_deadline() == ClusterTime{0}; ++count) drop_oldest(ctx);
    limit_stale();
    return count;
}

}  // namespace quern::queue
