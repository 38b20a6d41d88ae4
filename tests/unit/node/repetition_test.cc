// Receives that are sent again, and what looks at a queue while it is dropped.
#include "tests/unit/node/cluster_fixture.h"

namespace quern::sim {
namespace {

// Its answer was lost, and by the time it is repeated the leases it took have ended.
TEST_F(ClusterFixture, a_repeated_receive_that_has_nothing_left_starts_anew) {
    send("hello");
    wire::ReceiveRequest request;
    request.visibility_ms = 100;
    ASSERT_TRUE(client.call("orders", request).has_value());
    world.run_for(Duration::milliseconds(500));
    client.repeat();
    auto again = client.call("orders", request);
    ASSERT_TRUE(again.has_value());
    const auto& messages = std::get<wire::ReceiveResponse>(again->body).messages;
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0].content.text(), "hello");
    EXPECT_EQ(messages[0].receive_count, 2u);
}

// It was on its way to be applied while the queue was dropped, and its leases had ended.
TEST_F(ClusterFixture, a_repeated_receive_does_not_wait_in_a_queue_that_is_gone) {
    DirectClient other(world, "c2", cluster.client_endpoints()[1]);
    ASSERT_TRUE(other.connect());
    wire::ReceiveRequest request;
    request.visibility_ms = 100;
    request.wait_ms = 15'000;
    for (int i = 0; i < 40; ++i) {
        const std::string name = "q" + std::to_string(i);
        ASSERT_TRUE(client.call(name, wire::CreateQueueRequest{}).has_value());
        ASSERT_TRUE(client.call(name, send_request("hello")).has_value());
        ASSERT_TRUE(client.call(name, request).has_value());
        world.run_for(Duration::milliseconds(500));
        const auto deletion = other.begin(name, wire::DeleteQueueRequest{});
        world.run_for(Duration::microseconds(i * 100));
        client.repeat();
        const auto poll = client.begin(name, request, Duration::seconds(20));
        EXPECT_TRUE(world.run_until([&] { return poll->done && deletion->done; }, Duration::seconds(5))) << i;
    }
}

// It holds a message, so an empty answer is of no state that it ever was in.
TEST_F(ClusterFixture, a_peek_does_not_find_a_queue_empty_that_is_being_dropped) {
    DirectClient other(world, "c2", cluster.client_endpoints()[1]);
    ASSERT_TRUE(other.connect());
    for (int i = 0; i < 40; ++i) {
        const std::string name = "q" + std::to_string(i);
        ASSERT_TRUE(client.call(name, wire::CreateQueueRequest{}).has_value());
        ASSERT_TRUE(client.call(name, send_request("hello")).has_value());
        const auto deletion = other.begin(name, wire::DeleteQueueRequest{});
        world.run_for(Duration::microseconds(i * 100));
        const auto peek = client.call(name, wire::PeekRequest{MessageSeq{}, 10});
        ASSERT_TRUE(peek.has_value());
        if (peek->error.code == ErrorCode::ok) {
            EXPECT_EQ(std::get<wire::PeekResponse>(peek->body).messages.size(), 1u) << i;
        }
        ASSERT_TRUE(world.run_until([&] { return deletion->done; }, Duration::seconds(5)));
    }
}

// The first answer was lost, and nothing else is there: what it took is still leased to the client.
TEST_F(ClusterFixture, a_repeated_receive_is_given_what_it_holds_though_nothing_is_ready) {
    send("hello");
    wire::ReceiveRequest request;
    request.visibility_ms = 30'000;
    auto first = client.call("orders", request);
    ASSERT_TRUE(first.has_value());
    world.run_for(Duration::milliseconds(500));
    client.repeat();
    request.wait_ms = 5000;
    const SimTime before = world.now();
    auto again = client.call("orders", request);
    ASSERT_TRUE(again.has_value());
    EXPECT_LT(world.now() - before, Duration::seconds(1));
    const auto& messages = std::get<wire::ReceiveResponse>(again->body).messages;
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0].receipt, std::get<wire::ReceiveResponse>(first->body).messages.at(0).receipt);
}

// Another one waits for messages before it.
TEST_F(ClusterFixture, a_repeated_receive_is_given_what_it_holds_though_others_wait) {
    DirectClient other(world, "c2", cluster.client_endpoints()[1]);
    ASSERT_TRUE(other.connect());
    send("hello");
    wire::ReceiveRequest request;
    request.visibility_ms = 30'000;
    request.wait_ms = 5'000;
    ASSERT_TRUE(client.call("orders", request).has_value());
    const auto waits = other.begin("orders", request, Duration::seconds(20));
    world.run_for(Duration::milliseconds(500));
    client.repeat();
    const auto again = client.begin("orders", request, Duration::seconds(20));
    EXPECT_TRUE(world.run_until([&] { return again->done; }, Duration::seconds(1)));
    EXPECT_FALSE(waits->done);
    ASSERT_TRUE(again->answer.has_value());
    EXPECT_EQ(std::get<wire::ReceiveResponse>(again->answer->body).messages.size(), 1u);
}

// Both parked: what the first one takes is the second one's as well.
TEST_F(ClusterFixture, a_receive_that_is_sent_by_two_ways_is_answered_on_both) {
    wire::ReceiveRequest request;
    request.visibility_ms = 30'000;
    request.wait_ms = 5'000;
    const auto first = client.begin("orders", request, Duration::seconds(20));
    world.run_for(Duration::milliseconds(100));
    client.repeat();
    const auto second = client.begin("orders", request, Duration::seconds(20));
    world.run_for(Duration::milliseconds(100));
    DirectClient other(world, "c2", cluster.client_endpoints()[1]);
    ASSERT_TRUE(other.connect());
    ASSERT_TRUE(other.call("orders", send_request("hello")).has_value());
    EXPECT_TRUE(world.run_until([&] { return first->done && second->done; }, Duration::seconds(1)));
    for (const auto& call : {first, second}) {
        ASSERT_TRUE(call->answer.has_value());
        EXPECT_EQ(std::get<wire::ReceiveResponse>(call->answer->body).messages.size(), 1u);
    }
}

}  // namespace
}  // namespace quern::sim
