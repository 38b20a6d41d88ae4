#include "system/client/client.h"

#include <gtest/gtest.h>

#include "tests/unit/client/fake_balancer.h"

namespace quern::client {
namespace {

using Seen = FakeBalancer::Seen;

wire::Request send_request(std::string_view body) {
    wire::Request request;
    request.queue_name = "q";
    request.operation =
        wire::SendRequest{{{as_bytes(body), static_cast<uint32_t>(body.size()), -1}}};
    return request;
}

void answer_send(FakeBalancer& balancer, const Seen& seen) { balancer.answer_send(seen); }

TEST(Client, send_goes_out_and_the_message_id_comes_back) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, answer_send);
    Client client(w.host.env(), w.options());
    Answer<queue::MessageId> sent;
    client.send("q", OutgoingMessage::of(Buffer::copy_of("hello")), sent.callback());
    EXPECT_FALSE(sent.done());
    ASSERT_TRUE(w.wait([&] { return sent.done(); }));
    ASSERT_TRUE(*sent.result) << sent.error().to_string();
    EXPECT_EQ(sent.result->value(), (queue::MessageId{QueueId(5), MessageSeq(1)}));
    ASSERT_EQ(balancer.seen.size(), 1u);
    EXPECT_EQ(balancer.seen[0].contents, std::vector<std::string>{"hello"});
    EXPECT_EQ(client.calls_under_way(), 0u);
}

TEST(Client, tokens_count_up_and_expire_by_the_clusters_time) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, answer_send);
    Client client(w.host.env(), w.options());
    Answer<queue::MessageId> first, second;
    client.send("q", OutgoingMessage::of(Buffer::copy_of("1")), first.callback());
    ASSERT_TRUE(w.wait([&] { return first.done(); }));
    client.send("q", OutgoingMessage::of(Buffer::copy_of("2")), second.callback());
    ASSERT_TRUE(w.wait([&] { return second.done(); }));
    const Token& a = balancer.seen[0].request.token;
    const Token& b = balancer.seen[1].request.token;
    EXPECT_TRUE(a.session);
    EXPECT_EQ(a.session, b.session);
    EXPECT_EQ(a.seq + 1, b.seq);
    EXPECT_EQ(b.acked_below, b.seq);
    EXPECT_GT(a.expires.ms, balancer.time.ms + 29'000);
    EXPECT_LE(a.expires.ms, balancer.time.ms + 30'000);
}

TEST(Client, queue_id_is_learnt_and_a_stale_one_forgotten) {
    ClientWorld w;
    QueueId current(5);
    FakeBalancer balancer(w.b1, [&](FakeBalancer& b, const Seen& seen) {
        if (seen.request.queue && seen.request.queue != current) {
            return b.answer_error(seen, Error(ErrorCode::queue_does_not_exist));
        }
        b.answer_body(seen, wire::PurgeResponse{1}, current);
    });
    Client client(w.host.env(), w.options());
    for (QueueId id : {QueueId(5), QueueId(5), QueueId(9)}) {
        current = id;
        Answer<uint64_t> purged;
        client.purge("q", purged.callback());
        ASSERT_TRUE(w.wait([&] { return purged.done(); }));
        ASSERT_TRUE(*purged.result);
    }
    ASSERT_EQ(balancer.seen.size(), 4u);
    EXPECT_EQ(balancer.seen[0].request.queue, QueueId{});
    EXPECT_EQ(balancer.seen[1].request.queue, QueueId(5));
    EXPECT_EQ(balancer.seen[1].request.queue_name, "q");
    EXPECT_EQ(balancer.seen[2].request.queue, QueueId(5));  // stale
    EXPECT_EQ(balancer.seen[3].request.queue, QueueId{});   // by name
}

TEST(Client, wrong_secret_is_told_at_once) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, answer_send, "another secret");
    Client client(w.host.env(), w.options());
    Answer<queue::MessageId> sent;
    client.send("q", OutgoingMessage::of(Buffer::copy_of("x")), sent.callback());
    ASSERT_TRUE(w.wait([&] { return sent.done(); }, Duration::seconds(2)));
    EXPECT_EQ(sent.error().code, ErrorCode::unauthenticated);
    EXPECT_EQ(sent.error().outcome, Outcome::not_applied);
    EXPECT_TRUE(balancer.seen.empty());
}

