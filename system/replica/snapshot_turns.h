// Whose snapshot goes next to a peer that needs several: a few at a time, so that their chunks do not fill its link,
// and in the order in which the groups first asked, so that a group that needs one again and again does not keep the
// others from theirs.
#pragma once

#include <map>
#include <vector>

#include "system/base/ids.h"
#include "system/base/time.h"

namespace quern::replica {

class SnapshotTurns {
public:
    static constexpr size_t at_once_max = 4;  // to one peer

    // A group that is refused asks again. One that has not for `patience` has lost its turn.
    explicit SnapshotTurns(Duration patience) : patience_(patience) {}
    // Whether `group` may begin now, while `under_way` snapshots go to the peer.
    bool admit(NodeId peer, GroupId group, size_t under_way, Instant now);

private:
    struct Turn {
        GroupId group;
        Instant asked;
    };
    Duration patience_;
    std::map<NodeId, std::vector<Turn>> waiting_;  // by when they first asked
};

}  // namespace quern::replica
