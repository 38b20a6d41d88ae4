// The last changes of the catalogue, for watchers. Bounded by count and bytes: the oldest versions
// go first, whole, and a watcher behind them starts anew. Not part of the replicated state: a
// restored catalogue starts with an empty log at its version.
#pragma once

#include <deque>
#include <optional>

#include "system/metadata/catalogue.h"

namespace quern::metadata {

class ChangeLog {
public:
    ChangeLog(size_t entries_max, size_t bytes_max)
        : entries_max_(entries_max), bytes_max_(bytes_max) {}

    // Versions never go down.
    void add(Change change);
    // Forgets everything; nothing at or below `floor` can be asked for any more.
    void restart(CatalogueVersion floor);
    // See Catalogue::changes_since.
    std::optional<std::vector<Change>> since(CatalogueVersion version, size_t count_max) const;

    size_t size() const { return changes_.size(); }
    size_t bytes() const { return bytes_; }
    CatalogueVersion floor() const { return floor_; }

private:
    size_t entries_max_;
    size_t bytes_max_;
    size_t bytes_ = 0;
    CatalogueVersion floor_;  // changes at or below are not here
    std::deque<Change> changes_;
};

}  // namespace quern::metadata
