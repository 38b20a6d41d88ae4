#include "system/storage/wal_groups.h"

#include <algorithm>
#include <set>

#include "system/base/checksum.h"
#include "system/base/limits.h"
#include "system/base/planted_bug.h"

namespace quern::storage {

namespace {

Failure gap_too_large(const Record& r) {
    return fail(Error(ErrorCode::corrupt, "the WAL jumps ahead in a group's log", 0,
                      static_cast<int64_t>(r.index.value)));
}

Result<void> reconcile(GroupLog& log, const Record& cp, const Loss& loss) {
    // Another life of the group: a snapshot never goes back within one.
    if (log.incarnation != cp.uuid || log.snapshot_index > cp.index) log = GroupLog{};
    log.incarnation = cp.uuid;
    log.term = cp.current_term;
    log.voted_for = cp.voted_for;
    if (cp.index > log.snapshot_index) log.set_snapshot(cp.index, cp.term, true, false);
    if (log.last() > cp.last_index) log.cut(cp.last_index.next());
    if (loss.segment != 0 && cp.lowest_cut) {
        log.distrust(cp.lowest_cut, loss.segment, loss.offset_bytes);
    }
    if (!log.extend_missing(cp.last_index, cp.last_term)) return gap_too_large(cp);
    log.note_last_term(cp.last_term);
    log.lowest_cut = LogIndex{};
    return {};
}

}  // namespace

Result<void> apply_record(GroupLogs& groups, const Record& r, uint64_t segment,
                          uint64_t batch_offset, bool damaged) {
    switch (r.kind) {
        case RecordKind::segment:
        case RecordKind::checkpoint:
            return {};
        case RecordKind::create: {
            GroupLog fresh;
            fresh.incarnation = r.uuid;
            groups[r.group] = std::move(fresh);
            return {};
        }
        case RecordKind::remove:
            groups.erase(r.group);
            return {};
        default:
            break;
    }
    GroupLog& log = groups[r.group];
    switch (r.kind) {
        case RecordKind::truncate:
            log.cut(r.index);
            break;
        case RecordKind::snapshot:
            log.set_snapshot(r.index, r.term, r.keep_suffix, r.distrust_suffix);
            break;
        case RecordKind::entry:
            if (!log.put(r.index, Position::make(r, segment, batch_offset, damaged))) {
                return gap_too_large(r);
            }
            break;
        case RecordKind::hard_state:
            log.term = r.current_term;
            log.voted_for = r.voted_for;
            break;
        default:
            break;
    }
    return {};
}

Result<void> apply_checkpoint(GroupLogs& groups, const std::vector<Record>& records,
                              const Loss& loss) {
    std::set<GroupId> named;
    for (const Record& r : records) {
        if (r.kind != RecordKind::checkpoint) continue;
        named.insert(r.group);
        if (auto done = reconcile(groups[r.group], r, loss); !done) return done;
    }
    std::erase_if(groups, [&](const auto& entry) { return !named.contains(entry.first); });
    return {};
}

std::vector<Record> make_checkpoint(const GroupLogs& groups, const Uuid& node_uuid,
                                    uint64_t segment_bytes, uint64_t spare_bytes) {
    std::vector<Record> records;
    Record first;
    first.kind = RecordKind::segment;
    first.uuid = node_uuid;
    first.segment_bytes = segment_bytes;
    first.spare_bytes = spare_bytes;
    records.push_back(first);
    for (const auto& [group, log] : groups) {
        Record r;
        r.kind = RecordKind::checkpoint;
        r.group = group;
        r.uuid = log.incarnation;
        r.current_term = log.term;
        r.voted_for = log.voted_for;
        r.index = log.snapshot_index;
        r.term = log.snapshot_term;
        r.last_index = log.last();
        r.last_term = log.last_term();
        r.lowest_cut = log.lowest_cut;
        records.push_back(r);
    }
    return records;
}

// Replay may know less of the entry at the snapshot's index (its segment may be gone), so what becomes of
// the entries above is settled when the record is written.
void settle_suffixes(const GroupLogs& groups, std::vector<Record>& records) {
    for (size_t i = 0; i < records.size(); ++i) {
        Record& r = records[i];
        if (r.kind != RecordKind::snapshot || !r.keep_suffix) continue;
        const auto log = groups.find(r.group);
        const Position* replaced = log == groups.end() ? nullptr : log->second.at(r.index);
        const bool written_here = std::any_of(records.begin(), records.begin() + i, [&](const Record& w) {
            return w.kind == RecordKind::entry && w.group == r.group && w.index == r.index;
        });
        if (replaced == nullptr || written_here) continue;
        if (!replaced->term()) {
            r.distrust_suffix = true;
        } else if (replaced->term() != r.term) {
            r.keep_suffix = false;
        }
    }
}

void append_change(ChangeRecords& into, const GroupChange& change) {
    Record r;
    r.group = change.group;
    if (change.remove) {
        r.kind = RecordKind::remove;
        into.records.push_back(r);
    }
    if (change.create) {
        r.kind = RecordKind::create;
        r.uuid = change.incarnation;
        into.records.push_back(r);
    }
    if (change.truncate_from && !PLANTED(truncation_not_logged)) {
        r.kind = RecordKind::truncate;
        r.index = change.truncate_from;
        into.records.push_back(r);
    }
    if (change.snapshot_index) {
        r.kind = RecordKind::snapshot;
        r.index = change.snapshot_index;
        r.term = change.snapshot_term;
        r.keep_suffix = change.keep_suffix;
        into.records.push_back(r);
    }
    for (const WalEntry& entry : change.entries) {
        r.kind = RecordKind::entry;
        r.index = entry.index;
        r.term = entry.term;
        r.entry_kind = entry.kind;
        r.size_bytes = static_cast<uint32_t>(entry.payload.size());
        r.payload_crc = crc32c(entry.payload.span());
        into.records.push_back(r);
        into.payloads.push_back(entry.payload);
    }
    if (change.has_hard_state) {
        r.kind = RecordKind::hard_state;
        r.current_term = change.term;
        r.voted_for = change.voted_for;
        into.records.push_back(r);
    }
}

LogEnds log_ends(const GroupLogs& groups, GroupId group) {
    const auto it = groups.find(group);
    if (it == groups.end()) return {};
    return {true, it->second.snapshot_index, it->second.last()};
}

Result<void> check_change(LogEnds& ends, const GroupChange& change) {
    LogEnds now = ends;
    if (change.remove) now = {};
    if (change.create) now = {true, LogIndex{}, LogIndex{}};
    const bool touches = change.truncate_from || change.snapshot_index || !change.entries.empty() ||
                         change.has_hard_state;
    if (!now.known && touches) {
        return fail(ErrorCode::invalid_argument, "a change for a group that was never created");
    }
    if (change.truncate_from) {
        if (change.truncate_from <= now.snapshot) {
            return fail(ErrorCode::invalid_argument, "truncation below the snapshot");
        }
        now.last = std::min(now.last, change.truncate_from.prev());
    }
    if (change.snapshot_index > now.snapshot) {
        const bool keeps = change.keep_suffix && now.last > change.snapshot_index;
        if (!keeps) now.last = change.snapshot_index;
        now.snapshot = change.snapshot_index;
    }
    if (!change.entries.empty()) {
        LogIndex next = change.entries.front().index;
        if (next <= now.snapshot || next > now.last.next()) {
            return fail(ErrorCode::invalid_argument, "entries do not follow the log's end");
        }
        for (const WalEntry& entry : change.entries) {
            if (entry.index != next || !entry.term || entry.group != change.group ||
                entry.payload.size() > limits::entry_bytes_max) {
                return fail(ErrorCode::invalid_argument, "entries of a change are not consecutive");
            }
            next = next.next();
        }
        now.last = std::max(now.last, next.prev());
    }
    ends = now;
    return {};
}

}  // namespace quern::storage
