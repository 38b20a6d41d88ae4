// Damage at rest on several nodes at once, as long as every datum is whole on one of them.
#include <gtest/gtest.h>

#include "sim/world/inode.h"
#include "sim/world/platter.h"
#include "tests/unit/node/direct_client.h"

namespace quern::sim {
namespace {

struct Damage : testing::Test {
    World world{{.seed = 23}};
    Cluster cluster;
    DirectClient client{world, "c1", cluster.client_endpoints()[0]};

    explicit Damage(size_t snapshot_entries = 100'000)
        : cluster(world, shape_with(snapshot_entries)) {}
    static ClusterShape shape_with(size_t snapshot_entries) {
        ClusterShape shape;
        shape.snapshot_entries = snapshot_entries;
        return shape;
    }

    void SetUp() override {
        ASSERT_TRUE(cluster.wait_healthy(Duration::seconds(20)));
        ASSERT_TRUE(client.connect());
        ASSERT_TRUE(client.call("orders", wire::CreateQueueRequest{}).has_value());
    }
    // Bodies long enough that damage between two heads hits one of them.
    void send(int count) {
        for (int i = 0; i < count; ++i) {
            const std::string body(3000, static_cast<char>('a' + i % 26));
            auto sent = client.call("orders", send_request(body));
            ASSERT_TRUE(sent.has_value());
            ASSERT_EQ(sent->error.code, ErrorCode::ok) << sent->error.to_string();
        }
    }
    size_t peek() {
        wire::PeekRequest request;
        request.messages_max = 100;
        auto seen = client.call("orders", request);
        if (!seen || seen->error.code != ErrorCode::ok) return 0;
        return std::get<wire::PeekResponse>(seen->body).messages.size();
    }
    void power_off() {
        world.run_for(Duration::seconds(1));
        for (Machine* machine : cluster.machines()) machine->power_loss();
    }
    bool power_on(std::initializer_list<size_t> nodes) {
        for (size_t node : nodes) cluster.machines()[node]->start();
        for (size_t i = 3; i < cluster.machines().size(); ++i) cluster.machines()[i]->start();
        world.run_for(Duration::seconds(15));
        client.call("orders", wire::QueueStatusRequest{});
        return client.connect();
    }
    // One bit in a file whose name begins so, at per_mille of what is written there.
    void rot(size_t node, const std::string& begins, uint64_t per_mille) {
        Platter& platter = cluster.storage_machines()[node]->disk().platter();
        bool struck = false;
        for (const std::string& path : platter.paths()) {
            InodeRef file = platter.find(path);
            if (!path.starts_with(begins) || file->durable_used() == 0) continue;
            struck = file->flip_bit(file->durable_used() * per_mille / 1000, 3) || struck;
        }
        ASSERT_TRUE(struck);
    }
};

TEST_F(Damage, each_node_has_lost_other_entries) {
    send(60);
    power_off();
    rot(0, "wal/", 300);
    rot(1, "wal/", 500);
    rot(2, "wal/", 700);
    ASSERT_TRUE(power_on({0, 1, 2}));
    EXPECT_EQ(peek(), 60u);
    send(1);
    EXPECT_EQ(peek(), 61u);
}

TEST_F(Damage, two_of_three_have_lost_other_entries_and_the_third_is_gone) {
    send(60);
    power_off();
    rot(0, "wal/", 300);
    rot(1, "wal/", 700);
    ASSERT_TRUE(power_on({0, 1}));
    EXPECT_EQ(peek(), 60u);
    send(1);
}

// The third holds all entries, but no leader can tell it that they are committed.
TEST_F(Damage, two_of_three_have_lost_their_snapshots) {
    send(60);
    world.run_for(Duration::seconds(1));
    for (size_t node : {0, 1}) {
        replica::ReplicaHost* host = cluster.host_on(*cluster.storage_machines()[node]);
        ASSERT_NE(host, nullptr);
        for (const auto& [id, group] : host->groups()) group->take_snapshot();
    }
    power_off();
    rot(0, "snapshots/", 500);
    rot(1, "snapshots/", 500);
    ASSERT_TRUE(power_on({0, 1, 2}));
    EXPECT_EQ(peek(), 60u);
    send(1);
    EXPECT_TRUE(cluster.fatal_stops().empty());
}

struct DamageBelowSnapshots : Damage {
    DamageBelowSnapshots() : Damage(20) {}
};

TEST_F(DamageBelowSnapshots, a_snapshot_comes_back_from_a_peer) {
    send(60);
    power_off();
    rot(0, "snapshots/", 500);
    ASSERT_TRUE(power_on({0, 1, 2}));
    EXPECT_EQ(peek(), 60u);
    send(1);
    EXPECT_TRUE(cluster.start_failures().empty());
    EXPECT_TRUE(cluster.fatal_stops().empty());
    replica::ReplicaHost* host = cluster.host_on(*cluster.storage_machines()[0]);
    ASSERT_NE(host, nullptr);
    for (const auto& [id, group] : host->groups()) {
        EXPECT_TRUE(group->started()) << "group " << id.value;
        EXPECT_TRUE(group->status().leader) << "group " << id.value;
    }
}

TEST_F(DamageBelowSnapshots, bodies_come_back_from_peers) {
    send(60);
    power_off();
    for (uint64_t at : {100, 300, 500}) rot(0, "bodies/", at);
    for (uint64_t at : {200, 400}) rot(1, "bodies/", at);
    for (uint64_t at : {700, 900}) rot(2, "bodies/", at);
    ASSERT_TRUE(power_on({0, 1, 2}));
    EXPECT_EQ(peek(), 60u);
}

}  // namespace
}  // namespace quern::sim