TEST(Client, nobody_listens_times_out_as_not_applied) {
    ClientWorld w;
    Client client(w.host.env(), w.options());
    Answer<queue::MessageId> sent;
    const sim::SimTime begun = w.world.now();
    client.send("q", OutgoingMessage::of(Buffer::copy_of("x")), sent.callback());
    ASSERT_TRUE(w.wait([&] { return sent.done(); }));
    EXPECT_EQ(sent.error().code, ErrorCode::timed_out);
    EXPECT_EQ(sent.error().outcome, Outcome::not_applied);
    EXPECT_NE(sent.error().detail.find("connection_refused"), std::string::npos)
        << sent.error().detail;
    EXPECT_EQ((w.world.now() - begun).to_milliseconds(), 30'000);
}

TEST(Client, a_cluster_that_starts_late_is_waited_for) {
    ClientWorld w;
    Client client(w.host.env(), w.options());
    Answer<queue::MessageId> sent;
    client.send("q", OutgoingMessage::of(Buffer::copy_of("x")), sent.callback());
    w.world.run_for(Duration::seconds(10));
    FakeBalancer balancer(w.b1, answer_send);
    ASSERT_TRUE(w.wait([&] { return sent.done(); }, Duration::seconds(3)));
    EXPECT_TRUE(*sent.result);
}

TEST(Client, retry_after_connection_loss_has_the_same_token) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, [](FakeBalancer& b, const Seen& seen) {
        if (b.seen.size() == 1) return b.drop_connections();
        b.answer_send(seen);
    });
    Client client(w.host.env(), w.options());
    Answer<queue::MessageId> sent;
    client.send("q", OutgoingMessage::of(Buffer::copy_of("once")), sent.callback());
    ASSERT_TRUE(w.wait([&] { return sent.done(); }));
    ASSERT_TRUE(*sent.result) << sent.error().to_string();
    ASSERT_EQ(balancer.seen.size(), 2u);
    EXPECT_EQ(balancer.seen[0].request.token, balancer.seen[1].request.token);
    EXPECT_EQ(balancer.seen[1].contents, std::vector<std::string>{"once"});
}

TEST(Client, without_a_token_nothing_is_written_twice) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, [](FakeBalancer& b, const Seen&) { b.drop_connections(); });
    Client client(w.host.env(), w.options());
    Answer<wire::Response> answer;
    client.call(send_request("x"), answer.callback(), {.token = false});
    ASSERT_TRUE(w.wait([&] { return answer.done(); }));
    EXPECT_EQ(answer.error().outcome, Outcome::unknown);
    w.world.run_for(Duration::seconds(40));
    EXPECT_EQ(balancer.seen.size(), 1u);
    EXPECT_FALSE(balancer.seen[0].request.token.session);
}

TEST(Client, without_a_token_a_definite_refusal_is_retried) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, [](FakeBalancer& b, const Seen& seen) {
        if (b.seen.size() == 1) return b.answer_error(seen, Error(ErrorCode::unavailable));
        b.answer_send(seen);
    });
    Client client(w.host.env(), w.options());
    Answer<wire::Response> answer;
    client.call(send_request("x"), answer.callback(), {.token = false});
    ASSERT_TRUE(w.wait([&] { return answer.done(); }));
    ASSERT_TRUE(*answer.result);
    EXPECT_EQ(balancer.seen.size(), 2u);
}

TEST(Client, reads_are_repeated_after_connection_loss) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, [](FakeBalancer& b, const Seen& seen) {
        if (b.seen.size() < 3) return b.drop_connections();
        b.answer_body(seen, wire::PeekResponse{});
    });
    Client client(w.host.env(), w.options());
    Answer<wire::PeekResponse> peeked;
    client.peek("q", {}, peeked.callback());
    ASSERT_TRUE(w.wait([&] { return peeked.done(); }));
    EXPECT_TRUE(*peeked.result);
    EXPECT_FALSE(balancer.seen[0].request.token.session);
}

