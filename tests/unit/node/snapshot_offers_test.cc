// Snapshots that reach a replica at awkward moments: offers are made by hand, in the name of its leader.
#include <algorithm>

#include "tests/unit/node/cluster_fixture.h"

namespace quern::sim {
namespace {

constexpr GroupId group{1};

struct SnapshotOffers : ClusterFixture {
    SnapshotOffers() : ClusterFixture({.data_groups = 1, .snapshot_entries = 1'000'000}) {}

    replica::ReplicaHost& leader() { return *cluster.leader_of(group); }
    Machine& behind() {
        for (Machine* machine : cluster.storage_machines()) {
            if (cluster.host_on(*machine) != &leader()) return *machine;
        }
        return *cluster.storage_machines().front();
    }
    replica::ReplicaHost& follower() { return *cluster.host_on(behind()); }
    static LogIndex applied(replica::ReplicaHost& host) { return host.data(group)->index(); }

    // Of the leader's state, said to be after `index`.
    wire::SnapshotOffer offer(LogIndex index) {
        const replica::GroupReplica& leads = *leader().groups().at(group);
        wire::SnapshotOffer made;
        made.group = group;
        made.incarnation = leads.incarnation();
        made.from = leader().self();
        made.term = leads.status().term;
        made.meta = leads.applied_meta();
        made.meta.index = index;
        return made;
    }
    std::shared_ptr<std::optional<wire::SnapshotReply>> make(const wire::SnapshotOffer& offer) {
        auto reply = std::make_shared<std::optional<wire::SnapshotReply>>();
        follower().snapshot_offer(offer, [reply](const wire::SnapshotReply& said) { *reply = said; });
        return reply;
    }
    // The follower took the chunk.
    bool send(wire::SnapshotChunk chunk) {
        auto reply = std::make_shared<std::optional<wire::SnapshotReply>>();
        follower().snapshot_chunk(std::move(chunk),
                                  [reply](const wire::SnapshotReply& said) { *reply = said; });
        return world.run_until([reply] { return reply->has_value(); }, Duration::seconds(1)) &&
               (*reply)->accepted;
    }
    static wire::SnapshotChunk chunk(LogIndex index, uint64_t ordinal) {
        wire::SnapshotChunk chunk;
        chunk.group = group;
        chunk.snapshot_index = index;
        chunk.ordinal = ordinal;
        return chunk;
    }
    bool keeps_bodies(Machine& machine) {
        const auto paths = machine.disk().platter().paths();
        return std::any_of(paths.begin(), paths.end(),
                           [](const std::string& path) { return path.starts_with("bodies/"); });
    }
};

// What is being written may be of the same file.
TEST_F(SnapshotOffers, are_refused_while_another_one_is_being_written) {
    const LogIndex index = applied(follower()).plus(100);
    const auto first = make(offer(index));
    const auto second = make(offer(index));
    ASSERT_TRUE(second->has_value());
    EXPECT_FALSE((*second)->accepted);
    EXPECT_FALSE(first->has_value());
    world.run_for(Duration::milliseconds(50));
    ASSERT_TRUE(first->has_value());
    EXPECT_TRUE((*first)->accepted);
    const auto later = make(offer(index.next()));  // the first one waits for its next chunk, which may never come
    world.run_for(Duration::milliseconds(50));
    ASSERT_TRUE(later->has_value());
    EXPECT_TRUE((*later)->accepted);
    EXPECT_FALSE(send(chunk(index, 0)));
}

// Its sender has gone, and the group goes on by its log: what the snapshot had brought is given back.
TEST_F(SnapshotOffers, that_are_overtaken_leave_nothing_behind) {
    const LogIndex index = applied(follower()).plus(3);
    const auto offered = make(offer(index));
    world.run_for(Duration::milliseconds(50));
    ASSERT_TRUE(offered->has_value() && (*offered)->accepted);
    wire::SnapshotChunk body = chunk(index, 0);
    body.bodies = {BodyRef{index, 7, 1'000}};
    body.bytes = Buffer::copy_of(std::string(1'000, 'x'));
    ASSERT_TRUE(send(std::move(body)));
    world.run_for(Duration::seconds(5));
    EXPECT_TRUE(keeps_bodies(behind()));  // the rest may come yet
    for (int i = 0; i < 5; ++i) ClusterFixture::send("hello");
    EXPECT_TRUE(world.run_until([&] { return !keeps_bodies(behind()); }, Duration::seconds(10)));
}

// A snapshot of its own was being written meanwhile, with messages that the received one knows no more.
TEST_F(SnapshotOffers, that_overtake_a_snapshot_under_way_leave_none_of_its_messages) {
    for (int i = 0; i < 60; ++i) ClusterFixture::send(std::string(100'000, 'x'));
    ASSERT_TRUE(world.run_until([&] { return applied(follower()) == applied(leader()); }, Duration::seconds(5)));
    Machine& cut_off = behind();
    std::vector<Machine*> others = cluster.machines();
    std::erase(others, &cut_off);
    for (const Machine* other : others) {
        world.fabric().block(cut_off.index(), other->index());
        world.fabric().block(other->index(), cut_off.index());
    }
    replica::GroupReplica& replica = *follower().groups().at(group);
    auto purged = client.call("orders", wire::PurgeRequest{});
    ASSERT_TRUE(purged.has_value());
    const LogIndex index = applied(leader());
    ASSERT_GT(index, applied(follower()));

    const auto offered = make(offer(index));
    ASSERT_TRUE(world.run_until([&] { return offered->has_value(); }, Duration::seconds(1)));
    const auto source = leader().groups().at(group)->machine().freeze();
    uint64_t ordinal = 0;
    for (;;) {
        wire::SnapshotChunk part = chunk(index, ordinal++);
        part.bytes = source->next_chunk(1u << 20);
        part.last = part.bytes.empty();
        const bool last = part.last;
        if (last) replica.take_snapshot();
        ASSERT_TRUE(send(std::move(part)));
        if (last) break;
    }
    EXPECT_EQ(applied(follower()), index);
    // Its own one still carries them out of the log.
    EXPECT_TRUE(world.run_until([&] { return keeps_bodies(cut_off); }, Duration::seconds(1)));
    EXPECT_TRUE(world.run_until([&] { return !keeps_bodies(cut_off); }, Duration::seconds(10)));
}

}  // namespace
}  // namespace quern::sim
