// What the rule of reads (R13) is told, and what that of corruption (R15) is.
#include "harness/group_judge.h"
#include "harness/witness.h"
#include "system/base/checksum.h"

namespace quern::harness {

// A peer that has confirmed a leader tells it nothing as long as the answer is on its way.
void Witness::message_arrives(NodeId self, const raft::Message& message) {
    if (cluster_ == nullptr || message.kind != raft::MessageKind::heartbeat_response) return;
    reads_.answers({message.from, message.group}, self, message.term, message.context);
}

uint64_t Witness::read_begins(GroupId group) {
    return cluster_ != nullptr ? reads_.begins(rules_.last(group)) : 0;
}

void Witness::read_ends(NodeId self, GroupId group, uint64_t read, LogIndex index) {
    if (cluster_ == nullptr) return;
    const raft::Raft* raft = core(self, group);
    reads_.ends({self, group}, read, index, rules_.term_at(group, index),
                raft != nullptr ? raft->configuration() : raft::Configuration{});
}

void Witness::note_bytes(NodeId self, const raft::Message& message) {
    for (const raft::Entry& entry : message.entries) {
        rules_.sent({self, message.group}, entry.index, entry.term, hash64(entry.payload.span()));
    }
}

}  // namespace quern::harness
