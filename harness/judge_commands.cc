// The operations on messages against the reference model.
#include <algorithm>

#include <fmt/format.h>

#include "harness/group_judge.h"
#include "system/base/checksum.h"

namespace quern::harness {

namespace {

constexpr int64_t twelve_hours_ms = 12LL * 3600 * 1000;

bool invalid(const queue::SendEntry& entry) {
    return entry.body_bytes > entry.content.size() || entry.delay_ms < -1;
}

}  // namespace

void GroupJudge::send(QueueId id, ReferenceQueue& queue, const queue::Send& send,
                      const queue::SendReply& reply) {
    if (reply.results.size() != send.entries.size()) {
        return found("Q13", "a send has not one result for each message");
    }
    for (size_t i = 0; i < send.entries.size(); ++i) {
        const queue::SendEntry& entry = send.entries[i];
        const auto size = static_cast<uint32_t>(entry.content.size());
        ErrorCode expected = queue.admit(size, time_.ms);
        if (expected != ErrorCode::message_too_large && invalid(entry)) {
            expected = ErrorCode::invalid_argument;
        }
        const queue::SendResult& result = reply.results[i];
        if (result.error != expected) {
            found("S1", fmt::format("a message of {} bytes to queue {} got {}, expected {}", size,
                                    id.value, error_name(result.error), error_name(expected)));
        }
        if (result.error != ErrorCode::ok) continue;
        const int64_t delay = entry.delay_ms < 0 ? queue.attributes.delay_ms : entry.delay_ms;
        const MessageSeq seq = queue.accept(size, delay, time_.ms);
        if (seq != result.seq) {
            found("Q11", fmt::format("a message of queue {} got number {}, expected {}", id.value,
                                     result.seq.value, seq.value));
        }
        sent_.insert(hash64(entry.content));
        births_[{id, seq}] = {hash64(entry.content), size, index_, LogIndex(UINT64_MAX), time_};
    }
    note_removed(id, queue);
}

void GroupJudge::receive(QueueId id, ReferenceQueue& queue, const queue::Receive& receive,
                         const queue::ReceiveReply& reply) {
    const int64_t visibility =
        receive.visibility_ms < 0 ? queue.attributes.visibility_ms : receive.visibility_ms;
    const bool any_ready = std::any_of(
        queue.ready().begin(), queue.ready().end(),
        [&](MessageSeq seq) { return !queue.past_retention(*queue.find(seq), time_.ms); });
    if (reply.deliveries.empty() && any_ready) {
        found("L5", fmt::format("a receive on queue {} found nothing while {} messages were ready",
                                id.value, queue.ready().size()));
    }
    if (reply.deliveries.size() > receive.messages_max) found("Q4", "more messages than asked for");
    for (const queue::Delivery& d : reply.deliveries) {
        const std::string name = fmt::format("message {} of queue {}", d.seq.value, id.value);
        const ReferenceQueue::Message* m = queue.find(d.seq);
        if (m == nullptr) {
            const bool was = births_.contains({id, d.seq});
            found(was ? "Q3" : "Q2", name + (was ? " was handed out after it was gone"
                                                 : " was handed out and never sent"));
            continue;
        }
        if (queue.past_retention(*m, time_.ms)) found("Q15", name + " was handed out past retention");
        if (m->state != queue::MessageState::ready) {
            found(m->state == queue::MessageState::leased ? "Q4" : "Q15",
                  fmt::format("{} was handed out at {} though due at {}", name, time_.ms, m->due_ms));
        }
        queue.lease(d.seq, visibility, time_.ms);
        if (d.epoch.value != m->epoch || d.receive_count != m->epoch) {
            found("Q6", fmt::format("{} says epoch {} and count {}, expected {}", name, d.epoch.value,
                                    d.receive_count, m->epoch));
        }
        const bool times = d.sent.ms == m->sent_ms && d.first_received.ms == m->first_received_ms &&
                           d.leased_until.ms == time_.ms + visibility;
        if (!times) found("Q15", name + " was handed out with wrong times");
        if (d.content.size_bytes != m->size_bytes) found("Q12", name + " has another size");
        leases_[{id, d.seq, d.epoch}] = {index_, time_, {d.leased_until}};
    }
    const auto leased = queue.counters().leased;
    if (visibility > 0 && !reply.deliveries.empty() &&
        leased > queue.attributes.leased_messages_max) {
        found("S2", fmt::format("{} messages are leased, {} may be", leased,
                                queue.attributes.leased_messages_max));
    }
}

void GroupJudge::remove(QueueId id, ReferenceQueue& queue, const queue::Delete& deletion,
                        const queue::DeleteReply& reply) {
    for (size_t i = 0; i < deletion.receipts.size(); ++i) {
        const queue::Receipt& r = deletion.receipts[i];
        const bool mine = r.queue == id && births_.contains({id, r.seq}) && r.epoch.value != 0;
        const ErrorCode expected = mine ? ErrorCode::ok : ErrorCode::receipt_invalid;
        const ErrorCode result =
            i < reply.results.size() ? reply.results[i] : ErrorCode::protocol_error;
        if (result != expected) {
            found("Q5", fmt::format("a delete got {}, expected {}", error_name(result),
                                    error_name(expected)));
        }
        const ReferenceQueue::Message* m = mine ? queue.find(r.seq) : nullptr;
        if (m == nullptr || m->epoch != r.epoch.value || queue.past_retention(*m, time_.ms)) continue;
        queue.remove(r.seq, &queue::Counters::deleted);
    }
}

void GroupJudge::change(QueueId id, ReferenceQueue& queue, const queue::ChangeVisibility& change,
                        const queue::ChangeVisibilityReply& reply) {
    for (size_t i = 0; i < change.changes.size(); ++i) {
        const queue::VisibilityChange& c = change.changes[i];
        const ReferenceQueue::Message* m = queue.find(c.receipt.seq);
        const int64_t until = time_.ms + c.visibility_ms;
        ErrorCode expected = ErrorCode::ok;
        if (c.receipt.queue != id || !births_.contains({id, c.receipt.seq}) ||
            c.receipt.epoch.value == 0) {
            expected = ErrorCode::receipt_invalid;
        } else if (c.visibility_ms < 0 || c.visibility_ms > twelve_hours_ms) {
            expected = ErrorCode::invalid_argument;
        } else if (m == nullptr || m->epoch != c.receipt.epoch.value ||
                   m->state != queue::MessageState::leased || m->due_ms <= time_.ms ||
                   queue.past_retention(*m, time_.ms)) {
            expected = ErrorCode::receipt_stale;
        } else if (until > m->received_ms + twelve_hours_ms) {
            expected = ErrorCode::invalid_argument;
        }
        const ErrorCode result =
            i < reply.results.size() ? reply.results[i] : ErrorCode::protocol_error;
        if (result != expected) {
            found("Q5", fmt::format("a change of visibility got {}, expected {}", error_name(result),
                                    error_name(expected)));
        }
        if (expected != ErrorCode::ok) continue;
        queue.set_due(c.receipt.seq, until, time_.ms);
        leases_[{id, c.receipt.seq, c.receipt.epoch}].until.push_back(ClusterTime{until});
    }
}

}  // namespace quern::harness
