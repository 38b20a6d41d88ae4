#include "system/queue/queue_state.h"

#include "system/base/planted_bug.h"

namespace quern::queue {

Result<void> check_attributes(const Attributes& a) {
    auto span = [](int64_t ms, int64_t low) { return ms >= low && ms <= span_ms_max; };
    if (a.visibility_ms < 0 || a.visibility_ms > visibility_ms_max) {
        return fail(Error(ErrorCode::invalid_attribute, "visibility timeout out of range",
                          visibility_ms_max, a.visibility_ms));
    }
    if (!span(a.delay_ms, 0)) {
        return fail(Error(ErrorCode::invalid_attribute, "delay out of range", span_ms_max, a.delay_ms));
    }
    if (!span(a.retention_ms, 1)) {
        return fail(Error(ErrorCode::invalid_attribute, "retention out of range", span_ms_max,
                          a.retention_ms));
    }
    if (a.overflow != Overflow::reject && a.overflow != Overflow::drop_oldest) {
        return fail(ErrorCode::invalid_attribute, "unknown overflow policy");
    }
    return {};
}

bool QueueData::over_size() const {
    const Attributes& a = attributes;
    return (a.queue_messages_max != 0 && counters.live() > a.queue_messages_max) ||
           (a.queue_bytes_max != 0 && counters.live_bytes > a.queue_bytes_max);
}

MessageSeq QueueData::first_current(ClusterTime now) const {
    const MessageSeq first = table.next(MessageSeq{0});
    if (first == no_message || !past_retention(*table.find(first), now)) return first;
    return table.first_sent_after(now.ms - attributes.retention_ms);
}

Delivery delivery_of(MessageSeq seq, const MessageRecord& r) {
    Delivery d;
    d.seq = seq;
    d.epoch = LeaseEpoch{r.epoch};
    d.content = {LogIndex{r.index}, r.offset_bytes, r.size_bytes};
    d.body_bytes = r.body_bytes;
    d.receive_count = r.epoch;
    d.sent = ClusterTime{r.sent_ms};
    d.first_received = ClusterTime{r.first_received_ms};
    d.leased_until = ClusterTime{r.due_ms};
    return d;
}

QueueState::QueueState(QueueId id, CatalogueVersion version, const Attributes& attributes)
    : id_(id), data_(new QueueData) {
    set_attributes(version, attributes);
}

QueueState::QueueState(QueueId id, Shared<QueueData> data) : id_(id), data_(std::move(data)) {
    if (PLANTED(leases_stand_after_restore)) return;
    due_.rebuild(data_->table);
    if (!PLANTED(snapshot_drops_leases)) return;
    for (MessageSeq seq = data_->table.next(MessageSeq{0}); seq != no_message;
         seq = data_->table.next(seq.next())) {
        if (data_->table.state(seq) == MessageState::leased) make_ready(seq, MessageState::leased);
    }
}

void QueueState::set_attributes(CatalogueVersion version, const Attributes& attributes) {
    QueueData& d = data_.edit();
    d.version = version;
    d.attributes = attributes;
}

void QueueState::take_out(ApplyContext& ctx, MessageSeq seq, uint64_t& gone) {
    QueueData& d = data_.edit();
    const MessageRecord& r = *d.table.find(seq);
    switch (d.table.state(seq)) {
        case MessageState::ready: --d.counters.ready; break;
        case MessageState::delayed: --d.counters.delayed; break;
        case MessageState::leased:
            --d.counters.leased;
            d.leased_bytes -= r.size_bytes;
            break;
    }
    d.counters.live_bytes -= r.size_bytes;
    ++gone;
    if (!PLANTED(body_never_freed)) {
        ctx.dead.push_back({LogIndex{r.index}, r.offset_bytes, r.size_bytes});
    }
    ctx.hash.add(seq.value);
    d.table.erase(seq);
}

void QueueState::make_ready(MessageSeq seq, MessageState before) {
    QueueData& d = data_.edit();
    MessageRecord& r = d.table.edit(seq, MessageState::ready);
    r.due_ms = 0;
    if (before == MessageState::leased) {
        --d.counters.leased;
        d.leased_bytes -= r.size_bytes;
    } else if (!PLANTED(counter_drift)) {
        --d.counters.delayed;
    }
    ++d.counters.ready;
    became_ready_ = true;
}

void QueueState::limit_stale() {
    due_.limit_stale(data_->table, data_->counters.leased + data_->counters.delayed);
}

Reply QueueState::purge(ApplyContext& ctx) {
    QueueData& d = data_.edit();
    const uint64_t purged = d.counters.live();
    d.counters.purged += purged;
    bury(ctx);
    return {PurgeReply{purged}};
}

void QueueState::bury(ApplyContext& ctx) {
    QueueData& d = data_.edit();
    d.counters.ready = d.counters.delayed = d.counters.leased = d.counters.live_bytes = 0;
    d.leased_bytes = 0;
    if (PLANTED(purge_reuses_numbers)) d.next_seq = MessageSeq{1};
    ctx.graveyard.bury(id_, std::exchange(d.table, MessageTable{}));
    due_.clear();
    ctx.hash.add(d.next_seq.value);
}

bool QueueState::has_ready(ClusterTime now) const {
    if (data_->counters.ready == 0) return false;
    const MessageSeq first = data_->first_current(now);
    return first != no_message && data_->table.next_ready(first) != no_message;
}

size_t QueueState::memory_bytes() const {
    return sizeof(QueueState) + sizeof(QueueData) + data_->table.memory_bytes() + due_.memory_bytes();
}

}  // namespace quern::queue
