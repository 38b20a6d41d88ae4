#include "system/balancer/cluster_requests.h"

#include <algorithm>

namespace quern::balancer {

namespace {

// Asks all nodes at once and answers with what came back within a second.
class ClusterStatus final : public CatalogueRequest {
public:
    using CatalogueRequest::CatalogueRequest;
    ~ClusterStatus() override {
        for (const auto& [node, call] : calls_) context_.upstreams.cancel(call);
    }
    static constexpr Duration patience = Duration::seconds(1);

    void start() override { authorise(Target::none); }

private:
    void permitted(Granted) override {
        const Instant deadline =
            std::min(arrived_.deadline, context_.env.clock.now() + patience);
        for (const NodeId node : context_.upstreams.nodes()) {
            calls_[node] = context_.upstreams.query(
                node, wire::GroupStatus{}, deadline,
                [this, node](Result<wire::QueryReply> reply) { said(node, std::move(reply)); });
        }
        if (calls_.empty()) answer();
    }

    void said(NodeId node, Result<wire::QueryReply> reply) {
        calls_.erase(node);
        std::optional<wire::GroupStatusAnswer>& report = reports_[node];
        if (reply && reply->error.code == ErrorCode::ok) {
            if (auto* status = std::get_if<wire::GroupStatusAnswer>(&reply->answer)) {
                report = std::move(*status);
            }
        }
        if (calls_.empty()) answer();
    }

    void answer() {
        const metadata::MetadataCache& cache = context_.catalogue.cache();
        wire::ClusterStatusResponse status =
            merge_status(cache.nodes(), cache.groups(), reports_);
        status.cluster = context_.options.cluster;
        status.version = cache.version();
        wire::Response response;
        response.time = context_.catalogue.time();
        response.body = std::move(status);
        finish(response);
    }

    std::map<NodeId, Upstreams::Call> calls_;
    NodeReports reports_;
};

class TransferLeader final : public CatalogueRequest {
public:
    using CatalogueRequest::CatalogueRequest;
    void start() override { authorise(Target::none); }

private:
    void permitted(Granted) override {
        const auto& request = std::get<wire::TransferLeaderRequest>(arrived_.request.operation);
        const auto& groups = context_.catalogue.cache().groups();
        auto group = groups.find(request.group);
        if (group == groups.end()) {
            return finish(Error(ErrorCode::invalid_argument,
                                "there is no group " + std::to_string(request.group.value) +
                                    "; `cluster status` lists them"));
        }
        const std::vector<NodeId>& replicas = group->second.replicas;
        if (std::find(replicas.begin(), replicas.end(), request.target) == replicas.end()) {
            return finish(Error(ErrorCode::invalid_argument,
                                "node " + std::to_string(request.target.value) +
                                    " has no replica of group " +
                                    std::to_string(request.group.value)));
        }
        ask_catalogue(wire::TransferLeader{request.group, request.target}, request.group);
    }
    void catalogue_said(const wire::QueryReply&) override {
        const auto& request = std::get<wire::TransferLeaderRequest>(arrived_.request.operation);
        context_.leaders.learned(request.group, request.target);
        wire::Response response = response_now();
        response.body = wire::OkResponse{};
        finish(response);
    }
};

}  // namespace

std::unique_ptr<ActiveRequest> make_cluster_request(const Context& context, AnswerSink& sink,
                                                    Identity& identity, Arrived arrived) {
    if (std::holds_alternative<wire::ClusterStatusRequest>(arrived.request.operation)) {
        return std::make_unique<ClusterStatus>(context, sink, identity, std::move(arrived));
    }
    QUERN_ASSERT(std::holds_alternative<wire::TransferLeaderRequest>(arrived.request.operation));
    return std::make_unique<TransferLeader>(context, sink, identity, std::move(arrived));
}

}  // namespace quern::balancer
