// One of the product's state machines, fed with a log's entries by a judge.
#pragma once

#include <memory>
#include <vector>

#include "system/raft/types.h"

namespace quern::harness {

class LogFollower {
public:
    virtual ~LogFollower() = default;
    // The catalogue for group 0, else a data group.
    static std::unique_ptr<LogFollower> from_nothing(GroupId group);
    // Null: the snapshot does not decode.
    static std::unique_ptr<LogFollower> from_snapshot(GroupId group, const std::vector<Buffer>& chunks);

    virtual LogIndex index() const = 0;
    // The next entry. False: it does not decode.
    virtual bool apply(const raft::Entry& entry) = 0;
    // What a snapshot would hold now; the same for equal states.
    virtual std::vector<uint8_t> image() const = 0;
};

std::vector<uint8_t> joined(const std::vector<Buffer>& chunks);

}  // namespace quern::harness
