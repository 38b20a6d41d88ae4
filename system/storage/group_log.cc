#include "system/storage/group_log.h"

#include <algorithm>

#include "system/base/planted_bug.h"

namespace quern::storage {

Position Position::make(const Record& entry, uint64_t segment, uint64_t batch_offset,
                        bool damaged) {
    QUERN_ASSERT(segment > 0 && segment < damaged_bit);
    Position p;
    p.term_and_kind = (entry.term.value << 8) | entry.entry_kind;
    p.segment = static_cast<uint32_t>(segment) | (damaged ? damaged_bit : 0);
    p.unit = static_cast<uint32_t>((batch_offset + entry.offset_bytes) / payload_align_bytes);
    p.size_bytes = entry.size_bytes;
    p.payload_crc = entry.payload_crc;
    return p;
}

Position Position::missing(Term term) {
    Position p;
    p.term_and_kind = term.value << 8;
    return p;
}

const Position* GroupLog::at(LogIndex index) const {
    if (index <= snapshot_index || index > last()) return nullptr;
    return &positions_[index.value - snapshot_index.value - 1];
}

LogIndex GroupLog::faulty_from() const {
    LogIndex index = snapshot_index;
    for (const Position& p : positions_) {
        index = index.next();
        if (p.damaged()) return index;
    }
    return LogIndex{};
}

std::vector<LogIndex> GroupLog::faulty(size_t count_max) const {
    std::vector<LogIndex> found;
    LogIndex index = snapshot_index;
    for (const Position& p : positions_) {
        if (found.size() == count_max) break;
        index = index.next();
        if (p.damaged()) found.push_back(index);
    }
    return found;
}

void GroupLog::count(const Position& p, int by) {
    if (p.segment == 0) return;
    auto [it, fresh] = uses_.try_emplace(p.segment_number(), 0);
    it->second += static_cast<uint64_t>(static_cast<int64_t>(by));
    if (it->second == 0) uses_.erase(it);
}

void GroupLog::demote(Position& p) {
    count(p, -1);
    p = Position::missing(Term{});
}

void GroupLog::cut(LogIndex from) {
    if (from <= snapshot_index) from = snapshot_index.next();
    if (from > last()) return;
    while (last() >= from) {
        count(positions_.back(), -1);
        positions_.pop_back();
    }
    if (!lowest_cut || from < lowest_cut) lowest_cut = from;
}

void GroupLog::clear_entries() {
    positions_.clear();
    uses_.clear();
}

void GroupLog::set_snapshot(LogIndex index, Term snapshot_term_, bool keep_suffix, bool distrust_suffix) {
    if (index < snapshot_index) return;
    if (!keep_suffix) cut(index.next());
    if (index >= last()) {
        clear_entries();
    } else {
        for (LogIndex i = snapshot_index; i < index; i = i.next()) {
            count(positions_.front(), -1);
            positions_.pop_front();
        }
        if (distrust_suffix) {
            for (Position& p : positions_) demote(p);
        }
    }
    snapshot_index = index;
    snapshot_term = snapshot_term_;
}

bool GroupLog::extend_missing(LogIndex new_last, Term new_last_term) {
    if (new_last <= last()) return true;
    if (new_last.value - last().value > gap_entries_max) return false;
    while (last() < new_last) {
        const Term term_ = last().next() == new_last ? new_last_term : Term{};
        positions_.push_back(Position::missing(term_));
    }
    return true;
}

void GroupLog::note_last_term(Term last_term_) {
    if (!positions_.empty() && !positions_.back().term()) {
        positions_.back() = Position::missing(last_term_);
    }
}

bool GroupLog::put(LogIndex index, const Position& position) {
    if (index <= snapshot_index) return true;
    if (index.value > last().value + 1 && !extend_missing(index.prev(), Term{})) return false;
    if (index <= last()) {
        Position& old = slot(index);
        const Term old_term = old.term();
        if (old_term == position.term()) {
            count(old, -1);
            old = position;
            count(position, 1);
            return true;
        }
        if (!old_term) {
            for (LogIndex i = index; i <= last(); i = i.next())
                demote(slot(i));
            slot(index) = position;
            count(position, 1);
            return true;
        }
        if (PLANTED(truncation_not_logged)) {
            count(old, -1);
            old = position;
            count(position, 1);
            return true;
        }
        cut(index);
    }
    positions_.push_back(position);
    count(position, 1);
    return true;
}

void GroupLog::distrust(LogIndex from, uint64_t segment, uint64_t offset_bytes) {
    for (LogIndex i = std::max(from, snapshot_index.next()); i <= last(); i = i.next()) {
        Position& p = slot(i);
        if (p.segment_number() < segment ||
            (p.segment_number() == segment && p.offset_bytes() < offset_bytes)) {
            demote(p);
        }
    }
}

uint64_t GroupLog::entries_in(uint64_t segment) const {
    const auto it = uses_.find(segment);
    return it == uses_.end() ? 0 : it->second;
}

uint64_t GroupLog::oldest_segment() const { return uses_.empty() ? 0 : uses_.begin()->first; }

}  // namespace quern::storage
