#include <gtest/gtest.h>

#include "tests/unit/client/fake_balancer.h"

namespace quern::client {
namespace {

using Seen = FakeBalancer::Seen;

void answer_send(FakeBalancer& balancer, const Seen& seen) { balancer.answer_send(seen); }

struct Failover : testing::Test {
    ClientWorld w;
    Answer<queue::MessageId> sent;

    void send(Client& client) {
        sent = {};
        client.send("q", OutgoingMessage::of(Buffer::copy_of("x")), sent.callback());
    }
    bool send_ok(Client& client, Duration within) {
        send(client);
        return w.wait([&] { return sent.done(); }, within) && sent.result->has_value();
    }
};

TEST_F(Failover, one_endpoint_is_preferred_until_it_fails) {
    FakeBalancer one(w.b1, answer_send);
    FakeBalancer two(w.b2, answer_send);
    Client client(w.host.env(), w.options(true));
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(send_ok(client, Duration::seconds(1)));
    FakeBalancer& first = one.seen.empty() ? two : one;
    FakeBalancer& second = one.seen.empty() ? one : two;
    EXPECT_EQ(first.seen.size(), 5u);
    EXPECT_EQ(second.sessions_begun, 0u);  // not even dialled

    first.stop_listening();
    first.drop_connections();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(send_ok(client, Duration::seconds(2)));
    EXPECT_EQ(second.seen.size(), 5u);
}

TEST_F(Failover, an_attempt_lost_with_its_balancer_is_repeated_elsewhere_with_its_token) {
    FakeBalancer* alive = nullptr;
    const auto die_first = [&](FakeBalancer& b, const Seen& seen) {
        if (alive != nullptr) return b.answer_send(seen);
        b.stop_listening();
        b.drop_connections();
    };
    FakeBalancer one(w.b1, die_first);
    FakeBalancer two(w.b2, die_first);
    Client client(w.host.env(), w.options(true));
    send(client);
    ASSERT_TRUE(w.wait([&] { return one.seen.size() + two.seen.size() == 1; }));
    FakeBalancer& dead = one.seen.empty() ? two : one;
    alive = one.seen.empty() ? &one : &two;
    ASSERT_TRUE(w.wait([&] { return sent.done(); }, Duration::seconds(2)));
    ASSERT_TRUE(*sent.result);
    EXPECT_EQ(dead.seen[0].request.token, alive->seen[0].request.token);
}

// Calls that have time for one attempt: the good balancer gets what the other left of it, and must not be
// blamed for needing more.
TEST_F(Failover, a_balancer_that_had_little_time_left_stays_the_first_choice) {
    const auto refuses_late = [&](FakeBalancer& b, const Seen& seen) {
        w.later(Duration::milliseconds(330), [&b, seen] { b.answer_error(seen, Error(ErrorCode::unavailable)); });
    };
    const auto answers_soon = [&](FakeBalancer& b, const Seen& seen) {
        w.later(Duration::milliseconds(150), [&b, seen] { b.answer_send(seen); });
    };
    for (const bool first_refuses : {false, true}) {  // which one a client begins with is drawn
        FakeBalancer one(w.b1, first_refuses ? FakeBalancer::Behaviour(refuses_late) : answers_soon);
        FakeBalancer two(w.b2, first_refuses ? FakeBalancer::Behaviour(answers_soon) : refuses_late);
        Options options = w.options(true);
        options.request_timeout = options.attempt_timeout = Duration::milliseconds(400);
        options.backoff_min = options.backoff_max = Duration::milliseconds(1);
        Client client(w.host.env(), options);
        bool served = false;
        for (int i = 0; i < 6; ++i) served = send_ok(client, Duration::seconds(2));
        EXPECT_TRUE(served) << first_refuses;
        w.world.run_for(Duration::seconds(1));
    }
}

// A balancer from which nodes cannot be reached speaks, and says that much.
TEST_F(Failover, a_balancer_that_finds_no_answer_is_left_for_another) {
    const auto finds_none = [](FakeBalancer& b, const Seen& seen) {
        b.answer_error(seen, Error(ErrorCode::outcome_unknown).with_outcome(Outcome::unknown));
    };
    for (const bool first_finds_none : {false, true}) {  // which one a client begins with is drawn
        FakeBalancer one(w.b1, first_finds_none ? FakeBalancer::Behaviour(finds_none) : answer_send);
        FakeBalancer two(w.b2, first_finds_none ? FakeBalancer::Behaviour(answer_send) : finds_none);
        Client client(w.host.env(), w.options(true));
        for (int i = 0; i < 4; ++i) EXPECT_TRUE(send_ok(client, Duration::seconds(2))) << first_finds_none;
        EXPECT_LE((first_finds_none ? one : two).seen.size(), 1u);
        w.world.run_for(Duration::seconds(1));
    }
}

// The token counts in the queue that it was sent to, not in another of the same name.
TEST_F(Failover, what_may_be_done_in_a_queue_is_not_asked_of_its_successor) {
    FakeBalancer balancer(w.b1, answer_send);
    Client client(w.host.env(), w.options());
    ASSERT_TRUE(send_ok(client, Duration::seconds(1)));  // tells the id
    balancer.behaviour_ = [](FakeBalancer& b, const Seen& seen) {
        if (b.seen.size() == 2) return b.drop_connections();
        if (seen.request.queue) return b.answer_error(seen, Error(ErrorCode::queue_does_not_exist));
        b.answer_send(seen);
    };
    send(client);
    ASSERT_TRUE(w.wait([&] { return sent.done(); }));
    ASSERT_FALSE(sent.result->has_value());
    EXPECT_EQ(sent.result->error().outcome, Outcome::unknown);
    EXPECT_EQ(balancer.seen.size(), 3u);
    send(client);  // nothing is in doubt of this one
    ASSERT_TRUE(w.wait([&] { return sent.done(); }));
    EXPECT_TRUE(sent.result->has_value());
}

TEST_F(Failover, a_repetition_by_name_tells_when_it_was_first_asked) {
    FakeBalancer balancer(w.b1, [](FakeBalancer& b, const Seen& seen) {
        if (b.seen.size() == 1) return b.drop_connections();
        b.answer_send(seen);
    });
    Client client(w.host.env(), w.options());
    ASSERT_TRUE(send_ok(client, Duration::seconds(5)));
    ASSERT_EQ(balancer.seen.size(), 2u);
    EXPECT_EQ(balancer.seen[0].request.begun.ms, 0);
    EXPECT_LE(balancer.seen[1].request.begun.ms, 1'000'000);
    EXPECT_GE(balancer.seen[1].request.begun.ms, 999'990);
    ASSERT_TRUE(send_ok(client, Duration::seconds(5)));
    EXPECT_EQ(balancer.seen[2].request.begun.ms, 0);
}

// Seed 155 of a campaign: the id that another call had learnt meanwhile was that of a newer queue.
TEST_F(Failover, a_repetition_by_name_does_not_take_an_id_learnt_since) {
    FakeBalancer balancer(w.b1, [](FakeBalancer&, const Seen&) {});
    Client client(w.host.env(), w.options());
    send(client);
    ASSERT_TRUE(w.wait([&] { return balancer.seen.size() == 1; }));
    balancer.behaviour_ = answer_send;
    ASSERT_TRUE(send_ok(client, Duration::seconds(1)));
    balancer.drop_connections();
    ASSERT_TRUE(w.wait([&] { return balancer.seen.size() >= 3; }));
    const wire::Request& again = balancer.seen[2].request;
    EXPECT_EQ(again.token, balancer.seen[0].request.token);
    EXPECT_FALSE(again.queue);
    EXPECT_GT(again.begun.ms, 0);
}

TEST_F(Failover, a_balancer_that_does_not_answer_is_left) {
    const auto silent = [](FakeBalancer&, const Seen&) {};
    FakeBalancer one(w.b1, silent);
    FakeBalancer two(w.b2, silent);
    Client client(w.host.env(), w.options(true));
    send(client);
    ASSERT_TRUE(w.wait([&] { return one.seen.size() + two.seen.size() == 1; }));
    (one.seen.empty() ? one : two).behaviour_ = answer_send;
    ASSERT_TRUE(w.wait([&] { return sent.done(); }, Duration::seconds(10)));
    EXPECT_TRUE(*sent.result);
    EXPECT_EQ((one.seen.empty() ? two : one).seen[0].request.token,
              (one.seen.empty() ? one : two).seen[0].request.token);
}

TEST_F(Failover, a_half_open_connection_is_dropped_and_dialled_again) {
    FakeBalancer one(w.b1, answer_send);
    Client client(w.host.env(), w.options());
    ASSERT_TRUE(send_ok(client, Duration::seconds(1)));
    bool answers = false;
    one.behaviour_ = [&](FakeBalancer& b, const Seen& seen) {
        if (answers) b.answer_send(seen);
    };
    send(client);
    w.world.run_for(Duration::seconds(6));
    answers = true;
    ASSERT_TRUE(w.wait([&] { return sent.done(); }, Duration::seconds(10)));
    EXPECT_TRUE(*sent.result);
    EXPECT_EQ(one.sessions_begun, 2u);
}

TEST_F(Failover, a_pinned_call_asks_its_endpoint_alone) {
    FakeBalancer one(w.b1, answer_send);
    FakeBalancer two(w.b2, answer_send);
    Client client(w.host.env(), w.options(true));
    for (size_t endpoint : {size_t{1}, size_t{0}, size_t{1}}) {
        Answer<wire::Response> answer;
        wire::Request request;
        request.queue_name = "q";
        request.operation = wire::QueueStatusRequest{};
        one.behaviour_ = two.behaviour_ = [](FakeBalancer& b, const Seen& seen) {
            b.answer_body(seen, wire::QueueStatusResponse{});
        };
        client.call(std::move(request), answer.callback(), {.endpoint = endpoint});
        ASSERT_TRUE(w.wait([&] { return answer.done(); }, Duration::seconds(1)));
    }
    EXPECT_EQ(one.seen.size(), 1u);
    EXPECT_EQ(two.seen.size(), 2u);
}

TEST_F(Failover, clients_spread_over_the_balancers) {
    FakeBalancer one(w.b1, answer_send);
    FakeBalancer two(w.b2, answer_send);
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(std::make_unique<Client>(w.host.env(), w.options(true)));
        ASSERT_TRUE(send_ok(*clients.back(), Duration::seconds(1)));
    }
    EXPECT_GT(one.seen.size(), 2u);
    EXPECT_GT(two.seen.size(), 2u);
}

}  // namespace
}  // namespace quern::client
