// Sending: validation, room, the record.
#include "system/base/planted_bug.h"
#include "system/queue/queue_state.h"

namespace quern::queue {

Reply QueueState::send(ApplyContext& ctx, const Send& command) {
    if (command.entries.empty()) return {Error(ErrorCode::batch_empty)};
    if (command.entries.size() > limits::batch_entries_max) {
        return {Error(ErrorCode::batch_too_large, "too many entries", limits::batch_entries_max,
                      static_cast<int64_t>(command.entries.size()))};
    }
    uint64_t bytes = 0;
    for (const SendEntry& entry : command.entries) bytes += entry.content.size();
    if (bytes > limits::batch_bytes_max) {
        return {Error(ErrorCode::batch_too_large, "too many bytes", limits::batch_bytes_max,
                      static_cast<int64_t>(bytes))};
    }
    SendReply reply;
    reply.results.reserve(command.entries.size());
    for (const SendEntry& entry : command.entries) reply.results.push_back(send_one(ctx, entry));
    if (PLANTED(batch_judged_by_first) && reply.results.front().error == ErrorCode::ok) {
        for (SendResult& result : reply.results) result.error = ErrorCode::ok;
    }
    return {std::move(reply)};
}

SendResult QueueState::send_one(ApplyContext& ctx, const SendEntry& entry) {
    SendResult result;
    const uint64_t size = entry.content.size();
    const Attributes& a = data_->attributes;
    if (size > a.message_bytes_max) {
        result.error = ErrorCode::message_too_large;
        result.limit = static_cast<int64_t>(a.message_bytes_max);
        result.actual = static_cast<int64_t>(size);
        return result;
    }
    if (entry.body_bytes > size || entry.delay_ms < -1 || entry.delay_ms > span_ms_max) {
        result.error = ErrorCode::invalid_argument;
        return result;
    }
    if (!make_room(ctx, size, result)) return result;

    QueueData& d = data_.edit();
    const int64_t delay_ms = entry.delay_ms < 0 ? d.attributes.delay_ms : entry.delay_ms;
    const bool delayed = delay_ms > 0;
    result.seq = d.next_seq;
    d.next_seq = d.next_seq.next();
    MessageRecord& r =
        d.table.append(result.seq, delayed ? MessageState::delayed : MessageState::ready);
    r.index = ctx.index.value;
    r.sent_ms = ctx.time.ms;
    if (size != 0) {
        const ptrdiff_t offset = entry.content.data() - ctx.payload;
        QUERN_ASSERT(offset >= 0 && offset <= UINT32_MAX);
        r.offset_bytes = static_cast<uint32_t>(offset);
    }
    r.size_bytes = static_cast<uint32_t>(size);
    r.body_bytes = entry.body_bytes;
    ++d.counters.sent;
    d.counters.live_bytes += size;
    if (delayed) {
        r.due_ms = ctx.time.ms + delay_ms;
        due_.add(r.due_ms, result.seq);
        ++d.counters.delayed;
    } else {
        ++d.counters.ready;
        became_ready_ = true;
    }
    ctx.hash.add(result.seq.value);
    ctx.hash.add(uint64_t{r.offset_bytes} << 32 | r.size_bytes);
    return result;
}

// Makes room for one more message of `bytes`, or says why there is none and changes nothing. The value
// reported as actual is what the queue would have come to hold. Messages past retention never stand in
// the way. Dropping is paid for by the sends that brought in what is dropped, so it needs no bound of
// its own; what is too much because an attribute was lowered is the sweep's, and until it is done
// nothing is accepted.
bool QueueState::make_room(ApplyContext& ctx, uint64_t bytes, SendResult& refusal) {
    const uint64_t messages_max = data_->attributes.queue_messages_max;
    const uint64_t bytes_max = data_->attributes.queue_bytes_max;
    auto too_many = [&](uint64_t live) { return messages_max != 0 && live + (PLANTED(one_message_too_many) ? 0 : 1) > messages_max; };
    auto too_much = [&](uint64_t live) { return bytes_max != 0 && live + bytes > bytes_max; };
    auto full = [&] {
        const Counters& c = data_->counters;
        return too_many(c.live()) || too_much(c.live_bytes);
    };
    if (!full()) return true;
    while (full()) {
        const MessageSeq oldest = data_->table.next(MessageSeq{0});
        if (oldest == no_message || !data_->past_retention(*data_->table.find(oldest), ctx.time)) break;
        take_out(ctx, oldest, data_.edit().counters.expired);
    }
    if (!full()) return true;
    const Counters& c = data_->counters;
    const bool can_drop = data_->attributes.overflow == Overflow::drop_oldest &&
                          !data_->over_size() && !too_many(c.leased) &&
                          !too_much(data_->leased_bytes);
    if (can_drop) {
        while (full()) drop_oldest(ctx);
        limit_stale();
        return true;
    }
    refusal.error = ErrorCode::queue_full;
    const bool count = too_many(c.live());
    refusal.limit = static_cast<int64_t>(count ? messages_max : bytes_max);
    refusal.actual = static_cast<int64_t>(count ? c.live() + 1 : c.live_bytes + bytes);
    return false;
}

void QueueState::drop_oldest(ApplyContext& ctx) {
    QueueData& d = data_.edit();
    MessageSeq victim = PLANTED(leased_message_dropped) ? d.table.next(MessageSeq{0})
                                                        : d.table.next_ready(MessageSeq{0});
    if (victim == no_message) victim = d.table.next_delayed(MessageSeq{0});
    QUERN_ASSERT(victim != no_message);
    take_out(ctx, victim, d.counters.dropped);
}

}  // namespace quern::queue
