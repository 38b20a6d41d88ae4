#include "system/raft/log.h"

#include <algorithm>

namespace quern::raft {

const Log::Slot& Log::slot(LogIndex index) const {
    QUERN_ASSERT(index > base_ && index <= last());
    return slots_[index.value - base_.value - 1];
}

Term Log::term_at(LogIndex index) const {
    if (index == base_) return base_term_;
    const uint64_t place = index.value - base_.value - 1;
    return index > base_ && place < slots_.size() ? slots_[place].term : Term{};
}

bool Log::matches(LogIndex index, Term term) const {
    return index >= base_ && index <= last() && term_at(index) == term;
}

bool Log::is_up_to_date(LogIndex index, Term term) const {
    return term > last_term() || (term == last_term() && index >= last());
}

LogIndex Log::last_with_term_at_most(LogIndex from, Term term) const {
    LogIndex low = base_;  // answer is in [low, high]
    LogIndex high = std::min(from, last());
    if (high <= base_) return base_;
    while (low < high) {
        const LogIndex middle{low.value + (high.value - low.value + 1) / 2};
        if (term_at(middle) <= term) {
            low = middle;
        } else {
            high = middle.prev();
        }
    }
    return low;
}

bool Log::cached(LogIndex index) const {
    const Slot& s = slot(index);
    return s.kind != EntryKind::command || !s.payload.empty();
}

size_t Log::payload_bytes(LogIndex index) const { return slot(index).payload.size(); }

Entry Log::entry(LogIndex index) const {
    const Slot& s = slot(index);
    return {index, s.term, s.kind, s.payload};
}

void Log::append(const Entry& entry) {
    QUERN_ASSERT(entry.index == last().next());
    QUERN_ASSERT(entry.term >= last_term());
    cached_bytes_ += entry.payload.size();
    slots_.push_back({entry.term, entry.payload, entry.kind});
}

void Log::truncate(LogIndex from) {
    QUERN_ASSERT(from > base_);
    while (last() >= from) {
        cached_bytes_ -= slots_.back().payload.size();
        slots_.pop_back();
    }
    dropped_ = std::min(dropped_, last());
}

void Log::compact(LogIndex base) {
    QUERN_ASSERT(base >= base_ && base <= last());
    base_term_ = term_at(base);
    while (base_ < base) {
        cached_bytes_ -= slots_.front().payload.size();
        slots_.pop_front();
        base_ = base_.next();
    }
}

void Log::reset(LogIndex base, Term base_term) {
    slots_.clear();
    cached_bytes_ = 0;
    base_ = base;
    base_term_ = base_term;
    dropped_ = base;
}

void Log::drop_payloads(LogIndex index) {
    const LogIndex end = std::min(index, last());
    for (LogIndex i = std::max(dropped_, base_).next(); i <= end; i = i.next()) {
        Slot& s = slots_[i.value - base_.value - 1];
        if (s.kind != EntryKind::command) continue;
        cached_bytes_ -= s.payload.size();
        s.payload = Buffer();
    }
    dropped_ = std::max(dropped_, end);
}

}  // namespace quern::raft
