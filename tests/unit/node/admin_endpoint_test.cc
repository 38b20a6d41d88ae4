#include "system/node/admin_endpoint.h"

#include <gtest/gtest.h>

#include "sim/cluster.h"

namespace quern::node {
namespace {

// Opens one stream, says what it is told to, and gathers what comes until the end.
struct Visitor {
    Visitor(sim::World& w, sim::Machine& machine, const Endpoint& to) : world(w) {
        machine.env().network.connect(to, [this](Result<std::unique_ptr<Connection>> opened) {
            ended = !opened;
            if (!opened) return;
            connection = std::move(*opened);
            read();
        });
        world.run_until([this] { return ended || connection != nullptr; }, Duration::seconds(5));
    }
    void read() {
        connection->read(space, [this](Result<size_t> size) {
            if (!size || *size == 0) {
                ended = true;
                return;
            }
            answer.append(reinterpret_cast<const char*>(space.data()), *size);
            read();
        });
    }
    void say(std::string_view text) {
        connection->write(BufferChain(Buffer::copy_of(text)), [](Result<void>) {});
    }
    bool wait_end(Duration within) {
        return world.run_until([this] { return ended; }, within);
    }
    std::string ask(std::string_view text) {
        say(text);
        EXPECT_TRUE(wait_end(Duration::seconds(4)));
        return answer;
    }

    sim::World& world;
    std::unique_ptr<Connection> connection;
    std::array<uint8_t, 256> space{};
    std::string answer;
    bool ended = false;
};

struct Pages : AdminPages {
    std::optional<HttpPage> page(const std::string& path) override {
        asked.push_back(path);
        if (path != "/metrics") return std::nullopt;
        return HttpPage{200, "text/plain", text};
    }
    std::vector<std::string> asked;
    std::string text = "quern_x 1\n";
};

struct AdminPort : testing::Test {
    sim::World world{{.seed = 5}};
    sim::Machine& server = world.add_machine({.name = "server"});
    sim::Machine& client = world.add_machine({.name = "client"});
    Env server_env = server.env();
    Pages pages;
    Endpoint at{"server", 9000};
    AdminEndpoint endpoint{server_env, {.at = at, .connections_max = 2}, pages};

    void SetUp() override { ASSERT_TRUE(endpoint.start().has_value()); }
    std::string ask(std::string_view text) { return Visitor(world, client, at).ask(text); }
};

TEST_F(AdminPort, a_page_is_answered_and_the_connection_ends) {
    pages.text.assign(100'000, 'x');
    const std::string answer = ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer.substr(0, 100);
    EXPECT_TRUE(answer.ends_with("\r\n\r\n" + pages.text));
    EXPECT_EQ(endpoint.connections(), 0u);
}

TEST_F(AdminPort, other_requests_are_refused_with_a_reason) {
    EXPECT_TRUE(ask("GET /nothing HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
    EXPECT_TRUE(ask("POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    EXPECT_TRUE(ask("POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc").starts_with("HTTP/1.1 413 "));
    EXPECT_TRUE(ask("\x16\x03\x01 hello").starts_with("HTTP/1.1 400 "));
    EXPECT_EQ(pages.asked, std::vector<std::string>{"/nothing"});
}

TEST_F(AdminPort, half_a_request_is_given_up_after_a_while) {
    Visitor visitor(world, client, at);
    visitor.say("GET /metrics HTTP/1.1\r\n");
    EXPECT_FALSE(visitor.wait_end(Duration::seconds(4)));
    EXPECT_TRUE(visitor.wait_end(Duration::seconds(2)));
    EXPECT_EQ(visitor.answer, "");
    EXPECT_EQ(endpoint.connections(), 0u);
}

TEST_F(AdminPort, connections_beyond_the_bound_are_closed_and_others_served) {
    Visitor first(world, client, at);
    Visitor second(world, client, at);
    Visitor third(world, client, at);
    EXPECT_TRUE(third.wait_end(Duration::seconds(1)));
    EXPECT_EQ(endpoint.connections(), 2u);
    EXPECT_TRUE(first.ask("GET /metrics HTTP/1.1\r\n\r\n").ends_with("quern_x 1\n"));
    EXPECT_TRUE(ask("GET /metrics HTTP/1.1\r\n\r\n").ends_with("quern_x 1\n"));
}

TEST(NodePages, a_node_is_ready_when_it_can_serve_and_shows_its_metrics) {
    sim::World world{{.seed = 12}};
    sim::ClusterShape shape;
    shape.admin_port = 9200;
    sim::Cluster cluster(world, shape);
    sim::Machine& client = world.add_machine({.name = "client"});
    world.run_for(Duration::milliseconds(50));
    const std::string name = cluster.storage_machines()[0]->name();
    auto ask = [&](const std::string& path) {
        return Visitor(world, client, {name, shape.admin_port}).ask("GET " + path + " HTTP/1.1\r\n\r\n");
    };
    EXPECT_TRUE(ask("/health").starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(ask("/ready").starts_with("HTTP/1.1 503 "));
    ASSERT_TRUE(cluster.wait_healthy(Duration::seconds(20)));
    EXPECT_TRUE(ask("/ready").starts_with("HTTP/1.1 200 "));
    const std::string metrics = ask("/metrics");
    EXPECT_NE(metrics.find("\nquern_node_ready 1\n"), std::string::npos) << metrics;
    EXPECT_NE(metrics.find("\nquern_groups_without_leader 0\n"), std::string::npos) << metrics;
    EXPECT_NE(metrics.find("\n# TYPE quern_wal_batches_total counter\n"), std::string::npos) << metrics;
    cluster.node_on(*cluster.storage_machines()[0])->drain(Duration::seconds(5), [] {});
    EXPECT_NE(ask("/ready").find("draining"), std::string::npos);
}

}  // namespace
}  // namespace quern::node
