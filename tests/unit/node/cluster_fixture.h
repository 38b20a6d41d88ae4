// A healthy cluster in the simulator, and a client that has made the queue "orders".
#pragma once

#include <gtest/gtest.h>

#include "tests/unit/node/direct_client.h"

namespace quern::sim {

struct ClusterFixture : testing::Test {
    World world{{.seed = 11}};
    Cluster cluster;
    DirectClient client{world, "c1", cluster.client_endpoints()[0]};

    explicit ClusterFixture(const ClusterShape& shape = {}) : cluster(world, shape) {}
    void SetUp() override {
        ASSERT_TRUE(cluster.wait_healthy(Duration::seconds(20)));
        ASSERT_TRUE(client.connect()) << client.last_error.to_string();
        auto created = client.call("orders", wire::CreateQueueRequest{});
        ASSERT_TRUE(created.has_value());
        ASSERT_EQ(created->error.code, ErrorCode::ok) << created->error.to_string();
    }

    void send(std::string_view body) {
        auto sent = client.call("orders", send_request(body));
        ASSERT_TRUE(sent.has_value()) << client.last_error.to_string();
        ASSERT_EQ(sent->error.code, ErrorCode::ok) << sent->error.to_string();
        const auto& results = std::get<wire::SendResponse>(sent->body).results;
        ASSERT_EQ(results.size(), 1u);
        ASSERT_EQ(results[0].error, ErrorCode::ok);
    }

    std::vector<wire::ReceivedMessage> receive(int64_t wait_ms) {
        wire::ReceiveRequest request;
        request.messages_max = 10;
        request.wait_ms = wait_ms;
        auto received = client.call("orders", request, Duration::seconds(30));
        if (!received || received->error.code != ErrorCode::ok) {
            ADD_FAILURE() << (received ? received->error : client.last_error).to_string();
            return {};
        }
        return std::get<wire::ReceiveResponse>(received->body).messages;
    }
};

}  // namespace quern::sim
