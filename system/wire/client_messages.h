// What clients ask and get, as values: one Request and one Response, each a FlatBuffer head with message
// contents as attachments, so that bodies are never copied into or out of a FlatBuffer. A balancer
// passes a request's body on as it is; the leader's response reaches the client as it is.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "system/base/result.h"
#include "system/base/token.h"
#include "system/metadata/types.h"
#include "system/queue/command.h"
#include "system/queue/receipt.h"
#include "system/wire/frame.h"

namespace quern::wire {

using ReceiptBytes = std::array<uint8_t, queue::receipt_bytes>;

// --- requests ---------------------------------------------------------------------------------------

struct SendRequest {
    std::vector<queue::SendEntry> entries;  // contents are spans into the request's body
};
struct ReceiveRequest {
    uint32_t messages_max = 1;
    int64_t wait_ms = -1;        // -1: the queue's receive wait; 0: answer at once
    int64_t visibility_ms = -1;  // -1: the queue's
};
struct DeleteRequest {
    std::vector<ReceiptBytes> receipts;
};
struct ChangeVisibilityRequest {
    struct Entry {
        ReceiptBytes receipt;
        int64_t visibility_ms = 0;
    };
    std::vector<Entry> entries;
};
struct PurgeRequest {};
struct PeekRequest {
    MessageSeq from;
    uint32_t messages_max = 1;
};
struct QueueStatusRequest {};  // record and counters

struct CreateQueueRequest {
    QueueAttributes attributes;
    std::map<std::string, std::string> tags;
};
struct DeleteQueueRequest {};
struct SetAttributesRequest {
    QueueAttributes attributes;
    uint32_t mask = 0;  // metadata/validate.h
};
struct ListQueuesRequest {
    std::string prefix;
    std::string after;  // continue behind this name
    uint32_t count_max = 1000;
};
struct CreateUserRequest {
    std::string name;
    std::string account;  // empty: the asker's
};
struct DeleteUserRequest {
    std::string name;
};
struct ListUsersRequest {
    std::string after;  // continue behind this name
    uint32_t count_max = limits::listed_users_max;
};
struct GrantRequest {
    std::string user;
    metadata::Grant grant;
    bool revoke = false;
};
struct ClusterStatusRequest {};
struct TransferLeaderRequest {
    GroupId group;
    NodeId target;
};

using Operation =
    std::variant<SendRequest, ReceiveRequest, DeleteRequest, ChangeVisibilityRequest, PurgeRequest,
                 PeekRequest, QueueStatusRequest, CreateQueueRequest, DeleteQueueRequest,
                 SetAttributesRequest, ListQueuesRequest, CreateUserRequest, DeleteUserRequest,
                 ListUsersRequest, GrantRequest, ClusterStatusRequest, TransferLeaderRequest>;

struct Request {
    // The queue by id (as an earlier response gave it; saves the look-up by name) or by name. With both,
    // the id is tried and the name is for error texts and permissions.
    QueueId queue;
    std::string queue_name;
    Token token;               // mutating operations and receives; see queue and metadata commands
    int64_t deadline_ms = 0;   // from arrival; 0: the server's default. Long polls: besides wait_ms
    Operation operation;
    // Set when a request by name is asked again and may have been done: the cluster time when it was asked
    // first. It must not be done in a queue that was made under its name since. 0: not asked before.
    ClusterTime begun;
};

// --- responses --------------------------------------------------------------------------------------

struct SendResponse {
    std::vector<queue::SendResult> results;  // in the order of the entries
};
struct ReceivedMessage {
    MessageSeq seq;
    ReceiptBytes receipt{};
    uint32_t receive_count = 0;
    ClusterTime sent;
    ClusterTime first_received;
    ClusterTime leased_until;
    Buffer content;  // body, then attributes
    uint32_t body_bytes = 0;
};
struct ReceiveResponse {
    std::vector<ReceivedMessage> messages;
};
struct DeleteResponse {
    std::vector<ErrorCode> results;
};
struct ChangeVisibilityResponse {
    std::vector<ErrorCode> results;
};
struct PurgeResponse {
    uint64_t purged = 0;
};
struct PeekResponse {
    struct Message {
        ReceivedMessage message;  // without receipt
        uint8_t state = 0;        // queue::GroupState::MessageState
    };
    std::vector<Message> messages;
};
struct QueueStatusResponse {
    metadata::QueueRecord record;
    queue::Counters counters;
    ClusterTime oldest_sent = ClusterTime::never();
    NodeId leader;
};
struct QueueResponse {  // create, set attributes, delete
    metadata::QueueRecord record;
};
struct ListQueuesResponse {
    std::vector<std::string> names;
    bool more = false;
    CatalogueVersion version;  // all pages of a listing should show the same one
};
struct CreateUserResponse {
    std::string key_id;
    std::string secret;  // shown once
};
struct ListUsersResponse {
    struct User {
        std::string name;
        std::string account;
        std::vector<std::string> key_ids;
        std::vector<metadata::Grant> grants;
    };
    std::vector<User> users;
    bool more = false;
};
struct ClusterStatusResponse {
    struct Node {
        metadata::NodeRecord record;
        bool reachable = false;
    };
    struct Replica {
        NodeId node;
        bool leader = false;
        bool reachable = false;
        LogIndex applied;
    };
    struct Group {
        GroupId id;
        Term term;
        NodeId leader;  // 0: none known
        LogIndex commit;
        std::vector<Replica> replicas;
    };
    ClusterId cluster;
    CatalogueVersion version;
    uint64_t queues = 0;
    uint64_t users = 0;
    std::vector<Node> nodes;
    std::vector<Group> groups;
    bool healthy = false;  // every group has a leader and all its replicas
};
struct OkResponse {};

using ResponseBody =
    std::variant<OkResponse, SendResponse, ReceiveResponse, DeleteResponse, ChangeVisibilityResponse,
                 PurgeResponse, PeekResponse, QueueStatusResponse, QueueResponse, ListQueuesResponse,
                 CreateUserResponse, ListUsersResponse, ClusterStatusResponse>;

struct Response {
    Error error;  // code ok: the request was applied (or read) and `body` is the answer
    // The position at which it happened (ARCHITECTURE.md, Shape); zero where there is none.
    QueueId queue;
    GroupId group;
    LogIndex index;
    ClusterTime time;
    NodeId leader;  // who answered, or who leads as far as is known (not_leader)
    ResponseBody body;
};

// --- codecs -----------------------------------------------------------------------------------------

// A message as it lies in a frame: `head_bytes` of FlatBuffer, then attachments.
struct Encoded {
    Buffer head;
    BufferChain attachments;
};
Encoded encode(const Request& request);  // copies the contents of a send
// A send whose entries' contents are, one after another, the bytes of `contents`; not copied.
Encoded encode(const Request& request, BufferChain contents);
Encoded encode(const Response& response);
// `body` is verified first (depth, tables, identifier, alignment), then checked: sizes, ranges, UTF-8 of
// names is not required here, nor that counts keep their limits. Spans and Buffers of the result refer
// to `body`. protocol_error; unsupported_operation for an operation unknown to this version.
Result<Request> decode_request(const Buffer& body, uint32_t head_bytes);
Result<Response> decode_response(const Buffer& body, uint32_t head_bytes);

// Stable names, for logs, metrics and histories: "send", "receive", …
std::string_view operation_name(const Operation& operation);
// The permission the operation needs.
metadata::Action required_action(const Operation& operation);
// Changes state when applied (needs a token to be retried safely).
bool mutates(const Operation& operation);

}  // namespace quern::wire
