#include "system/storage/wal_replay.h"

#include <algorithm>

#include "system/base/planted_bug.h"

namespace quern::storage {

namespace {

// More batches than this cannot lie in one segment.
constexpr uint64_t segment_batches_max = segment_bytes_max / block_bytes;
// Nor more segments than this be lost between two that are held.
constexpr uint64_t segments_max = 16;

std::string batch_name(uint64_t sequence) { return "batch " + std::to_string(sequence); }

}  // namespace

WalReplay::WalReplay(const Uuid& node_uuid, PayloadCache& cache)
    : node_uuid_(node_uuid), cache_(cache) {}

Result<void> WalReplay::add(ParsedSegment segment) {
    if (segment.foreign && segment.batches.empty()) {
        return fail(ErrorCode::data_foreign, "a WAL segment belongs to another node");
    }
    if (segment.batches.empty()) {
        illegible_ = illegible_ || segment.more_follows;
        // Nothing, or nothing legible: its batches may be known from copies that come later.
        if (segment.more_follows) held_.push_back(std::move(segment));
        return {};
    }
    const Next next{segment.batches.front().head.sequence,
                    segment.batches.front().head.previous_hash};
    held_.push_back(std::move(segment));
    // Before the log's first batch there is nothing to settle.
    const bool first = held_.size() == 1 && next_sequence_ == 0;
    if (first) return {};
    if (auto settled = settle(next); !settled) return settled;
    held_.erase(held_.begin(), held_.end() - 1);
    return {};
}

Result<void> WalReplay::finish() {
    if (auto settled = settle(Next{}); !settled) return settled;
    for (const ParsedSegment& s : held_) {
        if (!s.written_behind) continue;
        return fail(ErrorCode::corrupt, "the last WAL batches have rotted, or cannot be read");
    }
    held_.clear();
    if (illegible_ && next_sequence_ == 0) {
        return fail(ErrorCode::corrupt, "no WAL segment has a legible batch");
    }
    if (loss_.segment != 0) {
        return fail(ErrorCode::corrupt,
                    "WAL batches near the end are lost and no copy names them: votes and "
                    "acknowledged entries may be gone");
    }
    if (last_segment_ != 0 && last_segment_bytes_found_ < last_segment_bytes_recorded_) {
        return fail(Error(ErrorCode::corrupt, "the last WAL segment was cut short",
                          static_cast<int64_t>(last_segment_bytes_recorded_),
                          static_cast<int64_t>(last_segment_bytes_found_)));
    }
    return {};
}

uint64_t WalReplay::first_sequence() const {
    if (next_sequence_ != 0) return next_sequence_;
    uint64_t first = 0;
    for (const ParsedSegment& s : held_) {
        for (const ParsedBatch& b : s.batches) {
            if (first == 0 || b.head.sequence < first) first = b.head.sequence;
        }
    }
    // The log's first batches may be known from copies alone; older copies name removed segments.
    for (const ParsedSegment& s : held_) {
        for (const DecodedHead& c : s.copies) {
            if (c.head.segment >= held_.front().number) first = std::min(first, c.head.sequence);
        }
    }
    return first;
}

const DecodedHead* WalReplay::find_copy(uint64_t sequence, std::optional<uint64_t> hash) const {
    for (const ParsedSegment& s : held_) {
        for (const DecodedHead& c : s.copies) {
            if (c.head.sequence == sequence && (!hash || c.hash == *hash)) return &c;
        }
    }
    return nullptr;
}

ByteSpan WalReplay::bytes_of(uint64_t segment) const {
    for (const ParsedSegment& s : held_) {
        if (s.number == segment) return s.bytes.span();
    }
    return {};
}

void WalReplay::place_found(Slots& slots, uint64_t first) const {
    for (const ParsedSegment& s : held_) {
        for (const ParsedBatch& b : s.batches) {
            // A batch numbered like one of a later segment was a torn tail of an earlier run.
            if (b.head.sequence >= first && b.head.sequence - first < slots.size()) {
                slots[b.head.sequence - first] = b;
            }
        }
    }
}

// The later batch rules: it names its predecessor by hash, so a stale or misdirected predecessor is
// replaced by the copy with that hash.
void WalReplay::repair_from_copies(Slots& slots, uint64_t first, const Next& next) {
    std::optional<uint64_t> wanted;
    if (next.sequence != 0) wanted = next.previous_hash;
    for (size_t i = slots.size(); i-- > 0;) {
        auto& slot = slots[i];
        if (!slot || (wanted && slot->hash != *wanted)) {
            const DecodedHead* copy = find_copy(first + i, wanted);
            note(batch_name(first + i) + (slot ? " is stale" : " is illegible") +
                 (copy != nullptr ? "; its head is known from a copy" : "; no copy names it"));
            slot.reset();
            if (copy != nullptr) slot = check_payloads(*copy, bytes_of(copy->head.segment));
        }
        wanted.reset();
        if (slot) wanted = slot->head.previous_hash;
    }
}

bool WalReplay::something_behind(uint64_t segment) const {
    for (const ParsedSegment& s : held_) {
        if (s.number >= segment && s.more_follows) return true;
    }
    return false;
}

void WalReplay::drop_torn_tail(Slots& slots) {
    if (slots.empty() || !slots.back() || slots.back()->whole()) return;
    const uint64_t segment = slots.back()->head.segment;
    const bool careless = PLANTED(damage_taken_for_torn_tail);
    if (something_behind(segment) && !careless) return;     // the batch had completed: damage
    if (!slots.back()->could_be_torn && !careless) return;  // all of it was written: damage
    note(batch_name(slots.back()->head.sequence) + " is a torn tail and was dropped");
    last_segment_ = segment;
    last_used_bytes_ = slots.back()->head.offset_bytes;
    torn_tail_dropped_ = true;
    slots.pop_back();
}

void WalReplay::keep_unproven(const Slots& slots) {
    if (slots.empty() || !slots.back() || torn_tail_dropped_ || !slots.back()->whole()) return;
    const Head& head = slots.back()->head;
    if (head.offset_bytes == 0 || something_behind(head.segment)) return;
    unproven_.records = head.records;
    for (const Record& r : head.records) {
        if (r.kind == RecordKind::entry) unproven_.payloads.push_back(payload_of(head, r));
    }
}

// As many as fill all the segments from the first held to the last, ones that are missing or cut short
// taken for as long as the longest known of.
uint64_t WalReplay::batches_max() const {
    if (held_.empty()) return 0;
    uint64_t bytes = std::max(last_segment_bytes_recorded_, spare_bytes_);
    for (const ParsedSegment& s : held_)
        bytes = std::max<uint64_t>(bytes, s.bytes.size());
    const uint64_t segments = held_.back().number - held_.front().number + 1;
    return std::min(segments, segments_max) * std::min(bytes / block_bytes + 1, segment_batches_max);
}

Result<void> WalReplay::settle(const Next& next) {
    const uint64_t first = first_sequence();
    uint64_t end = next.sequence;
    if (end == 0) {
        end = first;
        for (const ParsedSegment& s : held_) {
            if (!s.batches.empty()) end = std::max(end, s.batches.back().head.sequence + 1);
        }
    }
    if (end < first || end - first > batches_max()) {
        return fail(ErrorCode::corrupt, "WAL segments are out of sequence");
    }
    Slots slots(end - first);
    place_found(slots, first);
    repair_from_copies(slots, first, next);
    if (next.sequence == 0) {
        drop_torn_tail(slots);
        keep_unproven(slots);
    }
    for (const auto& slot : slots) {
        if (slot) {
            if (auto done = apply(*slot); !done) return done;
        } else {
            loss_ = {std::max<uint64_t>(last_segment_, 1), last_used_bytes_};
        }
    }
    // A torn tail in the midst of a segment followed batches that had completed.
    if (torn_tail_dropped_ && recent_.empty() && last_used_bytes_ != 0) loss_ = {last_segment_, 0};
    if (first != 0) next_sequence_ = first + slots.size();
    return {};
}

Result<void> WalReplay::apply_segment_start(const ParsedBatch& batch) {
    const Record* record = nullptr;
    for (const Record& r : batch.head.records) {
        if (r.kind == RecordKind::segment) record = &r;
    }
    if (record == nullptr) return fail(ErrorCode::corrupt, "a WAL segment has no segment record");
    if (record->uuid != node_uuid_) {
        return fail(ErrorCode::data_foreign, "a WAL segment belongs to another node");
    }
    last_segment_bytes_recorded_ = record->segment_bytes;
    spare_bytes_ = record->spare_bytes;
    auto done = apply_checkpoint(groups_, batch.head.records, loss_);
    loss_ = {};
    return done;
}

Buffer WalReplay::payload_of(const Head& head, const Record& r) const {
    return Buffer::copy_of(
        bytes_of(head.segment).subspan(head.offset_bytes + r.offset_bytes, r.size_bytes));
}

std::vector<Buffer> WalReplay::recent_heads() const {
    std::vector<Buffer> heads;
    for (const Head& head : recent_)
        heads.push_back(encode_head(head));
    return heads;
}

Result<void> WalReplay::apply(const ParsedBatch& batch) {
    const Head& head = batch.head;
    if (head.offset_bytes == 0) {
        if (auto done = apply_segment_start(batch); !done) return done;
    } else if (recent_.empty()) {
        loss_ = {head.segment, 0};  // the log's first segment lost its start
    }
    for (size_t i = 0; i < head.records.size(); ++i) {
        const Record& r = head.records[i];
        const bool damaged = batch.damaged[i];
        auto done = apply_record(groups_, r, head.segment, head.offset_bytes, damaged);
        if (!done) return done;
        if (r.kind == RecordKind::truncate) cache_.cut(r.group, r.index);
        if (r.kind == RecordKind::remove || r.kind == RecordKind::create) cache_.forget(r.group);
        if (r.kind == RecordKind::entry) {
            if (damaged) {
                cache_.put_absent(r.group, r.index);
                note(batch_name(head.sequence) + ": entry " + std::to_string(r.index.value) +
                     " of group " + std::to_string(r.group.value) + " is damaged");
            } else {
                cache_.put(r.group, r.index, payload_of(head, r));
            }
        }
    }
    cache_.trim();
    recent_.push_back(head);
    recent_bytes_ += head.batch_bytes;
    while (recent_bytes_ - recent_.front().batch_bytes > 2 * ledger_window_bytes) {
        recent_bytes_ -= recent_.front().batch_bytes;
        recent_.pop_front();
    }
    last_segment_ = head.segment;
    last_used_bytes_ = head.offset_bytes + head.batch_bytes;
    last_hash_ = batch.hash;
    last_segment_bytes_found_ = bytes_of(head.segment).size();
    return {};
}

}  // namespace quern::storage
