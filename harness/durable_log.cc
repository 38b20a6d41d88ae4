#include "harness/durable_log.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "system/base/checksum.h"

namespace quern::harness {

namespace {

constexpr std::string_view wal_folder = "wal/";

std::string segment_path(uint64_t number) { return fmt::format("wal/{:010}.seg", number); }

// 0 if it is none.
uint64_t segment_number(const std::string& path) {
    constexpr std::string_view ending = ".seg";
    if (!path.starts_with(wal_folder) || !path.ends_with(ending)) return 0;
    uint64_t number = 0;
    std::from_chars(path.data() + wal_folder.size(), path.data() + path.size() - ending.size(), number);
    return number;
}

void cut(DurableLog::Group& group, LogIndex from) {
    if (from > group.last()) return;
    if (from > group.base) {
        group.terms.resize(from.value - group.base.value - 1);
        return;
    }
    // Into the part whose terms are not known.
    group.terms.clear();
    group.base = std::max(from.prev(), group.snapshot);
    group.base_term = Term{};
}

void set_snapshot(DurableLog::Group& group, LogIndex index, Term term, bool keep_suffix) {
    if (index <= group.snapshot) return;
    group.snapshot = index;
    if (index <= group.base && keep_suffix) return;
    if (keep_suffix && index <= group.last()) {
        const auto covered = static_cast<std::ptrdiff_t>(index.value - group.base.value);
        group.terms.erase(group.terms.begin(), group.terms.begin() + covered);
    } else {
        group.terms.clear();
    }
    group.base = index;
    group.base_term = term;
}

// An entry that was written again after damage is the same one; another ends the old log.
void apply_entry(DurableLog::Group& group, LogIndex index, Term term) {
    const bool may_be_there = !group.base_term || (index < group.base && term <= group.base_term);
    if (index <= group.base && may_be_there) return;
    if (index <= group.last() && group.term_at(index) == term) return;
    cut(group, index);
    if (index == group.last().next()) group.terms.push_back(term);
}

}  // namespace

Term DurableLog::Group::term_at(LogIndex index) const {
    if (index == base) return base_term;
    return index > base && index <= last() ? terms[index.value - base.value - 1] : Term{};
}

const DurableLog::Group* DurableLog::find(GroupId group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? nullptr : &found->second;
}

std::string DurableLog::place() const {
    return fmt::format("read to segment {} offset {} of {}, batch {}", segment_, offset_,
                       inode_ ? inode_->size_durable() : 0, sequence_);
}

void DurableLog::start_over() {
    groups_.clear();
    segment_ = offset_ = sequence_ = owner_ = 0;
    inode_ = nullptr;
    later_than_ = UINT64_MAX;
    life_ = machine_.life();
    std::vector<uint64_t> numbers;
    for (const std::string& path : machine_.disk().platter().paths_durable()) {
        if (const uint64_t number = segment_number(path)) numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    note_settled(numbers);
    // Spares hold no batch; reading goes on in the last segment that has one.
    uint64_t last_used = 0;
    sim::InodeRef last_inode;
    uint64_t last_end = 0;
    for (const uint64_t number : numbers) {
        segment_ = number;
        inode_ = machine_.disk().platter().find_durable(segment_path(number));
        offset_ = 0;
        read_segment();
        if (offset_ == 0) continue;
        last_used = segment_;
        last_inode = inode_;
        last_end = offset_;
    }
    segment_ = last_used;
    inode_ = last_inode;
    offset_ = last_end;
    settled_ = {};
}

// A segment's first batch settles what recovery decided: batches before it with its number or a higher one
// were dropped, for they could not be read or were never acknowledged (docs/formats/wal.md).
void DurableLog::note_settled(const std::vector<uint64_t>& numbers) {
    settled_.clear();
    for (const uint64_t number : numbers) {
        segment_ = number;
        inode_ = machine_.disk().platter().find_durable(segment_path(number));
        offset_ = 0;
        if (const auto first = read_head()) settled_[number] = first->head.sequence;
    }
}

bool DurableLog::was_dropped(uint64_t sequence) const {
    return std::any_of(settled_.upper_bound(segment_), settled_.end(),
                       [sequence](const auto& later) { return sequence >= later.second; });
}

void DurableLog::look() {
    if (life_ != machine_.life() || !inode_) return start_over();
    for (;;) {
        read_segment();
        const std::vector<Later>& later = later_segments();
        if (later.empty()) return;
        const Later next = later.front();
        if (next.inode->durable_used() > 0 && go_on_in(next)) continue;
        // It begins with a number that was read already: recovery dropped what had it before. Or it was passed over,
        // as what stood there was never durable.
        if (std::any_of(later.begin(), later.end(), [this](const Later& l) { return begins(l); })) start_over();
        return;
    }
}

bool DurableLog::go_on_in(const Later& next) {
    const uint64_t at = std::exchange(offset_, 0);
    const uint64_t number = std::exchange(segment_, next.number);
    const sim::InodeRef current = std::exchange(inode_, next.inode);
    if (read_batch()) return true;
    inode_ = current;
    segment_ = number;
    offset_ = at;
    return false;
}

// With a head that can be read. It is the first one that can.
bool DurableLog::begins(const Later& later) {
    if (later.inode->durable_used() == 0 || later.number == given_up_) return false;
    const uint64_t at = std::exchange(offset_, 0);
    const uint64_t number = std::exchange(segment_, later.number);
    const sim::InodeRef current = std::exchange(inode_, later.inode);
    const bool begun = read_head().has_value();
    inode_ = current;
    segment_ = number;
    offset_ = at;
    if (begun) given_up_ = later.number;  // once is enough: what does not follow then never will
    return begun;
}

// Those with higher numbers than the present one: where a spare could not be made, its number is left out. Asked
// for after every message that leaves, they seldom change.
const std::vector<DurableLog::Later>& DurableLog::later_segments() {
    const sim::Platter& platter = machine_.disk().platter();
    if (later_than_ == segment_ && later_version_ == platter.durable_version()) return later_;
    later_than_ = segment_;
    later_version_ = platter.durable_version();
    later_.clear();
    std::string path = platter.path_durable_after(segment_path(segment_));
    for (; path.starts_with(wal_folder); path = platter.path_durable_after(path)) {
        if (const uint64_t number = segment_number(path)) later_.push_back({number, platter.find_durable(path)});
    }
    return later_;
}

void DurableLog::read_segment() {
    while (read_batch()) {
    }
}

ByteSpan DurableLog::read(uint64_t offset, size_t size) {
    if (bytes_.size() < size) bytes_.resize(size);
    const std::span<uint8_t> into(bytes_.data(), size);
    return inode_->read_durable(offset, into, true) ? ByteSpan(into) : ByteSpan();
}

std::optional<storage::DecodedHead> DurableLog::read_head() {
    const uint64_t size = inode_->size_durable();
    if (offset_ + storage::block_bytes > size) return {};
    // Mostly there is nothing new; its first bytes say so.
    std::array<uint8_t, storage::head_fixed_bytes> first{};
    if (!inode_->read_durable(offset_, first, true) || first[0] == 0) return {};
    // A head's length stands at a fixed place (docs/formats/wal.md).
    uint32_t head_bytes = 0;
    std::memcpy(&head_bytes, first.data() + 56, sizeof head_bytes);
    if (head_bytes < first.size() || head_bytes > size - offset_) return {};
    std::optional<storage::DecodedHead> decoded = storage::decode_head(read(offset_, head_bytes));
    if (!decoded || decoded->head.segment != segment_ || decoded->head.offset_bytes != offset_ ||
        decoded->head.batch_bytes == 0 || decoded->head.batch_bytes > size - offset_) {
        return {};
    }
    return decoded;
}

bool DurableLog::read_batch() {
    const std::optional<storage::DecodedHead> decoded = read_head();
    if (!decoded) return false;
    const storage::Head& head = decoded->head;
    if (head.sequence <= sequence_ || was_dropped(head.sequence)) return false;
    for (const storage::Record& r : head.records) {
        if (r.kind != storage::RecordKind::entry || r.size_bytes == 0) continue;
        const ByteSpan payload = read(offset_ + r.offset_bytes, r.size_bytes);
        if (payload.empty() || crc32c(payload) != r.payload_crc) return false;
    }
    sequence_ = head.sequence;
    owner_ = head.tag;
    if (offset_ == 0) apply_checkpoint(head);
    apply(head);
    offset_ += head.batch_bytes;
    return true;
}

// What the segment's first batch says of a group is the truth about where its log ends.
void DurableLog::apply_checkpoint(const storage::Head& head) {
    std::map<GroupId, Group> named;
    for (const storage::Record& r : head.records) {
        if (r.kind != storage::RecordKind::checkpoint) continue;
        Group& group = named[r.group];
        if (const auto found = groups_.find(r.group); found != groups_.end()) {
            group = std::move(found->second);
        }
        group.hard_state = {r.current_term, r.voted_for};
        set_snapshot(group, r.index, r.term, true);
        cut(group, r.last_index.next());
        if (group.last() < r.last_index) {
            group.terms.clear();
            group.base = r.last_index;
            group.base_term = r.last_term;
        }
    }
    groups_ = std::move(named);
}

void DurableLog::apply(const storage::Head& head) {
    for (const storage::Record& record : head.records) apply(record);
}

void DurableLog::apply(const storage::Record& r) {
    using storage::RecordKind;
    if (r.kind == RecordKind::segment || r.kind == RecordKind::checkpoint) return;
    if (r.kind == RecordKind::create) {
        groups_[r.group] = Group{};
        return;
    }
    if (r.kind == RecordKind::remove) {
        groups_.erase(r.group);
        return;
    }
    Group& group = groups_[r.group];
    if (r.kind == RecordKind::truncate) {
        cut(group, r.index);
    } else if (r.kind == RecordKind::snapshot) {
        set_snapshot(group, r.index, r.term, r.keep_suffix);
    } else if (r.kind == RecordKind::hard_state) {
        group.hard_state = {r.current_term, r.voted_for};
    } else if (r.kind == RecordKind::entry && r.index > group.snapshot) {
        apply_entry(group, r.index, r.term);
    }
}

}  // namespace quern::harness
