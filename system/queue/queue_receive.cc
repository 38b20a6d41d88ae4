// Leases: handing out, deleting, extending.
#include <algorithm>

#include "system/base/planted_bug.h"
#include "system/queue/queue_state.h"

namespace quern::queue {

Reply QueueState::receive(ApplyContext& ctx, const Receive& command) {
    if (command.messages_max < 1 || command.messages_max > limits::receive_entries_max) {
        return {Error(ErrorCode::invalid_argument, "number of messages out of range",
                      limits::receive_entries_max, command.messages_max)};
    }
    if (command.visibility_ms < -1 || command.visibility_ms > visibility_ms_max) {
        return {Error(ErrorCode::invalid_argument, "visibility timeout out of range",
                      visibility_ms_max, command.visibility_ms)};
    }
    ReceiveReply reply;
    if (data_->counters.ready == 0) return {std::move(reply)};
    const MessageSeq current = data_->first_current(ctx.time);
    MessageSeq seq = current == no_message ? no_message : data_->table.next_ready(current);
    if (seq == no_message) return {std::move(reply)};

    const Attributes& a = data_->attributes;
    const int64_t visibility_ms = command.visibility_ms < 0 ? a.visibility_ms : command.visibility_ms;
    const uint64_t leased = data_->counters.leased;
    uint64_t count_max = command.messages_max;
    if (visibility_ms > 0) {  // else nothing stays leased, and the limit does not matter
        if (leased >= a.leased_messages_max && !PLANTED(lease_limit_ignored)) {
            return {Error(ErrorCode::over_limit, "too many leased messages",
                          static_cast<int64_t>(a.leased_messages_max), static_cast<int64_t>(leased))};
        }
        if (!PLANTED(lease_limit_ignored)) count_max = std::min(count_max, a.leased_messages_max - leased);
    }
    reply.deliveries.reserve(std::min(count_max, data_->counters.ready));
    uint64_t bytes = 0;
    while (seq != no_message && reply.deliveries.size() < count_max) {
        bytes += data_->table.find(seq)->size_bytes;
        if (!reply.deliveries.empty() && bytes > command.bytes_max) break;
        hand_out(ctx, seq, visibility_ms, reply);
        seq = data_->table.next_ready(seq.next());
    }
    limit_stale();
    return {std::move(reply)};
}

void QueueState::hand_out(ApplyContext& ctx, MessageSeq seq, int64_t visibility_ms,
                          ReceiveReply& reply) {
    QueueData& d = data_.edit();
    // A lease of no time is over at once: the message stays ready, with its epoch and count raised.
    const bool leased = visibility_ms > 0;
    MessageRecord& r = d.table.edit(seq, leased ? MessageState::leased : MessageState::ready);
    // After 2^32 - 1 leases the number stays; by then receipts of that age are long over.
    if (r.epoch != UINT32_MAX) ++r.epoch;
    r.received_ms = ctx.time.ms;
    if (r.epoch == 1) r.first_received_ms = ctx.time.ms;
    ++d.counters.received;
    if (leased) {
        r.due_ms = ctx.time.ms + visibility_ms;
        due_.add(r.due_ms, seq);
        --d.counters.ready;
        ++d.counters.leased;
        d.leased_bytes += r.size_bytes;
    } else {
        became_ready_ = true;
    }
    reply.deliveries.push_back(delivery_of(seq, r));
    reply.deliveries.back().leased_until = ClusterTime{ctx.time.ms + visibility_ms};
    ctx.hash.add(seq.value);
    ctx.hash.add(uint64_t{r.epoch});
}

ReceiveReply QueueState::redeliver(ClusterTime now, const ReceiveReply& first) const {
    ReceiveReply reply;
    for (const Delivery& d : first.deliveries) {
        const MessageRecord* r = data_->table.find(d.seq);
        if (r == nullptr || r->epoch != d.epoch.value) continue;
        if (r->due_ms <= now.ms && !PLANTED(repetition_revives_lease)) continue;
        if (data_->past_retention(*r, now)) continue;
        reply.deliveries.push_back(delivery_of(d.seq, *r));
    }
    return reply;
}

// Not of this queue, or of a message that it never held.
bool QueueState::foreign(const Receipt& receipt) const {
    return (receipt.queue != id_ && !PLANTED(receipt_of_any_queue)) || receipt.seq.value == 0 || receipt.seq >= data_->next_seq ||
           receipt.epoch.value == 0;
}

namespace {

Error batch_error(size_t count) {
    if (count == 0) return Error(ErrorCode::batch_empty);
    return Error(ErrorCode::batch_too_large, "too many receipts", limits::batch_entries_max,
                 static_cast<int64_t>(count));
}

bool batch_allowed(size_t count) { return count > 0 && count <= limits::batch_entries_max; }

}  // namespace

Reply QueueState::remove(ApplyContext& ctx, const Delete& command) {
    if (!batch_allowed(command.receipts.size())) return {batch_error(command.receipts.size())};
    DeleteReply reply;
    reply.results.reserve(command.receipts.size());
    for (const Receipt& receipt : command.receipts) reply.results.push_back(remove_one(ctx, receipt));
    limit_stale();
    return {std::move(reply)};
}

// A receipt counts as long as the message was not handed out again, also after its lease ended.
ErrorCode QueueState::remove_one(ApplyContext& ctx, const Receipt& receipt) {
    if (foreign(receipt)) return ErrorCode::receipt_invalid;
    const MessageRecord* r = data_->table.find(receipt.seq);
    if (r == nullptr) return ErrorCode::ok;
    if (PLANTED(body_freed_on_stale_delete)) {
        ctx.dead.push_back({LogIndex{r->index}, r->offset_bytes, r->size_bytes});
    }
    if (r->epoch != receipt.epoch.value && !PLANTED(receipt_without_epoch)) return ErrorCode::ok;
    if (data_->past_retention(*r, ctx.time)) return ErrorCode::ok;
    take_out(ctx, receipt.seq, data_.edit().counters.deleted);
    return ErrorCode::ok;
}

Reply QueueState::change_visibility(ApplyContext& ctx, const ChangeVisibility& command) {
    if (!batch_allowed(command.changes.size())) return {batch_error(command.changes.size())};
    ChangeVisibilityReply reply;
    reply.results.reserve(command.changes.size());
    for (const VisibilityChange& change : command.changes) {
        reply.results.push_back(change_one(ctx, change));
    }
    limit_stale();
    return {std::move(reply)};
}

// Only a lease that stands can be changed, and it ends at most 12 h after its receive.
ErrorCode QueueState::change_one(ApplyContext& ctx, const VisibilityChange& change) {
    if (foreign(change.receipt)) return ErrorCode::receipt_invalid;
    if (change.visibility_ms < 0 || change.visibility_ms > visibility_ms_max) {
        return ErrorCode::invalid_argument;
    }
    const MessageSeq seq = change.receipt.seq;
    const MessageRecord* seen = data_->table.find(seq);
    if (seen == nullptr || seen->epoch != change.receipt.epoch.value) return ErrorCode::receipt_stale;
    // A ready message's due time is 0: its lease is over.
    if (seen->due_ms <= ctx.time.ms || data_->past_retention(*seen, ctx.time)) {
        return ErrorCode::receipt_stale;
    }
    const int64_t until_ms = ctx.time.ms + change.visibility_ms;
    if (until_ms > seen->received_ms + visibility_ms_max) return ErrorCode::invalid_argument;
    if (change.visibility_ms == 0) {
        make_ready(seq, MessageState::leased);
    } else if (until_ms != seen->due_ms) {
        data_.edit().table.edit(seq, MessageState::leased).due_ms = until_ms;
        if (!PLANTED(extended_lease_never_ends)) due_.add(until_ms, seq);
    }
    ctx.hash.add(seq.value);
    ctx.hash.add(static_cast<uint64_t>(until_ms));
    return ErrorCode::ok;
}

}  // namespace quern::queue
