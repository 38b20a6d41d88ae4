// Safety of a Cluster over its whole life, as far as an observer of everything can see it. Numbers as
// in docs: R1 one leader a term, R3 log matching, R4 leader completeness, R7 promises are durable, R8
// one vote a term, R9 committed means durable at a majority, R13 reads, R14 applied never goes back.
#pragma once

#include <map>
#include <string>

#include "tests/unit/raft/cluster.h"

namespace quern::raft::testing {

class Checker {
public:
    // Events.
    void left(const Node& from, const Message& message);
    void applied(const Node& node, const Entry& entry, const std::map<NodeId, std::unique_ptr<Node>>& all);
    void read_asked(uint64_t context);
    void read_answered(const ReadState& read);
    void fail(const std::string& what);  // the first failure stays
    // State.
    void check(const std::map<NodeId, std::unique_ptr<Node>>& nodes);

    const std::string& failure() const { return failure_; }
    LogIndex committed() const {
        return committed_.empty() ? LogIndex{} : committed_.rbegin()->first;
    }

private:
    struct Committed {
        Term term;
        std::string payload;
    };
    void check_leader(const Node& node);
    void check_matching(const Node& a, const Node& b);

    std::string failure_;
    std::map<Term, NodeId> leaders_;
    std::map<std::pair<NodeId, Term>, NodeId> votes_;
    std::map<LogIndex, Committed> committed_;
    std::map<uint64_t, LogIndex> reads_;
};

}  // namespace quern::raft::testing
