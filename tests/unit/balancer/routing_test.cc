// How requests find the leader, and what is said when they don't.
#include <gtest/gtest.h>

#include <algorithm>

#include "system/base/retry_budget.h"
#include "system/metadata/validate.h"
#include "tests/unit/balancer/fake_cluster.h"

namespace quern::balancer {
namespace {

class Routing : public testing::Test {
protected:
    void SetUp() override {
        record = cluster.create("orders");
        admin = cluster.admin();
        leader = cluster.leaders.at(record.group);
    }
    // The leader's answer to client requests; everything else is as ever.
    void script_leader(FakeNode::Answer answer) {
        FakeNode& node = *cluster.nodes.at(leader);
        node.on_forward = [this, answer](const Forwarded& seen) -> std::optional<wire::Response> {
            if (!seen.request) return cluster.answer(seen);
            cluster.order.push_back(seen);
            return answer(seen);
        };
    }
    void later(Duration after, Callback<void()> run) {
        cluster.world.scheduler().after(after, sim::world_owner, sim::EventKind::user, 1,
                                        std::move(run));
    }
    wire::Request send(bool with_token, int64_t deadline_ms = 0) {
        wire::Request request = on_queue("orders", send_of("hello"));
        if (with_token) request.token = token(++seq);
        request.deadline_ms = deadline_ms;
        return request;
    }
    NodeId other_than(NodeId node) { return NodeId(node.value % 3 + 1); }

