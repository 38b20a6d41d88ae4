// What nodes say to each other on the peer port, after a handshake that proved both ends.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "system/io/clock.h"
#include "system/metadata/catalogue.h"
#include "system/raft/types.h"
#include "system/wire/client_messages.h"

namespace quern::wire {

// All raft messages for one node that one turn of the loop produced. Payloads are attachments.
struct RaftMessage {
    Uuid incarnation;  // of the group; a receiver of another incarnation drops the message (R11)
    raft::Message message;
};
Encoded encode_raft(std::span<const RaftMessage> messages);
Result<std::vector<RaftMessage>> decode_raft(const Frame& frame);

// Liveness of the link and one clock sample: the asker notes when it sent and received.
struct Ping {
    Instant sent;  // the asker's monotonic clock, echoed
};
struct Pong {
    Instant sent;
    WallReading wall;  // the answerer's clock
    bool overloaded_disk = false;  // at the hard mark: no room for new messages
    std::vector<NodeId> reaches;   // nodes that answer the answerer's own pings
};
Encoded encode(const Ping& message);
Encoded encode(const Pong& message);
Result<Ping> decode_ping(const Frame& frame);
Result<Pong> decode_pong(const Frame& frame);

// A balancer passes on a client's request. The request's body follows as attachment, unchanged.
// `authorised_at` is the catalogue version the permission was judged at: a node that knows a newer
// policy_version refuses with stale_catalogue.
struct ForwardHeader {
    GroupId group;
    QueueId queue;
    CatalogueVersion record_version;
    CatalogueVersion authorised_at;
    UserId principal;
    int64_t deadline_ms = 0;  // left at sending
    uint32_t request_head_bytes = 0;
    // Commands that a balancer adds of itself; then there is no client request.
    enum class Kind : uint8_t { client_request = 0, ensure_queue = 1, drop_queue = 2 };
    Kind kind = Kind::client_request;
    QueueAttributes attributes;  // ensure_queue
};
struct Forward {
    ForwardHeader header;
    Buffer request;  // the client request's body; empty for ensure_queue and drop_queue
};
Encoded encode(const Forward& message);
Result<Forward> decode_forward(const Frame& frame);
// The answer is a Response (client_messages.h) in a forward_reply frame.

// Questions of balancers and nodes to the metadata group; linearizable, answered by its leader.
struct FindQueue {
    metadata::QueueName name;
};
struct FindQueueById {
    QueueId id;
};
struct FindUser {
    std::string key_id;
};
// The changes after `since`, at most 1,000 and what belongs to the last one's version; answered at once.
struct Watch {
    CatalogueVersion since;
};
struct ListQueues {
    std::string account;
    std::string prefix;
    std::string after;
    uint32_t count_max = 1000;
};
struct ListUsers {
    std::string after;
    uint32_t count_max = 500;
};
struct ListDeleting {};  // queues whose DropQueue is not confirmed
struct GroupStatus {};   // of all groups this node hosts; any node answers for itself
struct Change {          // a catalogue command
    metadata::Command command;
};
struct TransferLeader {  // asked of the group's leader
    GroupId group;
    NodeId target;
};
using Query = std::variant<FindQueue, FindQueueById, FindUser, Watch, ListQueues, ListUsers, ListDeleting,
                           GroupStatus, Change, TransferLeader>;

struct QueueAnswer {
    std::optional<metadata::QueueRecord> record;
};
struct UserAnswer {
    std::optional<metadata::UserRecord> record;
};
struct WatchAnswer {
    bool reset = false;  // the change log did not reach back: start over with these
    std::vector<metadata::Change> changes;
    std::vector<metadata::NodeRecord> nodes;
    std::vector<metadata::GroupRecord> groups;
    bool more = false;  // changes were cut: they reach up to QueryReply::version, and there are newer ones
};
struct QueueListAnswer {
    std::vector<metadata::QueueRecord> records;
    bool more = false;
};
struct UserListAnswer {
    std::vector<metadata::UserRecord> records;
    bool more = false;
};
struct GroupStatusAnswer {
    struct Group {
        GroupId id;
        Term term;
        NodeId leader;
        bool is_leader = false;
        LogIndex commit;
        LogIndex applied;
    };
    std::vector<Group> groups;
    uint64_t queues = 0;
    uint64_t users = 0;
};
struct ChangeAnswer {
    metadata::Reply reply;
};
struct QueryReply {
    Error error;  // not_leader carries `leader`
    NodeId leader;
    CatalogueVersion version;         // the answer was read at
    CatalogueVersion policy_version;
    ClusterId cluster;
    ClusterTime time;
    std::variant<std::monostate, QueueAnswer, UserAnswer, WatchAnswer, QueueListAnswer, UserListAnswer,
                 GroupStatusAnswer, ChangeAnswer>
        answer;
};
Encoded encode(const Query& query);
Encoded encode(const QueryReply& reply);
Result<Query> decode_query(const Frame& frame);
Result<QueryReply> decode_query_reply(const Frame& frame);

// Snapshot transfer: offer → reply(accepted) → chunks, each answered → reply(done).
struct SnapshotOffer {
    GroupId group;
    Uuid incarnation;
    NodeId from;
    Term term;
    raft::SnapshotMeta meta;
};
struct SnapshotChunk {
    GroupId group;
    LogIndex snapshot_index;
    uint64_t ordinal = 0;
    bool last = false;
    // Either a part of the encoded state (attachment), or bodies: attachment is all contents, one after
    // another.
    std::vector<BodyRef> bodies;
    // Bodies of the state that the sender has not: dropped since, by a later entry, or damaged everywhere
    // it can ask. The receiver keeps what it has of them itself.
    std::vector<BodyRef> absent;
    Buffer bytes;
};
struct SnapshotReply {
    GroupId group;
    LogIndex snapshot_index;
    uint64_t ordinal = 0;  // of the chunk it answers
    bool accepted = false;  // false: stop
    bool done = false;      // installed and durable
};
Encoded encode(const SnapshotOffer& message);
Encoded encode(const SnapshotChunk& message);
Encoded encode(const SnapshotReply& message);
Result<SnapshotOffer> decode_snapshot_offer(const Frame& frame);
Result<SnapshotChunk> decode_snapshot_chunk(const Frame& frame);
Result<SnapshotReply> decode_snapshot_reply(const Frame& frame);

}  // namespace quern::wire
