// The configurations of a log: a server always uses the latest one in its log, committed or not
// (thesis 4.1), so that truncation brings the one before it back.
#pragma once

#include <vector>

#include "system/raft/types.h"

namespace quern::raft {

class ConfigurationHistory {
public:
    ConfigurationHistory(LogIndex base, Configuration configuration);

    const Configuration& latest() const { return changes_.back().configuration; }
    LogIndex latest_index() const { return changes_.back().index; }
    // In force at `index`, which is not before the base.
    const Configuration& at(LogIndex index) const;
    size_t count_after(LogIndex index) const;
    // A voter of the configuration in force at `index` or of any after it.
    bool voter_since(LogIndex index, NodeId id) const;

    void append(LogIndex index, Configuration configuration);
    void truncate(LogIndex from);  // from > base
    void compact(LogIndex base);
    void reset(LogIndex base, Configuration configuration);

private:
    struct Change {
        LogIndex index;
        Configuration configuration;
    };
    std::vector<Change> changes_;  // by index; the first is the base's, so never empty
};

}  // namespace quern::raft
