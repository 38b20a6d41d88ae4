// What a node has when it comes back (R10), and whether it is still who made its promises (R11).
#include "harness/group_judge.h"
#include "harness/witness.h"

namespace quern::harness {

void Witness::recovered(NodeId self, GroupId group, const raft::Restored& restored) {
    if (cluster_ == nullptr) return;
    replica(self, group);
    disk(self).look();
    const DurableLog::Group* log = disk(self).find(group);
    const LogIndex snapshot = restored.snapshot.index;
    const bool empty = restored.entries.empty();
    const LogIndex first = empty ? snapshot.next() : restored.entries.front().index;
    const LogIndex last = empty ? snapshot : restored.entries.back().index;
    rules_.recovered({self, group}, snapshot, first, last, log != nullptr ? log->last() : LogIndex{});
}

// Promises stand on the disk that they were written to: another one's log carries another mark.
void Witness::check_identity(NodeId self, GroupId group) {
    if (const uint64_t owner = disk(self).owner()) rules_.identity({self, group}, owner);
}

}  // namespace quern::harness
