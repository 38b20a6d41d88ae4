// Faults of links and streams.
#include <gtest/gtest.h>

#include "tests/unit/sim/talker.h"

namespace quern::sim {
namespace {

class LinkFault : public testing::Test {
protected:
    void SetUp() override {
        client.connect(a, {"b", 1});
        ASSERT_TRUE(
            world.run_until([&] { return server.peers.size() == 1; }, Duration::seconds(1)));
        world.run_for(Duration::seconds(1));
    }
    Talker& peer() { return *server.peers[0]; }

    World world{{.seed = 11}};
    Machine& a = world.add_machine({.name = "a"});
    Machine& b = world.add_machine({.name = "b"});
    Fabric& fabric = world.fabric();
    Acceptor server{b, 1, true};
    Talker client;
};

TEST_F(LinkFault, bytes_of_a_short_partition_arrive_after_it) {
    fabric.block(0, 1);
    client.write("held ");
    world.run_for(Duration::seconds(5));
    EXPECT_EQ(client.writes_done, 1);  // the kernel took it
    client.write("back");
    world.run_for(Duration::seconds(5));
    EXPECT_EQ(peer().text, "");
    fabric.unblock(0, 1);
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(peer().text, "held back");
    EXPECT_EQ(client.error, ErrorCode::ok);
}

TEST_F(LinkFault, a_one_way_partition_lets_the_other_way_pass) {
    fabric.block(0, 1);
    client.read_all();
    peer().write("hello");
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(client.text, "hello");
    Talker late;
    late.connect(b, {"a", 1});  // its answer cannot come back
    world.run_for(Duration::seconds(15));
    EXPECT_EQ(late.error, ErrorCode::timed_out);
}

TEST_F(LinkFault, a_long_partition_times_the_sender_out) {
    fabric.block(0, 1);
    client.write("lost");
    world.run_for(Duration::seconds(30));
    client.write("more");
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(client.error, ErrorCode::timed_out);
    fabric.unblock(0, 1);
    world.run_for(Duration::seconds(10));
    EXPECT_EQ(peer().text, "");
}

TEST_F(LinkFault, blocks_count) {
    fabric.block(0, 1);
    fabric.block(0, 1);
    fabric.unblock(0, 1);
    EXPECT_TRUE(fabric.blocked(0, 1));
    fabric.unblock(0, 1);
    EXPECT_FALSE(fabric.blocked(0, 1));
}

TEST_F(LinkFault, a_connect_during_a_short_partition_succeeds_after_it) {
    fabric.block(0, 1);
    Talker late;
    late.connect(a, {"b", 1});
    world.run_for(Duration::seconds(2));
    EXPECT_FALSE(late.open());
    fabric.unblock(0, 1);
    world.run_for(Duration::seconds(3));
    EXPECT_TRUE(late.open());
}

TEST_F(LinkFault, a_clog_delays_and_keeps_order) {
    fabric.clog(0, 1, world.now() + Duration::seconds(3));
    client.write("one ");
    world.run_for(Duration::seconds(2));
    client.write("two");
    EXPECT_EQ(peer().text, "");
    world.run_for(Duration::seconds(2));
    EXPECT_EQ(peer().text, "one two");
}

TEST_F(LinkFault, reset_is_seen_by_both_ends) {
    client.read_all();
    EXPECT_EQ(fabric.reset_streams(0, 1, 1), 1u);
    EXPECT_EQ(client.error, ErrorCode::ok);  // from the loop, not from here
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(client.error, ErrorCode::connection_reset);
    EXPECT_EQ(peer().error, ErrorCode::connection_reset);
    EXPECT_EQ(fabric.reset_streams(0, 1, 1), 0u);
}

TEST_F(LinkFault, half_open_end_learns_when_it_writes) {
    client.read_all();
    EXPECT_EQ(fabric.half_open_streams(1, 0, 1), 1u);
    world.run_for(Duration::seconds(60));
    EXPECT_EQ(peer().error, ErrorCode::connection_reset);
    EXPECT_EQ(client.error, ErrorCode::ok);
    client.write("hello?");
    world.run_for(Duration::seconds(30));
    EXPECT_TRUE(client.error == ErrorCode::connection_reset ||
                client.error == ErrorCode::timed_out);
}

TEST_F(LinkFault, corruption_flips_one_bit_of_a_segment) {
    fabric.set_corruption(0, 1, 1'000'000);
    const std::string sent(1000, 'x');
    client.write(sent);
    world.run_for(Duration::seconds(1));
    ASSERT_EQ(peer().text.size(), sent.size());
    int differing = 0;
    for (size_t i = 0; i < sent.size(); ++i)
        differing += peer().text[i] != sent[i] ? 1 : 0;
    EXPECT_GE(differing, 1);
    EXPECT_LE(differing, 2);  // a write may have gone out as two segments
    EXPECT_GE(world.counters().count(FaultKind::corrupt_bytes), 1u);
}

TEST_F(LinkFault, refusing_host) {
    fabric.set_refusing(1, true);
    Talker late;
    late.connect(a, {"b", 1});
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(late.error, ErrorCode::connection_refused);
    EXPECT_EQ(world.counters().count(FaultKind::refuse), 1u);
}

TEST_F(LinkFault, a_small_window_holds_writes_and_its_end_frees_them) {
    server.peers[0]->connection->close();  // the talker that reads
    world.run_for(Duration::seconds(1));
    Acceptor idle(b, 2);
    Talker writer;
    writer.connect(a, {"b", 2});
    world.run_for(Duration::seconds(1));
    fabric.set_window(1, 1);
    writer.write("two bytes and more");
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(writer.writes_done, 0);
    fabric.set_window(1, 0);
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(writer.writes_done, 1);
}

TEST(Link, bandwidth_spaces_bytes_out) {
    WorldOptions options;
    options.fabric.link.bytes_per_second = 1'000'000;
    World world(options);
    Machine& a = world.add_machine({.name = "a"});
    Machine& b = world.add_machine({.name = "b"});
    Acceptor server(b, 1, true);
    Talker client;
    client.connect(a, {"b", 1});
    world.run_for(Duration::seconds(1));
    client.write(std::string(500'000, 'x'));
    world.run_for(Duration::milliseconds(400));
    EXPECT_LT(server.peers[0]->text.size(), 500'000u);
    world.run_for(Duration::milliseconds(200));
    EXPECT_EQ(server.peers[0]->text.size(), 500'000u);
}

}  // namespace
}  // namespace quern::sim
