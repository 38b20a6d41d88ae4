#include "system/metadata/change_log.h"

#include <algorithm>

#include "system/base/planted_bug.h"
#include "system/metadata/record_codec.h"

namespace quern::metadata {

namespace {

struct SizeOf {
    size_t operator()(const QueueRemoved& removed) const {
        return 64 + removed.name.account.size() + removed.name.name.size();
    }
    size_t operator()(const UserRemoved& removed) const {
        size_t bytes = 64 + removed.name.size();
        for (const std::string& key : removed.key_ids)
            bytes += 8 + key.size();
        return bytes;
    }
    template <typename Record>
    size_t operator()(const Record& record) const {
        return record_bytes(record);
    }
};

size_t change_bytes(const Change& change) { return std::visit(SizeOf{}, change.record); }

}  // namespace

void ChangeLog::add(Change change) {
    QUERN_ASSERT(change.version >= floor_);
    if (change.version == floor_) return;  // the rest of a version too large for the log
    QUERN_ASSERT(changes_.empty() || change.version >= changes_.back().version);
    bytes_ += change_bytes(change);
    changes_.push_back(std::move(change));
    while (changes_.size() > entries_max_ || bytes_ > bytes_max_) {
        floor_ = changes_.front().version;
        while (!changes_.empty() && changes_.front().version == floor_) {
            bytes_ -= change_bytes(changes_.front());
            changes_.pop_front();
        }
    }
}

void ChangeLog::restart(CatalogueVersion floor) {
    changes_.clear();
    bytes_ = 0;
    floor_ = floor;
}

std::optional<std::vector<Change>> ChangeLog::since(CatalogueVersion version,
                                                    size_t count_max) const {
    if (version < floor_ && !PLANTED(watch_gap_ignored)) return std::nullopt;
    auto position = std::upper_bound(
        changes_.begin(), changes_.end(), version,
        [](CatalogueVersion v, const Change& change) { return v < change.version; });
    const size_t wanted = std::max<size_t>(count_max, 1);
    std::vector<Change> found;
    for (; position != changes_.end(); ++position) {
        if (found.size() >= wanted && position->version != found.back().version) break;
        found.push_back(*position);
    }
    return found;
}

}  // namespace quern::metadata
