// A group of replicas in memory for tests: each with a disk image that holds exactly what persisted
// outputs wrote, a network whose messages the test delivers as it likes, and a list of what each node
// applied. Safety is checked by Checker after every step.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "system/raft/raft.h"

namespace quern::raft::testing {

std::vector<NodeId> ids(std::initializer_list<uint32_t> list);

// What survives a crash.
struct DiskImage {
    HardState hard_state;
    SnapshotMeta snapshot;
    std::vector<std::string> snapshot_state;  // what was applied up to the snapshot
    std::vector<Entry> entries;               // after the snapshot
    // From the first damaged entry on; term 0: not known. What is not damaged is there.
    struct Lost {
        Term term;
        std::optional<Entry> intact;
    };
    std::vector<Lost> lost;
    bool was_damaged = false;

    LogIndex last() const { return snapshot.index.plus(entries.size()); }
    Term term_at(LogIndex index) const;
    void write(const Output& output);
    void install(const SnapshotMeta& meta, std::vector<std::string> state, bool keep_suffix);
    // `count` entries from `from` on are unreadable; storage may still know their terms.
    void damage(LogIndex from, uint64_t count, bool terms_known);
    // The start of what is lost may be whole by now.
    void settle();
    const Entry* intact(LogIndex index) const;  // null: not here
    LogIndex faulty_from() const { return lost.empty() ? LogIndex{} : last().next(); }
    LogIndex end() const { return last().plus(lost.size()); }
};

struct Node {
    NodeId id;
    DiskImage disk;
    std::unique_ptr<Raft> raft;  // null while crashed
    std::deque<Output> unwritten;
    bool disk_held = false;            // outputs are written only when the test says so
    std::vector<std::string> applied;  // one per index from 1, "" for entries without effect
    std::vector<ReadState> reads;
    std::vector<uint64_t> reads_failed;
    std::vector<LoadRequest> loads;
};

struct SnapshotTransfer {
    NodeId from;
    NodeId to;
    Term term;
    SnapshotMeta meta;
    std::vector<std::string> state;
};

class Checker;

class Cluster {
public:
    struct Settings {
        uint64_t seed = 1;
        size_t append_bytes_max = 0;
        size_t inflight_messages_max = 0;
        size_t uncommitted_bytes_max = 0;
        Duration hibernate_after;
        Duration heartbeat_interval = Duration::milliseconds(100);
    };
    Cluster();
    explicit Cluster(Settings settings);
    ~Cluster();

    Settings& settings() { return settings_; }  // for nodes started from now on
    void add(NodeId id, Configuration initial);  // empty configuration: waits to be added
    void crash(NodeId id);                       // what was not written is lost
    void restart(NodeId id);
    bool alive(NodeId id) const { return nodes_.at(id)->raft != nullptr; }
    Node& node(NodeId id) { return *nodes_.at(id); }
    Raft& raft(NodeId id);
    std::vector<NodeId> all() const;
    Instant now() const { return now_; }

    // Takes outputs of a node: messages go to the network, the rest to its disk queue and state.
    void pump(NodeId id);
    // Makes the oldest unwritten output durable; false if there is none.
    bool persist_one(NodeId id);
    void persist_all(NodeId id);

    // Delivers message `at` of the network.
    void deliver(size_t at);
    void deliver_copy(const Message& message);
    // Everything, in order, until nothing moves; disks that are not held write at once.
    void settle();
    bool cut(NodeId from, NodeId to) const { return cuts_.count({from, to}) != 0; }
    void set_cut(NodeId from, NodeId to, bool cut);
    void heal() { cuts_.clear(); }
    // What drivers learn from their connections: both ends, or all that run and are connected to `id`.
    void link_changed(NodeId a, NodeId b);
    void node_changed(NodeId id);
    std::deque<Message>& network() { return network_; }
    std::deque<SnapshotTransfer>& transfers() { return transfers_; }
    void finish_transfer(bool ok);  // the oldest
    void answer_loads(NodeId id);

    // Gets the lost entries of a node from the disks of others that run, as far as they hold them.
    void repair(NodeId id);

    // Lets time pass, firing deadlines in order; `settled` delivers everything between them.
    void advance(Duration by, bool settled);
    // Time without deadlines: a paused cluster, or a node that was not scheduled.
    void skip(Duration by) { now_ = now_ + by; }
    void fire_due(NodeId id);

    void compact(NodeId id, LogIndex index);
    NodeId leader() const;  // of the highest term; none: 0
    Result<LogIndex> propose(NodeId id, const std::string& payload);
    void campaign(NodeId id);
    void read(NodeId id, uint64_t context);

    // Told of each message as it arrives, is lost on a cut link or at a crashed node.
    void set_trace(std::function<void(const std::string&)> trace) { trace_ = std::move(trace); }

    // Asserts all safety properties; a description of the first that fails, else "".
    std::string check();
    // One line: role, term, vote, log positions, configuration.
    std::string describe(NodeId id) const;

private:
    void start(Node& node);
    void apply(Node& node, const Entry& entry);
    void send(std::vector<Message>& messages);
    Instant next_deadline() const;

    Settings settings_;
    Instant now_;
    std::map<NodeId, std::unique_ptr<Node>> nodes_;
    std::deque<Message> network_;
    std::deque<SnapshotTransfer> transfers_;
    std::set<std::pair<NodeId, NodeId>> cuts_;
    std::unique_ptr<Checker> checker_;
    std::function<void(const std::string&)> trace_;
};

// "1,2,3", with "+old 1,2" and "+learners 4" where there are any.
std::string text_of(const Configuration& configuration);
// "1>2 append term 2 after 3:1 entries 4:2,5:2 commit 3": positions are index:term.
std::string text_of(const Message& message);

// Nodes 1, 2, 3, all voters.
struct ThreeNodes : Cluster {
    ThreeNodes();
};

}  // namespace quern::raft::testing
