#include "system/balancer/cluster_requests.h"
#include "system/balancer/data_request.h"
#include "system/balancer/queue_requests.h"
#include "system/balancer/user_requests.h"

namespace quern::balancer {

namespace {

enum class Handler : uint8_t { data, queue, user, cluster };

struct HandlerOf {
    Handler operator()(const wire::CreateQueueRequest&) const { return Handler::queue; }
    Handler operator()(const wire::DeleteQueueRequest&) const { return Handler::queue; }
    Handler operator()(const wire::SetAttributesRequest&) const { return Handler::queue; }
    Handler operator()(const wire::ListQueuesRequest&) const { return Handler::queue; }
    Handler operator()(const wire::CreateUserRequest&) const { return Handler::user; }
    Handler operator()(const wire::DeleteUserRequest&) const { return Handler::user; }
    Handler operator()(const wire::ListUsersRequest&) const { return Handler::user; }
    Handler operator()(const wire::GrantRequest&) const { return Handler::user; }
    Handler operator()(const wire::ClusterStatusRequest&) const { return Handler::cluster; }
    Handler operator()(const wire::TransferLeaderRequest&) const { return Handler::cluster; }
    template <typename OnMessages>
    Handler operator()(const OnMessages&) const {
        return Handler::data;
    }
};

}  // namespace

std::unique_ptr<ActiveRequest> make_request(const Context& context, AnswerSink& sink,
                                            Identity& identity, Arrived arrived) {
    switch (std::visit(HandlerOf{}, arrived.request.operation)) {
        case Handler::queue: return make_queue_request(context, sink, identity, std::move(arrived));
        case Handler::user: return make_user_request(context, sink, identity, std::move(arrived));
        case Handler::cluster:
            return make_cluster_request(context, sink, identity, std::move(arrived));
        case Handler::data: break;
    }
    return std::make_unique<DataRequest>(context, sink, identity, std::move(arrived));
}

}  // namespace quern::balancer
