#include "tests/conformance/suites.h"

namespace quern::conformance {

TEST_P(NetworkConformance, a_listener_tells_its_port) {
    listen();
    EXPECT_NE(listener_->local().port, 0);
}

TEST_P(NetworkConformance, a_second_listener_at_the_same_port_is_refused) {
    listen();
    auto second = env_.network.listen(address_, [](ConnectionPtr) {});
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
}

TEST_P(NetworkConformance, a_port_is_free_again_after_its_listener) {
    make_pair();
    listener_.reset();
    auto again = env_.network.listen(address_, [](ConnectionPtr) {});
    EXPECT_TRUE(again.has_value());
}

TEST_P(NetworkConformance, both_ends_get_a_connection) {
    make_pair();
    EXPECT_EQ(client_->peer().port, address_.port);
    EXPECT_NE(server_->peer().port, 0);
    EXPECT_FALSE(server_->peer().host.empty());
}

TEST_P(NetworkConformance, nobody_listening_is_refused) {
    listen();
    listener_.reset();
    auto connected = connect();
    ASSERT_FALSE(connected.has_value());
    EXPECT_EQ(connected.error().code, ErrorCode::connection_refused);
}

TEST_P(NetworkConformance, an_unknown_host_is_not_found) {
    address_ = {"no-such-host.invalid", 80};
    auto connected = connect();
    ASSERT_FALSE(connected.has_value());
    EXPECT_EQ(connected.error().code, ErrorCode::not_found);
}

TEST_P(NetworkConformance, many_connect_at_once) {
    listen();
    std::vector<ConnectionPtr> connected;
    for (int i = 0; i < 50; ++i) {
        client_env_.network.connect(address_, [&](Result<ConnectionPtr> c) {
            ASSERT_TRUE(c.has_value());
            connected.push_back(std::move(*c));
        });
    }
    EXPECT_TRUE(connected.empty());
    EXPECT_TRUE(run_until([&] { return connected.size() == 50 && accepted_.size() == 50; }));
}

TEST_P(NetworkConformance, a_destroyed_listener_accepts_no_more) {
    listen();
    client_env_.network.connect(address_, [](Result<ConnectionPtr>) {});
    listener_.reset();
    run_for(Duration::milliseconds(20));
    EXPECT_TRUE(accepted_.empty());
}

TEST_P(NetworkConformance, a_listener_may_be_destroyed_while_it_delivers) {
    int deliveries = 0;
    auto listener = env_.network.listen({world_->server_host(), 0}, [&](ConnectionPtr) {
        ++deliveries;
        listener_.reset();
    });
    ASSERT_TRUE(listener.has_value());
    listener_ = std::move(*listener);
    address_ = {world_->server_host(), listener_->local().port};
    for (int i = 0; i < 3; ++i) {
        client_env_.network.connect(address_, [](Result<ConnectionPtr>) {});
    }
    ASSERT_TRUE(run_until([&] { return deliveries == 1; }));
    run_for(Duration::milliseconds(20));
    EXPECT_EQ(deliveries, 1);
}

}  // namespace quern::conformance
