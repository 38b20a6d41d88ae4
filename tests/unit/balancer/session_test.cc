// Client connections: who gets in, what is refused, how they end.
#include <gtest/gtest.h>

#include "tests/unit/balancer/fake_cluster.h"

namespace quern::balancer {
namespace {

struct Fixture {
    FakeCluster cluster;
    metadata::QueueRecord record = cluster.create("a");
    std::unique_ptr<Client> admin = cluster.admin();

    FakeNode& leader() { return *cluster.nodes.at(cluster.leaders.at(record.group)); }
    // From now on the leader keeps client requests and answers none.
    void hold() {
        QUERN_ASSERT(admin->code(on_queue("a", send_of("so that the leader is known"))) ==
                     ErrorCode::ok);
        for (auto& [id, node] : cluster.nodes) {
            node->on_forward = [this](const Forwarded& seen) -> std::optional<wire::Response> {
                std::optional<wire::Response> answer = cluster.answer(seen);
                if (seen.request && answer->error.code == ErrorCode::ok) return std::nullopt;
                return answer;
            };
        }
    }
    Forwarded last() { return cluster.client_forwards().back(); }
    void release(const Forwarded& seen) { leader().respond(seen, *cluster.answer(seen)); }
    wire::Request poll() { return on_queue("a", wire::ReceiveRequest{1, 60'000, -1}); }
};

// --- getting in ---------------------------------------------------------------------------------------

// faults.md S137
TEST(Session, an_unknown_key_and_a_wrong_secret_look_the_same) {
    Fixture f;
    auto unknown = f.cluster.client({"QKNOBODY", "whatever"});
    auto wrong = f.cluster.client({f.cluster.administrator.key_id, "not the secret"});
    f.cluster.run(Duration::seconds(2));
    EXPECT_FALSE(unknown->up());
    EXPECT_FALSE(wrong->up());
    EXPECT_EQ(unknown->last_error().code, ErrorCode::unauthenticated);
    EXPECT_EQ(unknown->last_error().to_string(), wrong->last_error().to_string());
    EXPECT_EQ(f.cluster.balancer->stats().sessions, 1u);
}

TEST(Session, without_the_catalogue_nobody_is_called_unknown) {
    Fixture f;
    f.cluster.leaders[metadata_group] = NodeId{};
    f.cluster.run(Duration::seconds(3));
    auto client = f.cluster.client(f.cluster.administrator);
    f.cluster.run(Duration::seconds(4));
    EXPECT_FALSE(client->up());
    EXPECT_EQ(client->last_error().code, ErrorCode::unavailable);
}

TEST(Session, connections_are_bounded) {
    FakeCluster cluster;
    cluster.options.connections_max = 2;
    cluster.options.client_at.port = 9001;
    Balancer small(cluster.balancer_machine->env(), cluster.options, nullptr);
    ASSERT_TRUE(small.start().has_value());
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<Client>(cluster.world, *cluster.client_machine,
                                                   small.client_endpoint(), cluster.administrator));
        cluster.run(Duration::milliseconds(500));
    }
    EXPECT_TRUE(clients[0]->up());
    EXPECT_TRUE(clients[1]->up());
    EXPECT_EQ(clients[2]->last_error().code, ErrorCode::overloaded);
    EXPECT_LE(small.stats().sessions, 2u);
}

// --- bad input ----------------------------------------------------------------------------------------

TEST(Session, a_frame_that_is_no_request_ends_the_connection) {
    for (const wire::FrameKind kind : {wire::FrameKind::request, wire::FrameKind::forward,
                                       wire::FrameKind::response, wire::FrameKind::raft}) {
        Fixture f;
        f.admin->send_raw(wire::encode_frame(kind, 5, Buffer::copy_of("not a flatbuffer")));
        f.cluster.run(Duration::milliseconds(5));
        EXPECT_FALSE(f.admin->up());
        EXPECT_EQ(f.admin->last_error().code, ErrorCode::protocol_error);
        EXPECT_EQ(f.cluster.balancer->stats().sessions, 0u);
    }
}

TEST(Session, a_request_number_in_use_ends_the_connection) {
    Fixture f;
    f.hold();
    const wire::Encoded request = wire::encode(on_queue("a", send_of("x")));
    for (int i = 0; i < 2; ++i) {
        f.admin->send_raw(wire::encode_frame(wire::FrameKind::request, 9, request.head,
                                             request.attachments));
    }
    f.cluster.run(Duration::milliseconds(5));
    EXPECT_EQ(f.admin->last_error().code, ErrorCode::protocol_error);
    EXPECT_EQ(f.cluster.balancer->stats().inflight, 0u);
}

TEST(Session, batches_and_counts_are_bounded_before_anybody_is_asked) {
    Fixture f;
    EXPECT_EQ(f.admin->code(on_queue("a", wire::SendRequest{})), ErrorCode::batch_empty);
    wire::SendRequest many;
    many.entries.resize(limits::batch_entries_max + 1);
    EXPECT_EQ(f.admin->code(on_queue("a", many)), ErrorCode::batch_too_large);
    EXPECT_EQ(f.admin->code(on_queue("a", wire::ReceiveRequest{0, 0, -1})),
              ErrorCode::invalid_argument);
    EXPECT_EQ(f.admin->code(on_queue("a", wire::ReceiveRequest{5000, 0, -1})),
              ErrorCode::invalid_argument);
    EXPECT_EQ(f.admin->code(on_queue("a", wire::DeleteRequest{})), ErrorCode::batch_empty);
    EXPECT_EQ(f.admin->code(on_queue("a\nb", send_of("x"))), ErrorCode::invalid_name);
    EXPECT_TRUE(f.cluster.client_forwards().empty());
}

TEST(Session, extreme_waits_and_deadlines_do_not_overflow) {
    Fixture f;
    wire::Request receive = on_queue("a", wire::ReceiveRequest{1, INT64_MAX, -1});
    receive.deadline_ms = INT64_MAX;
    EXPECT_EQ(f.admin->code(receive), ErrorCode::ok);
    EXPECT_GT(f.last().header.deadline_ms, 0);
}

// --- load ---------------------------------------------------------------------------------------------

TEST(Session, answers_come_in_any_order) {
    Fixture f;
    f.hold();
    const uint64_t first = f.admin->send(on_queue("a", send_of("1")));
    f.cluster.run(Duration::milliseconds(5));
    const Forwarded held = f.last();
    const uint64_t second = f.admin->send(on_queue("a", send_of("2")));
    f.cluster.run(Duration::milliseconds(5));
    f.release(f.last());
    f.cluster.run(Duration::milliseconds(5));
    EXPECT_TRUE(f.admin->answers.contains(second));
    EXPECT_FALSE(f.admin->answers.contains(first));
    f.release(held);
    f.cluster.run(Duration::milliseconds(5));
    EXPECT_TRUE(f.admin->answers.contains(first));
}

TEST(Session, requests_in_flight_are_bounded) {
    Fixture f;
    f.hold();
    for (size_t i = 0; i < limits::requests_inflight_per_connection_max; ++i) {
        f.admin->send(on_queue("a", wire::PeekRequest{MessageSeq(1), 1}));
    }
    f.cluster.run(Duration::milliseconds(200));
    EXPECT_EQ(f.cluster.balancer->stats().inflight, limits::requests_inflight_per_connection_max);
    EXPECT_EQ(f.admin->code(on_queue("a", send_of("x"))), ErrorCode::overloaded);
}

TEST(Session, bytes_in_flight_refuse_sends_but_nothing_else) {
    FakeCluster cluster;
    cluster.create("a");
    cluster.options.inflight_bytes_max = 100'000;
    cluster.options.client_at.port = 9001;
    Balancer small(cluster.balancer_machine->env(), cluster.options, nullptr);
    ASSERT_TRUE(small.start().has_value());
    Client client(cluster.world, *cluster.client_machine, small.client_endpoint(),
                  cluster.administrator);
    ASSERT_TRUE(client.connect());
    EXPECT_EQ(client.code(on_queue("a", send_of(std::string(200'000, 'x')))), ErrorCode::overloaded);
    EXPECT_EQ(client.code(on_queue("a", send_of(std::string(50'000, 'x')))), ErrorCode::ok);
    EXPECT_EQ(client.code(on_queue("a", wire::PurgeRequest{})), ErrorCode::ok);
    EXPECT_EQ(small.stats().inflight, 0u);
}

TEST(Session, large_messages_go_both_ways) {
    Fixture f;
    const std::string body(1'000'000, 'm');
    for (auto& [id, node] : f.cluster.nodes) {
        node->on_forward = [&f, &body](const Forwarded& seen) {
            std::optional<wire::Response> answer = f.cluster.answer(seen);
            if (!std::holds_alternative<wire::ReceiveResponse>(answer->body)) return answer;
            wire::ReceivedMessage message;
            message.content = Buffer::copy_of(body);
            message.body_bytes = static_cast<uint32_t>(body.size());
            answer->body = wire::ReceiveResponse{{message, message, message}};
            return answer;
        };
    }
    EXPECT_EQ(f.admin->code(on_queue("a", send_of(body))), ErrorCode::ok);
    const auto response = f.admin->ask(on_queue("a", wire::ReceiveRequest{3, 0, -1}));
    ASSERT_EQ(response->error.code, ErrorCode::ok) << response->error.to_string();
    const auto& messages = std::get<wire::ReceiveResponse>(response->body).messages;
    ASSERT_EQ(messages.size(), 3u);
    EXPECT_EQ(messages[2].content.text(), body);
}

// faults.md S125
class SlowReader : public testing::Test {
protected:
    SlowReader() {
        for (auto& [id, node] : f.cluster.nodes) {
            node->on_forward = [this](const Forwarded& seen) {
                std::optional<wire::Response> answer = f.cluster.answer(seen);
                if (!std::holds_alternative<wire::ReceiveResponse>(answer->body)) return answer;
                wire::ReceivedMessage message;
                message.content = Buffer::copy_of(std::string(1'000'000, 'm'));
                message.body_bytes = 1'000'000;
                answer->body = wire::ReceiveResponse{{message, message, message}};
                return answer;
            };
        }
    }
    Fixture f;
};

TEST_F(SlowReader, is_held_back_from_asking_for_more) {
    f.cluster.world.fabric().block(f.cluster.balancer_machine->index(),
                                   f.cluster.client_machine->index());
    for (int i = 0; i < 20; ++i) {
        f.admin->send(on_queue("a", wire::ReceiveRequest{3, 0, -1}));
        f.cluster.run(Duration::milliseconds(10));
    }
    const size_t asked = f.cluster.client_forwards().size();
    EXPECT_GT(asked, 2u);
    EXPECT_LT(asked, 10u);
    EXPECT_EQ(f.cluster.balancer->stats().sessions, 1u);
}

TEST_F(SlowReader, is_let_go_when_it_takes_nothing_for_long) {
    for (int i = 0; i < 3; ++i) f.admin->send(on_queue("a", wire::ReceiveRequest{3, 0, -1}));
    f.cluster.run(Duration::microseconds(300));
    f.cluster.client_machine->pause();
    f.cluster.run(Duration::seconds(14));
    EXPECT_EQ(f.cluster.balancer->stats().sessions, 1u);
    f.cluster.run(Duration::seconds(32));
    EXPECT_EQ(f.cluster.balancer->stats().sessions, 0u);
}

// --- going away ---------------------------------------------------------------------------------------

// faults.md S85
TEST(Session, a_client_that_left_is_forgotten_by_the_leader) {
    Fixture f;
    f.hold();
    f.admin->send(f.poll());
    f.cluster.run(Duration::milliseconds(5));
    EXPECT_EQ(f.cluster.balancer->stats().parked, 1u);
    f.admin->stop();
    f.cluster.run(Duration::milliseconds(5));
    EXPECT_EQ(f.leader().cancelled, std::vector<uint64_t>{f.last().id});
    EXPECT_EQ(f.cluster.balancer->stats().parked, 0u);
    EXPECT_EQ(f.cluster.balancer->stats().inflight, 0u);
    EXPECT_EQ(f.cluster.balancer->stats().sessions, 0u);
    f.release(f.last());  // too late; nothing happens
    f.cluster.run(Duration::milliseconds(5));
}

TEST(Session, a_client_can_withdraw_one_request) {
    Fixture f;
    f.hold();
    const uint64_t number = f.admin->send(f.poll());
    f.cluster.run(Duration::milliseconds(5));
    f.admin->send_raw(wire::encode_frame(wire::FrameKind::cancel, number, Buffer()));
    f.cluster.run(Duration::milliseconds(5));
    EXPECT_EQ(f.leader().cancelled.size(), 1u);
    EXPECT_EQ(f.cluster.balancer->stats().inflight, 0u);
    EXPECT_TRUE(f.admin->up());
}

TEST(Drain, polls_end_empty_work_is_finished_and_new_requests_are_refused) {
    Fixture f;
    f.hold();
    const uint64_t poll = f.admin->send(f.poll());
    const uint64_t send = f.admin->send(on_queue("a", send_of("x")));
    f.cluster.run(Duration::milliseconds(5));
    const Forwarded held = f.last();
    bool drained = false;
    f.cluster.balancer->drain(Duration::seconds(10), [&drained] { drained = true; });
    f.cluster.run(Duration::milliseconds(5));
    ASSERT_TRUE(f.admin->answers.contains(poll));
    EXPECT_EQ(f.admin->answers.at(poll)->error.code, ErrorCode::ok);
    EXPECT_TRUE(std::get<wire::ReceiveResponse>(f.admin->answers.at(poll)->body).messages.empty());
    EXPECT_EQ(f.admin->code(on_queue("a", send_of("y"))), ErrorCode::shutting_down);
    EXPECT_FALSE(f.admin->answers.contains(send));
    EXPECT_FALSE(drained);
    f.release(held);
    f.cluster.run(Duration::milliseconds(5));
    ASSERT_TRUE(f.admin->answers.contains(send));
    EXPECT_EQ(f.admin->answers.at(send)->error.code, ErrorCode::ok);
    EXPECT_TRUE(drained);
    EXPECT_EQ(f.admin->last_error().code, ErrorCode::shutting_down);
}

TEST(Drain, ends_at_its_limit) {
    Fixture f;
    f.hold();
    const uint64_t send = f.admin->send(on_queue("a", send_of("x")));
    f.cluster.run(Duration::milliseconds(5));
    bool drained = false;
    f.cluster.balancer->drain(Duration::seconds(1), [&drained] { drained = true; });
    f.cluster.run(Duration::milliseconds(900));
    EXPECT_FALSE(drained);
    f.cluster.run(Duration::milliseconds(200));
    EXPECT_TRUE(drained);
    ASSERT_TRUE(f.admin->answers.contains(send));
    EXPECT_EQ(f.admin->answers.at(send).error().outcome, Outcome::unknown);
}

TEST(Balancer, may_be_destroyed_with_everything_under_way) {
    Fixture f;
    f.hold();
    f.admin->send(f.poll());
    f.admin->send(on_queue("a", send_of("x")));
    f.admin->send(on_queue("unknown", send_of("x")));
    f.cluster.run(Duration::microseconds(400));
    f.cluster.balancer.reset();
    f.cluster.run(Duration::seconds(1));
}

}  // namespace
}  // namespace quern::balancer
