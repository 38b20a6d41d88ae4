#include "system/replica/snapshot_turns.h"

#include <algorithm>

namespace quern::replica {

bool SnapshotTurns::admit(NodeId peer, GroupId group, size_t under_way, Instant now) {
    std::vector<Turn>& waiting = waiting_[peer];
    std::erase_if(waiting, [&](const Turn& turn) { return turn.asked + patience_ < now; });
    auto mine = std::find_if(waiting.begin(), waiting.end(),
                             [group](const Turn& turn) { return turn.group == group; });
    if (mine == waiting.end()) mine = waiting.insert(waiting.end(), Turn{group, now});
    mine->asked = now;
    if (under_way + static_cast<size_t>(mine - waiting.begin()) >= at_once_max) return false;
    waiting.erase(mine);
    return true;
}

}  // namespace quern::replica
