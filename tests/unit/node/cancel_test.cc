// A receive that nobody waits for any more takes nothing, wherever it was when that became known.
#include "tests/unit/node/cluster_fixture.h"
#include "tests/unit/node/quiet_observer.h"

namespace quern::sim {
namespace {

constexpr GroupId group{1};

// Reads of the data group, and whether a message came while one was under way.
struct ReadsSeen final : QuietObserver {
    uint64_t read_begins(GroupId of) override {
        reading = of == group;
        began += reading ? 1 : 0;
        return 1;
    }
    void read_ends(NodeId, GroupId of, uint64_t, LogIndex) override {
        if (of == group) reading = false;
    }
    void command_applied(NodeId, GroupId, LogIndex, ClusterTime, const queue::Command& command,
                         const queue::Reply&) override {
        if (reading && std::holds_alternative<queue::Send>(command.operation)) ++sent_meanwhile;
    }
    bool reading = false;
    int began = 0;
    int sent_meanwhile = 0;
};
struct WithReadsSeen {
    ReadsSeen seen;
};

struct Cancel : WithReadsSeen, ClusterFixture {
    Cancel() : ClusterFixture({.data_groups = 1, .observer = &seen}) {}

    // Of the only queue, as a balancer passes it on to the group's leader.
    uint64_t forward_receive() {
        wire::Request request;
        request.operation = wire::ReceiveRequest{1, 0, 30'000};
        const wire::Encoded encoded = wire::encode(request);
        wire::Forward forward;
        forward.request = encoded.head;
        forward.header.group = group;
        forward.header.queue = leader().data(group)->state().queues().at(0);
        forward.header.record_version = leader().data(group)->state().record_version(forward.header.queue);
        forward.header.authorised_at = leader().catalogue().version();
        forward.header.principal = UserId(1);
        forward.header.deadline_ms = 10'000;
        forward.header.request_head_bytes = static_cast<uint32_t>(encoded.head.size());
        return leader().forward(forward, [this](const wire::Encoded&) { ++answers; });
    }
    replica::ReplicaHost& leader() { return *cluster.leader_of(group); }

    int answers = 0;
};

// It asks whether the queue is really empty, and a message comes while it does.
TEST_F(Cancel, of_a_receive_that_confirms_that_the_queue_is_empty) {
    const int before = seen.sent_meanwhile;
    for (int i = 0; i < 60; ++i) {
        const auto sent = client.begin("orders", send_request("hello"));
        world.run_for(Duration::microseconds(i * 10));
        const int began = seen.began;
        const uint64_t receive = forward_receive();
        if (world.run_until([&] { return seen.began > began; }, Duration::milliseconds(2))) {
            leader().cancel(receive);
            world.run_for(Duration::milliseconds(20));
            ASSERT_TRUE(sent->done);
            const auto messages = this->receive(0);
            ASSERT_EQ(messages.size(), 1u) << i;
            EXPECT_EQ(messages[0].receive_count, 1u) << i;
        }
        ASSERT_TRUE(client.call("orders", wire::PurgeRequest{}).has_value());
    }
    EXPECT_GT(seen.sent_meanwhile, before);
}

}  // namespace
}  // namespace quern::sim
