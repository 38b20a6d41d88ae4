// Three storage nodes or more, played by the test around a real catalogue, a real balancer and raw clients, in a
// simulated world. Nodes answer as a healthy cluster would until a test says otherwise.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "system/balancer/balancer.h"
#include "system/metadata/catalogue.h"
#include "system/wire/link.h"
#include "tests/unit/balancer/fake_node.h"

namespace quern::balancer {

struct Credentials {
    std::string key_id;
    std::string secret;
};

// A client connection with nothing clever in it.
class Client final : public wire::LinkHandler {
public:
    Client(sim::World& world, sim::Machine& machine, const Endpoint& to, const Credentials& as);

    bool connect(Duration within = Duration::seconds(10));
    bool up() const { return link_->up(); }
    const Error& last_error() const { return link_->last_error(); }
    // Asks and waits for the answer.
    Result<wire::Response> ask(const wire::Request& request,
                               Duration within = Duration::seconds(120));
    // The error code of the answer.
    ErrorCode code(const wire::Request& request);
    // Asks without waiting; the answer lands in answers[number].
    uint64_t send(const wire::Request& request);
    void send_raw(BufferChain frame) { link_->send(std::move(frame)); }
    void stop() { link_->stop(); }

    std::map<uint64_t, Result<wire::Response>> answers;

private:
    void on_link_up(wire::Link&, const wire::HelloReply&) override {}
    void on_link_down(wire::Link&, const Error&) override {}
    void on_link_frame(wire::Link&, wire::Frame) override {}

    sim::World& world_;
    std::unique_ptr<wire::Link> link_;
    uint64_t last_ = 0;
};

class FakeCluster {
public:
    using Operation = decltype(metadata::Command::operation);

    explicit FakeCluster(uint64_t seed = 1, uint32_t node_count = 3);

    FakeNode& node(uint32_t id) { return *nodes.at(NodeId(id)); }
    // As changed behind the balancer's back, through another one.
    metadata::Reply change(Operation operation, Token token = {});
    metadata::Reply apply(const metadata::Command& command);
    metadata::QueueRecord create(const std::string& name);
    Credentials add_user(const std::string& name, std::vector<metadata::Grant> grants);
    std::unique_ptr<Client> client(const Credentials& as);
    std::unique_ptr<Client> connected(const Credentials& as);
    std::unique_ptr<Client> admin() { return connected(administrator); }
    void run(Duration d) { world.run_for(d); }

    // All forwards of client requests, at all nodes, in the order they came.
    std::vector<Forwarded> client_forwards() const;
    // Queries of this kind at all nodes.
    template <typename Kind>
    size_t count_queries() const {
        size_t count = 0;
        for (const auto& [id, node] : nodes) {
            for (const wire::Query& q : node->queries) count += std::holds_alternative<Kind>(q);
        }
        return count;
    }
    // How a healthy node answers.
    std::optional<wire::Response> answer(const Forwarded& seen);
    std::optional<wire::QueryReply> answer_query(NodeId node, const wire::Query& query);

    sim::World world;
    sim::Machine* balancer_machine = nullptr;
    sim::Machine* client_machine = nullptr;
    metadata::Catalogue catalogue;
    std::map<GroupId, NodeId> leaders;          // 0: none
    std::map<QueueId, CatalogueVersion> known;  // by the groups: queues and their record's version
    std::set<QueueId> dropped;
    ClusterTime now{1'000'000};
    size_t lose_answers = 0;  // to changes of the catalogue, the next so many
    CatalogueVersion floor;
    Options options;
    Credentials administrator;
    std::map<NodeId, std::unique_ptr<FakeNode>> nodes;
    std::unique_ptr<Balancer> balancer;
    std::vector<Forwarded> order;

private:
    void bootstrap(uint32_t node_count);
    void read_catalogue(const wire::Query& query, wire::QueryReply& reply) const;

    LogIndex index_;
    uint64_t next_key_ = 0;
};

wire::Request on_queue(const std::string& name, wire::Operation operation);
wire::Request on_queue(QueueId id, wire::Operation operation);
wire::SendRequest send_of(std::string_view body);
Token token(uint64_t seq);
wire::Response refusal(ErrorCode code, NodeId leader = {});

}  // namespace quern::balancer
