// A balancer in one process with a storage node: that node is asked without a socket.
#include <gtest/gtest.h>

#include "tests/unit/balancer/fake_cluster.h"

namespace quern::balancer {
namespace {

// Answers as node 1 of the cluster would.
class FakeLocal final : public LocalStorage {
public:
    FakeLocal(FakeCluster& c, Env& e) : cluster(c), env(e) {}

    LocalRequest forward(wire::Forward request, Callback<void(wire::Encoded)> done) override {
        Forwarded seen{NodeId(1), 0, ++last, request.header, {}, request.request};
        if (request.header.kind == wire::ForwardHeader::Kind::client_request) {
            seen.request =
                *wire::decode_request(request.request, request.header.request_head_bytes);
        }
        ++forwards;
        const std::optional<wire::Response> answer = cluster.answer(seen);
        if (silent) return last;
        env.loop.post([run = std::move(done), response = *answer]() mutable {
            run(wire::encode(response));
        });
        return last;
    }
    void query(wire::Query query, Callback<void(wire::QueryReply)> done) override {
        ++queries;
        env.loop.post([run = std::move(done), reply = *cluster.answer_query(NodeId(1), query)]() mutable {
            run(std::move(reply));
        });
    }
    LocalRequest relay(wire::Relay, Callback<void(Result<wire::Frame>)> done) override {
        env.loop.post([run = std::move(done)]() mutable {
            run(fail(Error(ErrorCode::connection_refused).with_outcome(Outcome::not_applied)));
        });
        return ++last;
    }
    void cancel(LocalRequest request) override { cancelled.push_back(request); }

    FakeCluster& cluster;
    Env& env;
    LocalRequest last = 0;
    int forwards = 0;
    int queries = 0;
    bool silent = false;
    std::vector<LocalRequest> cancelled;
};

struct Fixture {
    Fixture() {
        cluster.options.client_at.port = 9001;
        cluster.options.self = NodeId(1);
        for (auto& [group, leader] : cluster.leaders) leader = NodeId(1);
        balancer = std::make_unique<Balancer>(cluster.balancer_machine->env(), cluster.options, &local);
        QUERN_ASSERT(balancer->start().has_value());
        client = std::make_unique<Client>(cluster.world, *cluster.client_machine,
                                          balancer->client_endpoint(), cluster.administrator);
        QUERN_ASSERT(client->connect());
        record = cluster.create("a");
    }
    FakeCluster cluster;
    FakeLocal local{cluster, cluster.balancer_machine->env()};
    std::unique_ptr<Balancer> balancer;
    std::unique_ptr<Client> client;
    metadata::QueueRecord record;
};

TEST(LocalStorage, the_own_node_is_asked_without_a_socket) {
    Fixture f;
    EXPECT_EQ(f.client->code(on_queue("a", send_of("x"))), ErrorCode::ok);
    EXPECT_GE(f.local.forwards, 1);
    EXPECT_GE(f.local.queries, 1);
}

TEST(LocalStorage, silence_ends_at_the_deadline) {
    Fixture f;
    ASSERT_EQ(f.client->code(on_queue("a", send_of("x"))), ErrorCode::ok);
    f.local.silent = true;
    wire::Request request = on_queue("a", send_of("y"));
    request.deadline_ms = 1000;
    EXPECT_EQ(f.client->code(request), ErrorCode::outcome_unknown);
    EXPECT_EQ(f.local.cancelled, std::vector<LocalRequest>{f.local.last});
}

TEST(LocalStorage, a_client_that_left_is_told_to_it) {
    Fixture f;
    ASSERT_EQ(f.client->code(on_queue("a", send_of("x"))), ErrorCode::ok);
    f.local.silent = true;
    f.client->send(on_queue("a", wire::ReceiveRequest{1, 60'000, -1}));
    f.cluster.run(Duration::milliseconds(5));
    f.client->stop();
    f.cluster.run(Duration::milliseconds(5));
    EXPECT_EQ(f.local.cancelled, std::vector<LocalRequest>{f.local.last});
}

}  // namespace
}  // namespace quern::balancer