    FakeCluster cluster;
    metadata::QueueRecord record;
    std::unique_ptr<Client> admin;
    NodeId leader;
    uint64_t seq = 0;
};

TEST_F(Routing, a_send_reaches_the_leader_with_its_body_unchanged) {
    const Result<wire::Response> response = admin->ask(send(true));
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->error.code, ErrorCode::ok) << response->error.to_string();
    EXPECT_EQ(std::get<wire::SendResponse>(response->body).results.size(), 1u);
    const Forwarded seen = cluster.client_forwards().back();
    EXPECT_EQ(seen.node, leader);
    EXPECT_EQ(seen.header.queue, record.id);
    EXPECT_EQ(seen.header.record_version, record.version);
    const auto& sent = std::get<wire::SendRequest>(seen.request->operation);
    EXPECT_EQ(as_text(sent.entries.at(0).content), "hello");
    EXPECT_EQ(seen.request->token, token(1));
}

// A client stamps its requests by the time that it heard; what is told late makes all of them late.
TEST_F(Routing, refusals_tell_the_present_time) {
    cluster.world.run_for(Duration::seconds(5));
    const Result<wire::Response> early = admin->ask(on_queue("unknown", send_of("hello")));
    ASSERT_TRUE(early.has_value());
    EXPECT_EQ(early->error.code, ErrorCode::queue_does_not_exist);
    EXPECT_GT(early->time.ms, 0);
    cluster.world.run_for(Duration::milliseconds(700));
    const Result<wire::Response> later = admin->ask(on_queue("unknown", send_of("hello")));
    ASSERT_TRUE(later.has_value());
    EXPECT_GE(later->time.ms, early->time.ms + 700);
}

TEST_F(Routing, a_repetition_is_not_done_in_a_queue_made_since_it_was_first_asked) {
    wire::Request again = send(true);
    again.begun = record.created.plus_ms(1'000);
    EXPECT_EQ(admin->code(again), ErrorCode::ok);
    again = send(true);
    again.begun = record.created.plus_ms(999);
    EXPECT_EQ(admin->code(again), ErrorCode::queue_does_not_exist);
}

TEST_F(Routing, the_leader_is_learned_from_answers) {
    ASSERT_EQ(admin->code(send(true)), ErrorCode::ok);
    const size_t before = cluster.order.size();
    for (int i = 0; i < 5; ++i) ASSERT_EQ(admin->code(send(true)), ErrorCode::ok);
    EXPECT_EQ(cluster.order.size() - before, 5u);
}

TEST_F(Routing, a_hint_is_followed) {
    ASSERT_EQ(admin->code(send(true)), ErrorCode::ok);
    cluster.leaders[record.group] = other_than(leader);
    const size_t before = cluster.order.size();
    ASSERT_EQ(admin->code(send(false)), ErrorCode::ok);
    EXPECT_EQ(cluster.order.size() - before, 2u);
    EXPECT_EQ(cluster.order.back().node, other_than(leader));
}

// faults.md section 6, point 7: what nobody can serve must not be asked again and again.
TEST_F(Routing, retries_of_many_requests_are_paid_from_a_budget) {
    for (auto& [id, node] : cluster.nodes) {
        node->on_forward = [this](const Forwarded& seen) -> std::optional<wire::Response> {
            cluster.order.push_back(seen);
            return refusal(ErrorCode::unavailable);
        };
    }
    constexpr size_t requests = 60;
    constexpr size_t nodes = 3;
    const size_t before = cluster.order.size();
    for (size_t i = 0; i < requests; ++i) admin->send(send(true, 5000));
    cluster.run(Duration::seconds(6));
    const size_t asked = cluster.order.size() - before;
    // Two rounds each are free; then a full bucket, ten a second, and a tenth for each request.
    constexpr size_t bucket = RetryBudget::tenths_max / 10;
    EXPECT_GE(asked, requests * 2 * nodes);
    EXPECT_LE(asked, (requests * 2 + bucket + 50 + requests / 10) * nodes);
    EXPECT_EQ(admin->answers.size(), requests);
}

// faults.md S113: every node says another one leads.
TEST_F(Routing, a_redirect_loop_is_bounded_and_ends_as_unavailable) {
    for (auto& [id, node] : cluster.nodes) {
        node->on_forward = [this, self = id](const Forwarded& seen) -> std::optional<wire::Response> {
            cluster.order.push_back(seen);
            return refusal(ErrorCode::not_leader, other_than(self));
        };
    }
    const sim::SimTime start = cluster.world.now();
    const Result<wire::Response> response = admin->ask(send(true, 3000));
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->error.code, ErrorCode::unavailable);
    EXPECT_EQ(response->error.outcome, Outcome::not_applied);
    EXPECT_LT((cluster.world.now() - start).to_milliseconds(), 3100);
    // Rounds of a few hops, with pauses that grow to 200 ms between them.
    EXPECT_LT(cluster.order.size(), 120u);
    EXPECT_GT(cluster.order.size(), 10u);
}

TEST_F(Routing, a_hint_to_a_node_without_a_replica_is_not_followed) {
    script_leader([](const Forwarded&) { return refusal(ErrorCode::not_leader, NodeId(88)); });
    cluster.leaders[record.group] = other_than(leader);
    EXPECT_EQ(admin->code(send(true)), ErrorCode::ok);
}

TEST(RoutingOfFour, a_hint_out_of_the_groups_placement_is_not_followed) {
    FakeCluster cluster(1, 4);
    const metadata::QueueRecord record = cluster.create("a");
    auto admin = cluster.admin();
    const std::vector<metadata::GroupRecord> groups = cluster.catalogue.groups();
    const std::vector<NodeId>& replicas = groups.at(record.group.value).replicas;
    ASSERT_EQ(replicas.size(), 3u);
    cluster.leaders[record.group] = NodeId{};
    for (auto& [id, node] : cluster.nodes) {
        if (std::find(replicas.begin(), replicas.end(), id) != replicas.end()) continue;
        node->on_forward = [](const Forwarded&) -> std::optional<wire::Response> {
            ADD_FAILURE() << "a node without a replica was asked";
            return std::nullopt;
        };
        cluster.leaders[record.group] = id;  // say the others
    }
    const uint64_t number = admin->send(on_queue("a", send_of("x")));
    cluster.run(Duration::seconds(1));
    cluster.leaders[record.group] = replicas[0];
    cluster.run(Duration::seconds(1));
    ASSERT_TRUE(admin->answers.contains(number));
    EXPECT_EQ(admin->answers.at(number)->error.code, ErrorCode::ok);
}

TEST_F(Routing, no_leader_for_a_while_is_waited_out) {
    cluster.leaders[record.group] = NodeId{};
    const uint64_t number = admin->send(send(false));
    cluster.run(Duration::seconds(2));
    EXPECT_FALSE(admin->answers.contains(number));
    cluster.leaders[record.group] = NodeId(3);
    cluster.run(Duration::milliseconds(500));
    ASSERT_TRUE(admin->answers.contains(number));
    EXPECT_EQ(admin->answers.at(number)->error.code, ErrorCode::ok);
}

// faults.md S120
TEST_F(Routing, without_a_token_a_lost_connection_is_an_unknown_outcome_and_no_retry) {
    int calls = 0;
    script_leader([&](const Forwarded&) -> std::optional<wire::Response> {
        ++calls;
        later(Duration::milliseconds(1), [this] { cluster.nodes.at(leader)->hang_up(); });
        return std::nullopt;
    });
    const Result<wire::Response> response = admin->ask(send(false));
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->error.code, ErrorCode::outcome_unknown);
    EXPECT_EQ(response->error.outcome, Outcome::unknown);
    EXPECT_EQ(calls, 1);
}

