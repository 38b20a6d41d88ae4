// The native client: asks balancers on behalf of one access key, over any Env. Asynchronous; every
// callback runs from the loop, once, never inside the call that was given it. A callback may destroy the
// client; calls under way are then not answered.
//
// Each call is tried until its deadline:
//  - An error that says "not applied, retryable" is tried again after a jittered backoff, through another
//    endpoint where there is one.
//  - An attempt with unknown outcome (connection lost after the bytes were handed over, no answer in
//    time) is repeated with the same token, so that it takes effect once. Without a token (and unless it
//    only reads) it is not repeated.
//  - Retries beyond a call's first are paid from a budget when many calls are under way
//    (base/retry_budget.h).
// A server's error comes as Response::error. A local one comes as the Result's error, with an honest
// outcome: not_applied only if no attempt can have taken effect, else unknown.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "system/client/options.h"
#include "system/io/env.h"
#include "system/wire/client_messages.h"

namespace quern::client {

// One message to send: its content is the body followed by the encoded attributes.
struct OutgoingMessage {
    Buffer content;
    uint32_t body_bytes = 0;
    int64_t delay_ms = -1;  // -1: the queue's

    static OutgoingMessage of(Buffer body) {
        const auto bytes = static_cast<uint32_t>(body.size());
        return {std::move(body), bytes, -1};
    }
};

class Client {
public:
    Client(Env& env, Options options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    template <typename T>
    using Done = Callback<void(Result<T>)>;

    // Names a call under way; 0: none (it was refused, and is answered).
    using CallId = uint64_t;

    // --- the core -------------------------------------------------------------------------------
    // Copies the contents of a send. The token is the client's to fill in; what the request holds of it
    // is ignored.
    CallId call(wire::Request request, Done<wire::Response> done, CallOptions options = {});
    // A send whose entries' contents are, one after another, the bytes of `contents`; not copied.
    CallId call(wire::Request request, BufferChain contents, Done<wire::Response> done,
                CallOptions options = {});
    // Its callback will not run, and the balancer is told. It may have taken effect. Calls that have
    // ended are ignored.
    void cancel(CallId call);

    // --- typed: the server's errors come as the Result's error as well -----------------------------
    void create_queue(const std::string& queue, const QueueAttributes& attributes,
                      Done<metadata::QueueRecord> done,
                      std::map<std::string, std::string> tags = {});
    void delete_queue(const std::string& queue, Done<metadata::QueueRecord> done);
    // The attributes named by `mask` (metadata/validate.h).
    void set_attributes(const std::string& queue, const QueueAttributes& attributes, uint32_t mask,
                        Done<metadata::QueueRecord> done);
    void queue_status(const std::string& queue, Done<wire::QueueStatusResponse> done);
    void list_queues(wire::ListQueuesRequest page, Done<wire::ListQueuesResponse> done);

    void send(const std::string& queue, OutgoingMessage message, Done<queue::MessageId> done);
    // Each message is accepted or refused by itself; results are in their order.
    struct BatchSent {
        QueueId queue;
        std::vector<queue::SendResult> results;
    };
    void send_batch(const std::string& queue, std::vector<OutgoingMessage> messages,
                    Done<BatchSent> done, CallOptions options = {});
    CallId receive(const std::string& queue, wire::ReceiveRequest request,
                   Done<wire::ReceiveResponse> done);
    // One result for each receipt.
    void delete_messages(const std::string& queue, std::vector<wire::ReceiptBytes> receipts,
                         Done<std::vector<ErrorCode>> done);
    void delete_message(const std::string& queue, const wire::ReceiptBytes& receipt,
                        Done<void> done);
    void change_visibility(const std::string& queue,
                           std::vector<wire::ChangeVisibilityRequest::Entry> entries,
                           Done<std::vector<ErrorCode>> done);
    void purge(const std::string& queue, Done<uint64_t> done);
    void peek(const std::string& queue, wire::PeekRequest request, Done<wire::PeekResponse> done);

    void create_user(const std::string& name, const std::string& account,
                     Done<wire::CreateUserResponse> done);
    void delete_user(const std::string& name, Done<void> done);
    void list_users(wire::ListUsersRequest page, Done<wire::ListUsersResponse> done);
    void grant(wire::GrantRequest request, Done<void> done);
    void cluster_status(Done<wire::ClusterStatusResponse> done);
    void transfer_leader(GroupId group, NodeId target, Done<void> done);

    // --- asking ---------------------------------------------------------------------------------
    size_t calls_under_way() const;
    // The cluster's time as far as this client can tell; 0 before the first connection.
    ClusterTime cluster_time() const;
    Env& env() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace quern::client
