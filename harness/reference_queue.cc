#include "harness/reference_queue.h"

namespace quern::harness {

using queue::Counters;
using queue::MessageState;

uint64_t& ReferenceQueue::count_of(MessageState state) {
    switch (state) {
        case MessageState::ready: return counters_.ready;
        case MessageState::delayed: return counters_.delayed;
        case MessageState::leased: return counters_.leased;
    }
    QUERN_UNREACHABLE();
}

void ReferenceQueue::put(MessageSeq seq, Message& m, MessageState state, int64_t due_ms) {
    --count_of(m.state);
    if (m.state == MessageState::ready) ready_.erase(seq);
    if (m.state != MessageState::ready) due_.erase({m.due_ms, seq});
    if (m.state == MessageState::leased) leased_bytes_ -= m.size_bytes;
    m.state = state;
    m.due_ms = due_ms;
    ++count_of(state);
    if (state == MessageState::ready) ready_.insert(seq);
    if (state != MessageState::ready) due_.insert({due_ms, seq});
    if (state == MessageState::leased) leased_bytes_ += m.size_bytes;
}

void ReferenceQueue::remove(MessageSeq seq, uint64_t Counters::*gone) {
    Message& m = live_.at(seq);
    put(seq, m, MessageState::ready, 0);
    ready_.erase(seq);
    --counters_.ready;
    counters_.live_bytes -= m.size_bytes;
    ++(counters_.*gone);
    live_.erase(seq);
    removed_.push_back(seq);
}

bool ReferenceQueue::over_size() const {
    const QueueAttributes& a = attributes;
    return (a.queue_messages_max != 0 && counters_.live() > a.queue_messages_max) ||
           (a.queue_bytes_max != 0 && counters_.live_bytes > a.queue_bytes_max);
}

bool ReferenceQueue::fits(uint64_t size_bytes) const {
    const QueueAttributes& a = attributes;
    return (a.queue_messages_max == 0 || counters_.live() + 1 <= a.queue_messages_max) &&
           (a.queue_bytes_max == 0 || counters_.live_bytes + size_bytes <= a.queue_bytes_max);
}

// The oldest that is not leased: ready ones first.
void ReferenceQueue::drop_oldest() {
    if (!ready_.empty()) return remove(*ready_.begin(), &Counters::dropped);
    for (const auto& [seq, m] : live_) {
        if (m.state == MessageState::delayed) return remove(seq, &Counters::dropped);
    }
}

void ReferenceQueue::end_old(int64_t now, size_t& budget) {
    for (; budget > 0 && !live_.empty() && past_retention(live_.begin()->second, now); --budget) {
        remove(live_.begin()->first, &Counters::expired);
    }
    if (attributes.overflow != Overflow::drop_oldest) return;
    for (; budget > 0 && over_size() && counters_.ready + counters_.delayed > 0; --budget) drop_oldest();
}

void ReferenceQueue::end_due(int64_t now, size_t& budget) {
    for (; budget > 0 && !due_.empty() && due_.begin()->first <= now; --budget) {
        const MessageSeq seq = due_.begin()->second;
        put(seq, live_.at(seq), MessageState::ready, 0);
    }
}

ErrorCode ReferenceQueue::admit(uint64_t size_bytes, int64_t now) {
    if (size_bytes > attributes.message_bytes_max) return ErrorCode::message_too_large;
    while (!fits(size_bytes) && !live_.empty() && past_retention(live_.begin()->second, now)) {
        remove(live_.begin()->first, &Counters::expired);
    }
    if (fits(size_bytes)) return ErrorCode::ok;
    // What is leased cannot be dropped: it must leave room enough by itself.
    const QueueAttributes& a = attributes;
    const bool can_drop =
        a.overflow == Overflow::drop_oldest && !over_size() &&
        (a.queue_messages_max == 0 || counters_.leased + 1 <= a.queue_messages_max) &&
        (a.queue_bytes_max == 0 || leased_bytes_ + size_bytes <= a.queue_bytes_max);
    if (!can_drop) return ErrorCode::queue_full;
    while (!fits(size_bytes)) drop_oldest();
    return ErrorCode::ok;
}

MessageSeq ReferenceQueue::accept(uint32_t size_bytes, int64_t delay_ms, int64_t now) {
    const MessageSeq seq = next_seq_;
    next_seq_ = next_seq_.next();
    Message& m = live_[seq];
    m.size_bytes = size_bytes;
    m.sent_ms = now;
    ++counters_.sent;
    counters_.live_bytes += size_bytes;
    ++counters_.ready;
    ready_.insert(seq);
    if (delay_ms > 0) put(seq, m, MessageState::delayed, now + delay_ms);
    return seq;
}

void ReferenceQueue::lease(MessageSeq seq, int64_t visibility_ms, int64_t now) {
    Message& m = live_.at(seq);
    ++m.epoch;
    ++counters_.received;
    m.received_ms = now;
    if (m.epoch == 1) m.first_received_ms = now;
    if (visibility_ms > 0) put(seq, m, MessageState::leased, now + visibility_ms);
}

void ReferenceQueue::set_due(MessageSeq seq, int64_t until_ms, int64_t now) {
    Message& m = live_.at(seq);
    if (until_ms <= now) return put(seq, m, MessageState::ready, 0);
    put(seq, m, MessageState::leased, until_ms);
}

uint64_t ReferenceQueue::purge() {
    const uint64_t purged = live_.size();
    for (const auto& [seq, m] : live_) removed_.push_back(seq);
    live_.clear();
    ready_.clear();
    due_.clear();
    counters_.ready = counters_.delayed = counters_.leased = counters_.live_bytes = 0;
    leased_bytes_ = 0;
    counters_.purged += purged;
    return purged;
}

}  // namespace quern::harness