TEST(Client, silence_ends_as_timed_out_with_unknown_outcome) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, [](FakeBalancer&, const Seen&) {});
    Client client(w.host.env(), w.options());
    Answer<queue::MessageId> sent;
    Answer<wire::PeekResponse> peeked;
    client.send("q", OutgoingMessage::of(Buffer::copy_of("x")), sent.callback());
    client.peek("q", {}, peeked.callback());
    ASSERT_TRUE(w.wait([&] { return sent.done() && peeked.done(); }));
    EXPECT_EQ(sent.error().code, ErrorCode::timed_out);
    EXPECT_EQ(sent.error().outcome, Outcome::unknown);
    EXPECT_EQ(peeked.error().outcome, Outcome::not_applied);  // it only reads
    std::set<uint64_t> tokens;
    for (const Seen& seen : balancer.seen) {
        if (seen.request.token.session) tokens.insert(seen.request.token.seq);
    }
    EXPECT_EQ(tokens.size(), 1u);
    EXPECT_GT(balancer.seen.size(), 4u);
}

TEST(Client, definite_errors_come_at_once_and_are_not_applied) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, [](FakeBalancer& b, const Seen& seen) {
        b.answer_error(seen, Error(ErrorCode::access_denied, "no"));
    });
    Client client(w.host.env(), w.options());
    Answer<wire::Response> answer;
    client.call(send_request("x"), answer.callback());
    ASSERT_TRUE(w.wait([&] { return answer.done(); }, Duration::seconds(1)));
    ASSERT_TRUE(*answer.result);
    EXPECT_EQ(answer.result->value().error.code, ErrorCode::access_denied);
    EXPECT_EQ(answer.result->value().error.outcome, Outcome::not_applied);
    EXPECT_EQ(balancer.seen.size(), 1u);
}

TEST(Client, a_balancers_refusal_says_nothing_of_an_earlier_attempt) {
    for (const bool from_state_machine : {false, true}) {
        ClientWorld w;
        FakeBalancer balancer(w.b1, [&](FakeBalancer& b, const Seen& seen) {
            if (b.seen.size() == 1) return b.drop_connections();
            b.answer_error(seen, Error(ErrorCode::access_denied),
                           from_state_machine ? LogIndex(7) : LogIndex{});
        });
        Client client(w.host.env(), w.options());
        Answer<wire::Response> answer;
        client.call(send_request("x"), answer.callback());
        ASSERT_TRUE(w.wait([&] { return answer.done(); }));
        EXPECT_EQ(answer.result->value().error.outcome,
                  from_state_machine ? Outcome::not_applied : Outcome::unknown);
    }
}

TEST(Client, unknown_outcomes_are_retried_with_the_same_token) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, [](FakeBalancer& b, const Seen& seen) {
        if (b.seen.size() < 3) return b.answer_error(seen, Error(ErrorCode::outcome_unknown));
        b.answer_send(seen);
    });
    Client client(w.host.env(), w.options());
    Answer<queue::MessageId> sent;
    client.send("q", OutgoingMessage::of(Buffer::copy_of("x")), sent.callback());
    ASSERT_TRUE(w.wait([&] { return sent.done(); }));
    ASSERT_TRUE(*sent.result);
    EXPECT_EQ(balancer.seen[0].request.token, balancer.seen[2].request.token);
}

