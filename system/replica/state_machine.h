// What a group replica drives: the queue state of a data group or the catalogue.
#pragma once

#include <memory>
#include <vector>

#include "system/base/body_ref.h"
#include "system/base/result.h"
#include "system/raft/raft.h"

namespace quern::replica {

// State fixed at one index, read in slices while the group goes on.
class SnapshotSource {
public:
    virtual ~SnapshotSource() = default;
    virtual Buffer next_chunk(size_t bytes_target) = 0;             // empty after the last
    virtual std::vector<BodyRef> next_bodies(size_t count_max) = 0;  // empty after the last
};

class StateMachine {
public:
    virtual ~StateMachine() = default;
    // The next committed entry, of any kind.
    virtual void apply(const raft::Entry& entry) = 0;
    virtual std::unique_ptr<SnapshotSource> freeze() = 0;
    // Replaces the whole state; what was proposed and is covered by it has an unknown outcome.
    virtual Result<void> restore(const std::vector<Buffer>& chunks) = 0;
    // Before outputs are taken: the moment to propose what has gathered in this turn.
    virtual void flush() = 0;
    // Role, leader or readiness changed.
    virtual void status_changed(const raft::Status& status) = 0;
    virtual LogIndex index() const = 0;
    virtual uint64_t rolling_hash() const = 0;
};

}  // namespace quern::replica
