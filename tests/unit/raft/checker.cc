#include "tests/unit/raft/checker.h"

#include <algorithm>

#include "system/raft/quorum.h"

namespace quern::raft::testing {

void Checker::fail(const std::string& what) {
    if (failure_.empty()) failure_ = what;
}

// R7, R8: at the instant a promise leaves, the disk holds it.
void Checker::left(const Node& from, const Message& message) {
    const DiskImage& disk = from.disk;
    const std::string who = "node " + std::to_string(from.id.value);
    if (message.kind == MessageKind::append_response && !message.reject) {
        if (disk.last() < message.index) fail("R7: " + who + " acknowledged what it has not written");
    }
    const bool vote = message.kind == MessageKind::vote_response && !message.reject;
    const bool request = message.kind == MessageKind::vote_request;
    if (!vote && !request) return;
    const NodeId candidate = vote ? message.to : from.id;
    if (disk.hard_state.term == message.term && disk.hard_state.voted_for != candidate) {
        fail("R7: " + who + " voted before its disk knew");
    }
    if (disk.hard_state.term < message.term) fail("R7: " + who + " voted in an unwritten term");
    auto [at, first] = votes_.try_emplace({from.id, message.term}, candidate);
    if (!first && at->second != candidate) fail("R8: " + who + " voted twice in a term");
}

void Checker::applied(const Node& node, const Entry& entry,
                      const std::map<NodeId, std::unique_ptr<Node>>& all) {
    const std::string where = " at index " + std::to_string(entry.index.value);
    if (entry.index.value != node.applied.size() + 1) fail("R14: applied out of order" + where);
    const Committed now{entry.term, std::string(entry.payload.text())};
    auto [at, first] = committed_.try_emplace(entry.index, now);
    if (at->second.term != now.term || at->second.payload != now.payload) {
        fail("R5: two nodes applied different entries" + where);
    }
    if (!first) return;
    // R9: the first to see it committed is its leader, who counts by its latest configuration.
    const Configuration& configuration = node.raft->configuration();
    const uint64_t durable = quorum_value(configuration, [&](NodeId id) -> uint64_t {
        const auto found = all.find(id);
        if (found == all.end()) return 0;
        const DiskImage& disk = found->second->disk;
        if (disk.was_damaged) return 1;  // may have been lost after it was promised
        return disk.snapshot.index >= entry.index || disk.term_at(entry.index) >= entry.term ? 1 : 0;
    });
    if (durable == 0) fail("R9: committed but not durable at a majority" + where);
}

void Checker::read_asked(uint64_t context) { reads_[context] = committed(); }

void Checker::read_answered(const ReadState& read) {
    if (read.index < reads_.at(read.context)) fail("R13: a read from the past");
}

// R1, R4.
void Checker::check_leader(const Node& node) {
    const Status status = node.raft->status();
    if (status.role != Role::leader) return;
    auto [at, first] = leaders_.try_emplace(status.term, node.id);
    if (at->second != node.id) fail("R1: two leaders in term " + std::to_string(status.term.value));
    if (!first) return;
    for (const auto& [index, entry] : committed_) {
        if (index < status.first || entry.term >= status.term) continue;
        if (node.raft->term_at(index) != entry.term) {
            fail("R4: the leader of term " + std::to_string(status.term.value) +
                 " lacks committed entry " + std::to_string(index.value));
        }
    }
}

// R3: where two logs agree at an index, they agree on everything before it.
void Checker::check_matching(const Node& a, const Node& b) {
    const Status sa = a.raft->status();
    const Status sb = b.raft->status();
    bool agree = false;
    const LogIndex low = std::max(sa.first, sb.first);
    for (LogIndex i = std::min(sa.last, sb.last); i >= low; i = i.prev()) {
        const bool same = a.raft->term_at(i) == b.raft->term_at(i);
        if (agree && !same) return fail("R3: logs differ at index " + std::to_string(i.value));
        agree = same;
    }
}

void Checker::check(const std::map<NodeId, std::unique_ptr<Node>>& nodes) {
    for (auto a = nodes.begin(); a != nodes.end(); ++a) {
        if (a->second->raft == nullptr) continue;
        a->second->raft->check_invariants();
        check_leader(*a->second);
        for (auto b = std::next(a); b != nodes.end(); ++b) {
            if (b->second->raft != nullptr) check_matching(*a->second, *b->second);
        }
    }
}

}  // namespace quern::raft::testing