TEST(Client, a_definite_refusal_by_the_state_machine_gets_a_new_token) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, [](FakeBalancer& b, const Seen& seen) {
        if (b.seen.size() == 1) {
            return b.answer_error(seen, Error(ErrorCode::deadline_exceeded), LogIndex(3));
        }
        if (b.seen.size() == 2) return b.answer_error(seen, Error(ErrorCode::session_expired));
        b.answer_send(seen);
    });
    Client client(w.host.env(), w.options());
    Answer<queue::MessageId> sent;
    client.send("q", OutgoingMessage::of(Buffer::copy_of("x")), sent.callback());
    ASSERT_TRUE(w.wait([&] { return sent.done(); }));
    ASSERT_TRUE(*sent.result);
    ASSERT_EQ(balancer.seen.size(), 3u);
    const Token& a = balancer.seen[0].request.token;
    const Token& b = balancer.seen[1].request.token;
    const Token& c = balancer.seen[2].request.token;
    EXPECT_EQ(a.session, b.session);
    EXPECT_NE(a.seq, b.seq);
    EXPECT_NE(b.session, c.session);
}

TEST(Client, calls_under_way_are_bounded) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, answer_send);
    Options options = w.options();
    options.calls_max = 2;
    options.content_bytes_max = 100;
    Client client(w.host.env(), options);
    std::array<Answer<wire::Response>, 3> answers;
    Answer<wire::Response> large;
    client.call(send_request(std::string(101, 'x')), large.callback());
    for (auto& answer : answers) client.call(send_request("x"), answer.callback());
    EXPECT_EQ(client.calls_under_way(), 2u);
    ASSERT_TRUE(w.wait([&] { return answers[0].done() && answers[1].done() && answers[2].done(); }));
    EXPECT_TRUE(*answers[0].result);
    EXPECT_TRUE(*answers[1].result);
    EXPECT_EQ(answers[2].error().code, ErrorCode::overloaded);
    EXPECT_EQ(answers[2].error().outcome, Outcome::not_applied);
    EXPECT_EQ(large.error().code, ErrorCode::overloaded);
}

TEST(Client, a_cancelled_call_is_not_answered_and_the_balancer_is_told) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, [](FakeBalancer&, const Seen&) {});
    Client client(w.host.env(), w.options());
    Answer<wire::Response> answer;
    const Client::CallId id = client.call(send_request("x"), answer.callback());
    ASSERT_TRUE(w.wait([&] { return balancer.seen.size() == 1; }));
    client.cancel(id);
    client.cancel(id);
    EXPECT_EQ(client.calls_under_way(), 0u);
    ASSERT_TRUE(w.wait([&] { return balancer.cancelled == 1; }));
    w.world.run_for(Duration::seconds(60));
    EXPECT_EQ(answer.count, 0);
    EXPECT_EQ(balancer.seen.size(), 1u);
}

TEST(Client, may_be_destroyed_in_a_callback) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, answer_send);
    auto client = std::make_unique<Client>(w.host.env(), w.options());
    int answered = 0;
    for (int i = 0; i < 3; ++i) {
        client->call(send_request("x"), [&](Result<wire::Response>) {
            ++answered;
            client.reset();
        });
    }
    ASSERT_TRUE(w.wait([&] { return answered > 0; }));
    w.world.run_for(Duration::seconds(40));
    EXPECT_EQ(answered, 1);
}

TEST(Client, typed_results_carry_the_servers_error) {
    ClientWorld w;
    FakeBalancer balancer(w.b1, [](FakeBalancer& b, const Seen& seen) {
        if (std::holds_alternative<wire::SendRequest>(seen.request.operation)) {
            return b.answer_body(
                seen, wire::SendResponse{{{ErrorCode::queue_full, MessageSeq{}, 10, 11}}});
        }
        b.answer_error(seen, Error(ErrorCode::queue_already_exists));
    });
    Client client(w.host.env(), w.options());
    Answer<queue::MessageId> sent;
    Answer<metadata::QueueRecord> created;
    client.send("q", OutgoingMessage::of(Buffer::copy_of("x")), sent.callback());
    client.create_queue("q", {}, created.callback());
    ASSERT_TRUE(w.wait([&] { return sent.done() && created.done(); }));
    EXPECT_EQ(sent.error().code, ErrorCode::queue_full);
    EXPECT_EQ(sent.error().limit, 10);
    EXPECT_EQ(created.error().code, ErrorCode::queue_already_exists);
}

}  // namespace
}  // namespace quern::client