TEST_F(Routing, with_a_token_a_lost_connection_is_retried_with_the_same_token) {
    int calls = 0;
    script_leader([&](const Forwarded&) -> std::optional<wire::Response> {
        ++calls;
        later(Duration::milliseconds(1), [this] {
            cluster.leaders[record.group] = other_than(leader);
            cluster.nodes.at(leader)->stop();
        });
        return std::nullopt;
    });
    const Result<wire::Response> response = admin->ask(send(true));
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->error.code, ErrorCode::ok) << response->error.to_string();
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(cluster.client_forwards().back().request->token, token(1));
    EXPECT_GE(cluster.balancer->stats().retries, 1u);
}

TEST_F(Routing, a_read_without_a_token_is_retried) {
    script_leader([this](const Forwarded&) -> std::optional<wire::Response> {
        cluster.leaders[record.group] = other_than(leader);
        return std::nullopt;  // never
    });
    const Result<wire::Response> response =
        admin->ask(on_queue("orders", wire::QueueStatusRequest{}));
    ASSERT_TRUE(response.has_value());
    ASSERT_EQ(response->error.code, ErrorCode::ok) << response->error.to_string();
    const auto& status = std::get<wire::QueueStatusResponse>(response->body);
    EXPECT_EQ(status.record.name.name, "orders");
    EXPECT_EQ(status.counters.ready, 5u);
}

TEST_F(Routing, a_leader_that_fell_after_proposing_is_unknown_without_a_token) {
    script_leader([](const Forwarded&) { return refusal(ErrorCode::outcome_unknown); });
    EXPECT_EQ(admin->code(send(false)), ErrorCode::outcome_unknown);
}

TEST_F(Routing, a_silent_cluster_ends_at_the_deadline_with_the_honest_outcome) {
    script_leader([](const Forwarded&) -> std::optional<wire::Response> { return std::nullopt; });
    const sim::SimTime start = cluster.world.now();
    const Result<wire::Response> response = admin->ask(send(true, 5000));
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->error.code, ErrorCode::outcome_unknown);
    EXPECT_LT((cluster.world.now() - start).to_milliseconds(), 5100);
    wire::Request peek = on_queue("orders", wire::PeekRequest{MessageSeq(1), 1});
    peek.deadline_ms = 5000;
    const Result<wire::Response> read = admin->ask(peek);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->error.code, ErrorCode::unavailable);
    EXPECT_EQ(read->error.outcome, Outcome::not_applied);
}

TEST_F(Routing, overload_reaches_the_client_at_once) {
    int calls = 0;
    script_leader([&calls](const Forwarded&) {
        ++calls;
        return refusal(ErrorCode::overloaded);
    });
    EXPECT_EQ(admin->code(send(true)), ErrorCode::overloaded);
    EXPECT_EQ(calls, 1);
}

TEST_F(Routing, overload_after_a_lost_answer_is_asked_again_later) {
    int calls = 0;
    script_leader([this, &calls](const Forwarded& seen) -> std::optional<wire::Response> {
        ++calls;
        if (calls == 1) return refusal(ErrorCode::outcome_unknown);
        if (calls == 2) return refusal(ErrorCode::overloaded);
        return cluster.answer(seen);
    });
    EXPECT_EQ(admin->code(send(true)), ErrorCode::ok);
    EXPECT_EQ(calls, 3);
}

TEST_F(Routing, a_refusal_at_the_balancer_does_not_unsay_an_ambiguous_attempt) {
    const metadata::Grant grant{metadata::Effect::allow,
                                metadata::action_bit(metadata::Action::send), "orders"};
    auto user = cluster.connected(cluster.add_user("u", {grant}));
    ASSERT_EQ(user->code(send(true)), ErrorCode::ok);
    int calls = 0;
    script_leader([&](const Forwarded& seen) -> std::optional<wire::Response> {
        if (++calls > 1) return cluster.answer(seen);
        cluster.change(metadata::RemoveGrant{"u", grant});
        return refusal(ErrorCode::outcome_unknown);  // applied, for all we know
    });
    EXPECT_EQ(user->code(send(true)), ErrorCode::outcome_unknown);
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(user->code(send(true)), ErrorCode::access_denied);
}

// faults.md S121: the balancer cannot reach the leader; the leader moves.
TEST_F(Routing, a_leader_out_of_reach_is_waited_for_until_another_leads) {
    const sim::HostIndex lb = cluster.balancer_machine->index();
    cluster.world.fabric().block(lb, leader.value - 1);
    cluster.world.fabric().block(leader.value - 1, lb);
    const uint64_t number = admin->send(send(true));
    cluster.run(Duration::seconds(3));
    EXPECT_FALSE(admin->answers.contains(number));
    cluster.leaders[record.group] = other_than(leader);
    cluster.run(Duration::seconds(5));  // the second attempt had 4 s
    ASSERT_TRUE(admin->answers.contains(number));
    EXPECT_EQ(admin->answers.at(number)->error.code, ErrorCode::ok);
}

