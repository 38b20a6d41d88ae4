#include "system/client/answer.h"
#include "system/client/client.h"

namespace quern::client {

namespace {

wire::Request on_queue(const std::string& queue, wire::Operation operation) {
    wire::Request request;
    request.queue_name = queue;
    request.operation = std::move(operation);
    return request;
}

Callback<void(Result<wire::Response>)> record_to(
    Callback<void(Result<metadata::QueueRecord>)> done) {
    return answer_to<wire::QueueResponse>(
        std::move(done), [](wire::Response&, wire::QueueResponse& body) -> Result<metadata::QueueRecord> {
            return std::move(body.record);
        });
}

}  // namespace

void Client::create_queue(const std::string& queue, const QueueAttributes& attributes,
                          Done<metadata::QueueRecord> done, std::map<std::string, std::string> tags) {
    call(on_queue(queue, wire::CreateQueueRequest{attributes, std::move(tags)}),
         record_to(std::move(done)));
}

void Client::delete_queue(const std::string& queue, Done<metadata::QueueRecord> done) {
    call(on_queue(queue, wire::DeleteQueueRequest{}), record_to(std::move(done)));
}

void Client::set_attributes(const std::string& queue, const QueueAttributes& attributes,
                            uint32_t mask, Done<metadata::QueueRecord> done) {
    call(on_queue(queue, wire::SetAttributesRequest{attributes, mask}), record_to(std::move(done)));
}

void Client::queue_status(const std::string& queue, Done<wire::QueueStatusResponse> done) {
    call(on_queue(queue, wire::QueueStatusRequest{}),
         body_to<wire::QueueStatusResponse>(std::move(done)));
}

void Client::list_queues(wire::ListQueuesRequest page, Done<wire::ListQueuesResponse> done) {
    call(on_queue("", std::move(page)), body_to<wire::ListQueuesResponse>(std::move(done)));
}

void Client::purge(const std::string& queue, Done<uint64_t> done) {
    call(on_queue(queue, wire::PurgeRequest{}),
         answer_to<wire::PurgeResponse>(
             std::move(done), [](wire::Response&, wire::PurgeResponse& body) -> Result<uint64_t> {
                 return body.purged;
             }));
}

// --- users and cluster --------------------------------------------------------------------------------

void Client::create_user(const std::string& name, const std::string& account,
                         Done<wire::CreateUserResponse> done) {
    call(on_queue("", wire::CreateUserRequest{name, account}),
         body_to<wire::CreateUserResponse>(std::move(done)));
}

void Client::delete_user(const std::string& name, Done<void> done) {
    call(on_queue("", wire::DeleteUserRequest{name}), ok_to(std::move(done)));
}

void Client::list_users(wire::ListUsersRequest page, Done<wire::ListUsersResponse> done) {
    call(on_queue("", std::move(page)), body_to<wire::ListUsersResponse>(std::move(done)));
}

void Client::grant(wire::GrantRequest request, Done<void> done) {
    call(on_queue("", std::move(request)), ok_to(std::move(done)));
}

void Client::cluster_status(Done<wire::ClusterStatusResponse> done) {
    call(on_queue("", wire::ClusterStatusRequest{}),
         body_to<wire::ClusterStatusResponse>(std::move(done)));
}

void Client::transfer_leader(GroupId group, NodeId target, Done<void> done) {
    call(on_queue("", wire::TransferLeaderRequest{group, target}), ok_to(std::move(done)));
}

}  // namespace quern::client
