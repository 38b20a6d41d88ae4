// The fault-free network: TCP as two processes see it.
#include <gtest/gtest.h>

#include "tests/unit/sim/talker.h"

namespace quern::sim {
namespace {

TEST(SimNetwork, connect_write_read_close) {
    World world({.seed = 3});
    Machine& a = world.add_machine({.name = "a"});
    Machine& b = world.add_machine({.name = "b"});
    Acceptor server(b, 100);
    Talker client;
    client.connect(a, {"b", 100});
    ASSERT_TRUE(world.run_until([&] { return client.open() && server.peers.size() == 1; },
                                Duration::seconds(1)));
    EXPECT_EQ(client.connection->peer().to_string(), "b:100");
    EXPECT_EQ(server.peers[0]->connection->peer().host, "a");

    client.write("hello ");
    server.peers[0]->read_all();
    ASSERT_TRUE(world.run_until([&] { return client.writes_done == 1; }, Duration::seconds(1)));
    client.write("world");
    ASSERT_TRUE(world.run_until([&] { return server.peers[0]->text == "hello world"; },
                                Duration::seconds(1)));
    client.connection->close();
    ASSERT_TRUE(world.run_until([&] { return server.peers[0]->ended; }, Duration::seconds(1)));
    EXPECT_EQ(server.peers[0]->error, ErrorCode::ok);
    EXPECT_EQ(client.error, ErrorCode::ok);
}

TEST(SimNetwork, nobody_listens_is_refused_and_no_such_host_is_not_found) {
    World world;
    Machine& a = world.add_machine({.name = "a"});
    world.add_machine({.name = "b"});
    Talker refused;
    Talker lost;
    refused.connect(a, {"b", 1});
    lost.connect(a, {"c", 1});
    EXPECT_EQ(refused.error, ErrorCode::ok);  // never inside the call
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(refused.error, ErrorCode::connection_refused);
    EXPECT_EQ(lost.error, ErrorCode::not_found);
}

TEST(SimNetwork, a_port_has_one_listener) {
    World world;
    Machine& a = world.add_machine({.name = "a"});
    auto first = a.env().network.listen({"a", 0}, [](std::unique_ptr<Connection>) {});
    ASSERT_TRUE(first.has_value());
    const Endpoint at = (*first)->local();
    EXPECT_NE(at.port, 0);
    auto second = a.env().network.listen(at, [](std::unique_ptr<Connection>) {});
    EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
    first->reset();
    EXPECT_TRUE(a.env().network.listen(at, [](std::unique_ptr<Connection>) {}).has_value());
    EXPECT_EQ(a.env().network.listen({"b", 9}, [](std::unique_ptr<Connection>) {}).error().code,
              ErrorCode::invalid_argument);
}

TEST(SimNetwork, writes_wait_while_nobody_reads) {
    WorldOptions options;
    options.fabric.window_bytes = 1000;
    World world(options);
    Machine& a = world.add_machine({.name = "a"});
    Machine& b = world.add_machine({.name = "b"});
    Acceptor server(b, 100);
    Talker client;
    client.connect(a, {"b", 100});
    world.run_for(Duration::seconds(1));
    const std::string block(800, 'x');
    client.write(block);
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(client.writes_done, 1);
    client.write(block);
    world.run_for(Duration::seconds(60));
    EXPECT_EQ(client.writes_done, 1);
    server.peers[0]->read_all();
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(client.writes_done, 2);
    EXPECT_EQ(server.peers[0]->text.size(), 1600u);
}

TEST(SimNetwork, destroying_with_unsent_bytes_resets_the_peer) {
    WorldOptions options;
    options.fabric.window_bytes = 10;
    World world(options);
    Machine& a = world.add_machine({.name = "a"});
    Machine& b = world.add_machine({.name = "b"});
    Acceptor server(b, 100);
    Talker client;
    client.connect(a, {"b", 100});
    world.run_for(Duration::seconds(1));
    client.write(std::string(100, 'x'));
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(client.writes_done, 0);
    client.connection.reset();
    server.peers[0]->read_all();
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(server.peers[0]->error, ErrorCode::connection_reset);
}

TEST(SimNetwork, close_completes_outstanding_read_and_later_writes_of_the_peer_fail) {
    World world;
    Machine& a = world.add_machine({.name = "a"});
    Machine& b = world.add_machine({.name = "b"});
    Acceptor server(b, 100);
    Talker client;
    client.connect(a, {"b", 100});
    world.run_for(Duration::seconds(1));
    client.read_all();
    client.connection->close();
    EXPECT_EQ(client.error, ErrorCode::ok);
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(client.error, ErrorCode::connection_closed);
    Talker& peer = *server.peers[0];
    peer.write("into the void");
    world.run_for(Duration::seconds(1));
    peer.write("again");
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(peer.error, ErrorCode::connection_reset);
}

TEST(SimNetwork, bytes_keep_their_order_through_any_pieces) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        World world({.seed = seed});
        Machine& a = world.add_machine({.name = "a"});
        Machine& b = world.add_machine({.name = "b"});
        world.fabric().set_read_bytes_max(b.index(), 3);
        world.fabric().set_write_pieces(a.index(), 5);
        Acceptor server(b, 100, true);
        Talker client;
        client.connect(a, {"b", 100});
        world.run_for(Duration::seconds(1));
        std::string sent;
        for (int i = 0; i < 30; ++i) {
            const std::string part(static_cast<size_t>(i), static_cast<char>('a' + i % 26));
            sent += part;
            client.write(part);
            ASSERT_TRUE(
                world.run_until([&] { return client.writes_done == i + 1; }, Duration::seconds(1)));
        }
        world.run_for(Duration::seconds(1));
        EXPECT_EQ(server.peers[0]->text, sent);
    }
}

TEST(SimNetwork, streams_are_freed_when_both_ends_are_gone) {
    World world;
    Machine& a = world.add_machine({.name = "a"});
    Machine& b = world.add_machine({.name = "b"});
    Acceptor server(b, 100);
    {
        Talker client;
        client.connect(a, {"b", 100});
        world.run_for(Duration::seconds(1));
        EXPECT_EQ(world.fabric().stream_count(), 1u);
    }
    server.peers.clear();
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(world.fabric().stream_count(), 0u);
}

}  // namespace
}  // namespace quern::sim