// faults.md S119: connected, but it answers nothing.
TEST_F(Routing, a_node_that_does_not_answer_is_tried_last) {
    ASSERT_EQ(admin->code(send(true)), ErrorCode::ok);
    script_leader([](const Forwarded&) -> std::optional<wire::Response> { return std::nullopt; });
    for (int i = 0; i < 3; ++i) admin->send(send(true, 4000));
    cluster.run(Duration::milliseconds(3900));
    EXPECT_GE(cluster.balancer_machine->env().metrics.counter("balancer_nodes_suspected").value, 1u);
    cluster.leaders[record.group] = other_than(leader);
    EXPECT_EQ(admin->code(send(true)), ErrorCode::ok);
    for (const Forwarded& seen : cluster.client_forwards()) {
        if (seen.request->token == token(seq)) {
            EXPECT_NE(seen.node, leader);
        }
    }
}

// A third node stands still while leadership goes from one to the other: whoever asked it would wait for two
// seconds (found as L14).
TEST_F(Routing, nobody_waits_for_a_node_from_which_nothing_comes) {
    const NodeId heir = other_than(leader);
    const NodeId still = other_than(heir);
    const sim::HostIndex lb = cluster.balancer_machine->index();
    cluster.leaders[metadata_group] = heir;  // this is about another group
    cluster.world.fabric().block(still.value - 1, lb);
    cluster.run(Duration::milliseconds(1'700));
    const auto& quiet = cluster.balancer_machine->env().metrics.counter("balancer_nodes_quiet");
    EXPECT_EQ(quiet.value, 1u);
    cluster.leaders[record.group] = NodeId{};
    later(Duration::milliseconds(30), [this, heir] { cluster.leaders[record.group] = heir; });
    const sim::SimTime start = cluster.world.now();
    EXPECT_EQ(admin->code(send(true)), ErrorCode::ok);
    EXPECT_LT((cluster.world.now() - start).to_milliseconds(), 200);
    cluster.world.fabric().unblock(still.value - 1, lb);
    cluster.run(Duration::milliseconds(1'700));
    cluster.leaders[record.group] = still;
    EXPECT_EQ(admin->code(send(true)), ErrorCode::ok);
    EXPECT_EQ(quiet.value, 1u);
}

TEST_F(Routing, a_node_that_answers_all_the_time_is_not_pinged) {
    const auto pings = [this](NodeId id) { return cluster.node(id.value).pings; };
    cluster.leaders[metadata_group] = leader;
    ASSERT_EQ(admin->code(send(true)), ErrorCode::ok);
    const NodeId idle = other_than(leader);
    const unsigned before = pings(leader);
    const unsigned idle_before = pings(idle);
    for (int i = 0; i < 50; ++i) {
        ASSERT_EQ(admin->code(send(true)), ErrorCode::ok);
        cluster.run(Duration::milliseconds(100));
    }
    EXPECT_EQ(pings(leader), before);
    EXPECT_GE(pings(idle) - idle_before, 9u);  // two a second
}

// Half-open, and clients so impatient that no attempt tells: each call ends at the silent leader, unless the
// silence does.
TEST_F(Routing, a_silent_node_is_noticed_by_impatient_clients_too) {
    ASSERT_EQ(admin->code(send(true)), ErrorCode::ok);
    const sim::HostIndex lb = cluster.balancer_machine->index();
    cluster.world.fabric().block(leader.value - 1, lb);
    const auto& suspected = cluster.balancer_machine->env().metrics.counter("balancer_nodes_suspected");
    for (int i = 0; i < 4; ++i) {
        admin->send(send(true, 300));
        cluster.run(Duration::milliseconds(350));
    }
    EXPECT_EQ(suspected.value, 0u);
    for (int i = 0; i < 3; ++i) {
        admin->send(send(true, 300));
        cluster.run(Duration::milliseconds(350));
    }
    EXPECT_EQ(suspected.value, 1u);
}

// Slower than its clients are patient, but it speaks.
TEST_F(Routing, a_slow_node_that_speaks_is_not_suspected_for_short_attempts) {
    ASSERT_EQ(admin->code(send(true)), ErrorCode::ok);
    script_leader([this](const Forwarded& seen) -> std::optional<wire::Response> {
        later(Duration::milliseconds(400), [this, seen] {
            cluster.nodes.at(leader)->respond(seen, *cluster.answer(seen));
        });
        return std::nullopt;
    });
    for (int i = 0; i < 12; ++i) {
        admin->send(send(true, 300));
        cluster.run(Duration::milliseconds(350));
    }
    EXPECT_EQ(cluster.balancer_machine->env().metrics.counter("balancer_nodes_suspected").value, 0u);
}

TEST_F(Routing, the_node_is_told_how_long_it_has) {
    ASSERT_EQ(admin->code(send(true, 1000)), ErrorCode::ok);
    EXPECT_LE(cluster.client_forwards().back().header.deadline_ms, 1000);
    EXPECT_GT(cluster.client_forwards().back().header.deadline_ms, 800);
}

// --- long polls ---------------------------------------------------------------------------------------

TEST_F(Routing, a_long_poll_waits_at_the_leader_beyond_the_deadline_of_the_request) {
    script_leader([this](const Forwarded& seen) -> std::optional<wire::Response> {
        later(Duration::seconds(15), [this, seen] {
            cluster.nodes.at(leader)->respond(seen, *cluster.answer(seen));
        });
        return std::nullopt;
    });
    wire::Request receive = on_queue("orders", wire::ReceiveRequest{1, 15'000, -1});
    receive.deadline_ms = 1000;
    const uint64_t number = admin->send(receive);
    cluster.run(Duration::seconds(5));
    EXPECT_EQ(cluster.balancer->stats().parked, 1u);
    cluster.run(Duration::seconds(11));
    ASSERT_TRUE(admin->answers.contains(number));
    EXPECT_EQ(admin->answers.at(number)->error.code, ErrorCode::ok);
    EXPECT_EQ(cluster.balancer->stats().parked, 0u);
}

TEST_F(Routing, a_long_poll_of_a_fallen_leader_is_sent_again_with_what_is_left_of_the_wait) {
    script_leader([this](const Forwarded& seen) -> std::optional<wire::Response> {
        later(Duration::seconds(6), [this, seen] {
            cluster.leaders[record.group] = other_than(leader);
            cluster.nodes.at(leader)->respond(
                seen, refusal(ErrorCode::not_leader, other_than(leader)));
        });
        return std::nullopt;
    });
    wire::Request receive = on_queue("orders", wire::ReceiveRequest{7, 10'000, 123});
    receive.token = token(1);
    EXPECT_EQ(admin->code(receive), ErrorCode::ok);
    const Forwarded again = cluster.client_forwards().back();
    EXPECT_NE(again.node, leader);
    const auto& operation = std::get<wire::ReceiveRequest>(again.request->operation);
    EXPECT_LE(operation.wait_ms, 4000);
    EXPECT_GT(operation.wait_ms, 3800);
    EXPECT_EQ(operation.messages_max, 7u);
    EXPECT_EQ(operation.visibility_ms, 123);
    EXPECT_EQ(again.request->token, token(1));
}

// The balancer's record said not to wait, the newer one at the leader does.
TEST_F(Routing, a_receive_that_waits_by_a_newer_record_is_a_long_poll_from_then_on) {
    ASSERT_EQ(admin->code(send(true)), ErrorCode::ok);
    QueueAttributes attributes = record.attributes;
    attributes.receive_wait_ms = 15'000;
    const metadata::Reply reply = cluster.change(
        metadata::SetQueueAttributes{record.name, attributes, metadata::attribute_mask_all()});
    const CatalogueVersion newer = reply.version;
    cluster.known[record.id] = newer;
    size_t refused = 0;
    script_leader([this, newer, &refused](const Forwarded& seen) -> std::optional<wire::Response> {
        if (seen.header.record_version < newer) {
            ++refused;
            return refusal(ErrorCode::stale_catalogue);
        }
        later(Duration::seconds(12), [this, seen] {
            cluster.nodes.at(leader)->respond(seen, *cluster.answer(seen));
        });
        return std::nullopt;
    });
    wire::Request receive = on_queue("orders", wire::ReceiveRequest{1, -1, -1});
    receive.deadline_ms = 1000;
    const uint64_t number = admin->send(receive);
    cluster.run(Duration::seconds(6));
    EXPECT_EQ(refused, 1u);
    EXPECT_EQ(cluster.balancer->stats().parked, 1u);
    cluster.run(Duration::seconds(7));
    ASSERT_TRUE(admin->answers.contains(number));
    EXPECT_EQ(admin->answers.at(number)->error.code, ErrorCode::ok);
    EXPECT_EQ(cluster.balancer->stats().parked, 0u);
}

}  // namespace
}  // namespace quern::balancer
