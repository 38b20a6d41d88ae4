// What a node's logs should be, and random but legal changes to them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/unit/storage/mem_world.h"

namespace quern::test {

struct ModelGroup {
    uint64_t term = 0;
    uint32_t vote = 0;
    uint64_t snapshot = 0;
    uint64_t snapshot_term = 0;
    std::map<uint64_t, std::pair<uint64_t, std::string>> entries;  // index: (term, payload)
    uint64_t last() const { return entries.empty() ? snapshot : entries.rbegin()->first; }
    bool operator==(const ModelGroup&) const = default;
};

struct LogModel {
    std::map<uint32_t, ModelGroup> groups;
    bool operator==(const LogModel&) const = default;

    void apply(const storage::GroupChange& change);
    // The changes of one write, made from `draw` (any number); legal here.
    std::vector<storage::GroupChange> next_write(uint64_t draw) const;
    static LogModel of(const std::vector<storage::RecoveredGroup>& recovered);
    std::string text() const;
};

// A node under a sequence of writes on a disk that may stop at any change.
class LoggedRun {
public:
    explicit LoggedRun(uint64_t seed);
    // Runs the writes; at most `outstanding_max` are unacknowledged at a time. Ends early when the
    // disk stops.
    void run(const std::vector<uint64_t>& draws, size_t outstanding_max);
    // Power loss, then recovery, itself stopped and tried again `interruptions` times. The message
    // says what is wrong; empty if the recovered state is one of those after acknowledged <= n <=
    // submitted writes.
    std::string crash_and_check(int interruptions);

    MemWorld world;
    std::unique_ptr<storage::NodeStorage> node;
    size_t acknowledged() const { return acknowledged_; }

private:
    Prng random_;
    std::vector<LogModel> states_;  // states_[n]: after n writes
    size_t acknowledged_ = 0;
};

}  // namespace quern::test
