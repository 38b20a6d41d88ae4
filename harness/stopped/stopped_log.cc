#include "harness/stopped/stopped_log.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "system/base/checksum.h"

namespace quern::harness {

namespace {

using Group = StoppedLog::Group;

// The batch's head at an offset of a segment; nothing if none begins there.
std::optional<storage::DecodedHead> read_head(StoppedSegment& segment, uint64_t offset) {
    const Buffer first = segment.read(offset, storage::head_fixed_bytes);
    if (first.size() < storage::head_fixed_bytes || first.data()[0] == 0) return {};
    // A head's length stands at a fixed place (docs/formats/wal.md).
    uint32_t head_bytes = 0;
    std::memcpy(&head_bytes, first.data() + 56, sizeof head_bytes);
    if (head_bytes < first.size() || head_bytes > storage::head_bytes_max) return {};
    auto decoded = storage::decode_head(segment.read(offset, head_bytes).span());
    if (!decoded || decoded->head.segment != segment.number ||
        decoded->head.offset_bytes != offset || decoded->head.batch_bytes == 0) {
        return {};
    }
    return decoded;
}

bool whole(const storage::Head& head, ByteSpan batch) {
    return std::all_of(head.records.begin(), head.records.end(), [batch](const storage::Record& r) {
        if (r.kind != storage::RecordKind::entry) return true;
        if (r.offset_bytes > batch.size() || r.size_bytes > batch.size() - r.offset_bytes) return false;
        return crc32c(batch.subspan(r.offset_bytes, r.size_bytes)) == r.payload_crc;
    });
}

void forget(Group& group, LogIndex base, Term base_term) {
    group.entries.clear();
    group.base = base;
    group.base_term = base_term;
}

void cut(Group& group, LogIndex from) {
    if (from > group.last()) return;
    if (from > group.base) return group.entries.resize(from.value - group.base.value - 1);
    forget(group, from.prev(), Term{});
}

// Entries that it covers stay, if they are those that led to it.
void set_snapshot(Group& group, const storage::Record& r) {
    if (r.index <= group.snapshot) return;
    const bool led_to_it = group.term_at(r.index) == r.term && !r.distrust_suffix;
    group.snapshot = r.index;
    group.snapshot_term = r.term;
    if (r.index < group.base) return;
    if (!led_to_it) return forget(group, r.index, r.term);
    if (r.kind == storage::RecordKind::snapshot && !r.keep_suffix) cut(group, r.index.next());
}

// An entry that was written again is the same one; another of its index ends the old log.
void add_entry(Group& group, raft::Entry entry) {
    if (entry.index <= group.snapshot && entry.index <= group.base) return;
    const raft::Entry* there = group.find(entry.index);
    if (there != nullptr && there->term == entry.term) {
        group.entries[entry.index.value - group.base.value - 1] = std::move(entry);
        return;
    }
    cut(group, entry.index);
    if (entry.index > group.last().next()) forget(group, entry.index.prev(), Term{});
    group.entries.push_back(std::move(entry));
}

}  // namespace

const raft::Entry* Group::find(LogIndex index) const {
    if (index <= base || index > last()) return nullptr;
    return &entries[index.value - base.value - 1];
}

Term Group::term_at(LogIndex index) const {
    if (index == base) return base_term;
    const raft::Entry* entry = find(index);
    if (entry != nullptr) return entry->term;
    return index == snapshot ? snapshot_term : Term{};
}

bool Group::holds(LogIndex index, Term term) const {
    if (index <= snapshot) return true;
    return term && index <= last() && term_at(index) == term;
}

const Group* StoppedLog::find(GroupId group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? nullptr : &found->second;
}

StoppedLog StoppedLog::read(std::vector<StoppedSegment>& segments) {
    StoppedLog log;
    // A segment's first batch settles that those before it with its sequence or a higher one were dropped.
    std::vector<uint64_t> settled_before(segments.size(), UINT64_MAX);
    uint64_t least = UINT64_MAX;
    for (size_t i = segments.size(); i > 0; --i) {
        settled_before[i - 1] = least;
        if (const auto first = read_head(segments[i - 1], 0)) least = std::min(least, first->head.sequence);
    }
    for (size_t i = 0; i < segments.size(); ++i) log.read_segment(segments[i], settled_before[i]);
    return log;
}

void StoppedLog::read_segment(StoppedSegment& segment, uint64_t settled_before) {
    uint64_t offset = 0;
    const auto counts = [&](const std::optional<storage::DecodedHead>& decoded) {
        return decoded && decoded->head.sequence > sequence_ && decoded->head.sequence < settled_before;
    };
    for (auto decoded = read_head(segment, offset); counts(decoded); decoded = read_head(segment, offset)) {
        const storage::Head& head = decoded->head;
        const Buffer batch = segment.read(offset, storage::payload_end(head));
        if (!whole(head, batch.span())) break;
        check_follows(head);
        sequence_ = head.sequence;
        if (offset == 0) apply_checkpoint(head);
        for (const storage::Record& record : head.records) apply(record, batch);
        offset += head.batch_bytes;
    }
    // The batch at `offset` was not finished, or recovery dropped it; then it is the segment's last.
    while (!segment.read(offset += storage::block_bytes, 1).empty()) {
        const auto behind = read_head(segment, offset);
        if (counts(behind)) return check_follows(behind->head);
    }
}

void StoppedLog::check_follows(const storage::Head& head) {
    if (sequence_ == 0 || head.sequence == sequence_ + 1) return;
    gaps_.push_back(fmt::format("batch {} of its log, at {} of segment {}, follows batch {}", head.sequence,
                                head.offset_bytes, head.segment, sequence_));
}

// What the segment's first batch says of a group is the truth about where its log ends.
void StoppedLog::apply_checkpoint(const storage::Head& head) {
    std::map<GroupId, Group> named;
    for (const storage::Record& r : head.records) {
        if (r.kind != storage::RecordKind::checkpoint) continue;
        Group& group = named[r.group];
        if (const auto found = groups_.find(r.group); found != groups_.end()) group = std::move(found->second);
        group.hard_state = {r.current_term, r.voted_for};
        if (r.index) set_snapshot(group, r);
        cut(group, r.last_index.next());
        if (group.term_at(r.last_index) != r.last_term) forget(group, r.last_index, r.last_term);
    }
    groups_ = std::move(named);
}

void StoppedLog::apply(const storage::Record& r, const Buffer& batch) {
    using storage::RecordKind;
    switch (r.kind) {
        case RecordKind::segment:
        case RecordKind::checkpoint: return;
        case RecordKind::create: groups_[r.group] = Group{}; return;
        case RecordKind::remove: groups_.erase(r.group); return;
        case RecordKind::truncate: return cut(groups_[r.group], r.index);
        case RecordKind::snapshot: return set_snapshot(groups_[r.group], r);
        case RecordKind::hard_state: groups_[r.group].hard_state = {r.current_term, r.voted_for}; return;
        case RecordKind::entry:
            return add_entry(groups_[r.group],
                             {r.index, r.term, static_cast<raft::EntryKind>(r.entry_kind),
                              batch.slice(r.offset_bytes, r.size_bytes)});
    }
}

}  // namespace quern::harness
