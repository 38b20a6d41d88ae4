#include "system/client/producer.h"

#include <gtest/gtest.h>

#include "tests/unit/client/fake_balancer.h"

namespace quern::client {
namespace {

using Seen = FakeBalancer::Seen;

struct ProducerTest : testing::Test {
    ClientWorld w;
    FakeBalancer balancer{w.b1, [](FakeBalancer& b, const Seen& seen) { b.answer_send(seen); }};
    Client client{w.host.env(), w.options()};
    std::vector<Result<queue::MessageId>> results;

    bool send(Producer& producer, const std::string& body) {
        return producer.send(OutgoingMessage::of(Buffer::copy_of(body)),
                             [this](Result<queue::MessageId> r) { results.push_back(std::move(r)); });
    }
    bool wait_for(size_t count) {
        return w.wait([&] { return results.size() == count; });
    }
    static ProducerOptions options() {
        ProducerOptions o;
        o.queue = "q";
        return o;
    }
};

TEST_F(ProducerTest, sends_of_one_turn_share_a_batch) {
    Producer producer(client, options());
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(send(producer, std::to_string(i)));
    EXPECT_EQ(producer.messages_under_way(), 10u);
    ASSERT_TRUE(wait_for(10));
    ASSERT_EQ(balancer.seen.size(), 1u);
    EXPECT_EQ(balancer.seen[0].contents.size(), 10u);
    EXPECT_EQ(balancer.seen[0].contents[7], "7");
    for (uint64_t i = 0; i < 10; ++i) {
        EXPECT_EQ(results[i].value(), (queue::MessageId{QueueId(5), MessageSeq(i + 1)}));
    }
    EXPECT_EQ(producer.messages_under_way(), 0u);
    EXPECT_EQ(producer.bytes_under_way(), 0u);
}

TEST_F(ProducerTest, batches_close_at_entries_and_bytes) {
    ProducerOptions o = options();
    o.batch_entries_max = 4;
    o.batch_bytes_max = 10;
    Producer producer(client, o);
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(send(producer, "x"));
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(send(producer, "123456"));
    ASSERT_TRUE(wait_for(11));
    std::vector<size_t> sizes;
    for (const Seen& seen : balancer.seen) sizes.push_back(seen.contents.size());
    EXPECT_EQ(sizes, (std::vector<size_t>{4, 4, 1, 1, 1}));
}

TEST_F(ProducerTest, linger_waits_for_company) {
    ProducerOptions o = options();
    o.linger = Duration::milliseconds(50);
    Producer producer(client, o);
    ASSERT_TRUE(send(producer, "a"));
    w.world.run_for(Duration::milliseconds(30));
    ASSERT_TRUE(send(producer, "b"));
    EXPECT_TRUE(balancer.seen.empty());
    ASSERT_TRUE(wait_for(2));
    EXPECT_EQ(balancer.seen.size(), 1u);
    ASSERT_TRUE(send(producer, "c"));
    producer.flush();
    ASSERT_TRUE(wait_for(3));
}

TEST_F(ProducerTest, bounds_refuse_and_room_is_told_once) {
    ProducerOptions o = options();
    o.messages_max = 3;
    o.bytes_max = 100;
    Producer producer(client, o);
    int rooms = 0;
    ASSERT_FALSE(send(producer, std::string(101, 'x')));
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(send(producer, "x"));
    ASSERT_FALSE(send(producer, "x"));
    producer.on_room([&] { ++rooms; });
    ASSERT_TRUE(wait_for(3));
    w.world.run_for(Duration::seconds(1));
    EXPECT_EQ(rooms, 1);
    EXPECT_TRUE(send(producer, "x"));
}

TEST_F(ProducerTest, batches_under_way_are_bounded) {
    balancer.behaviour_ = [](FakeBalancer&, const Seen&) {};
    ProducerOptions o = options();
    o.batch_entries_max = 1;
    o.batches_under_way_max = 2;
    Producer producer(client, o);
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(send(producer, std::to_string(i)));
    w.world.run_for(Duration::seconds(1));
    EXPECT_EQ(balancer.seen.size(), 2u);
    balancer.behaviour_ = [](FakeBalancer& b, const Seen& seen) { b.answer_send(seen); };
    for (const Seen& seen : std::vector<Seen>(balancer.seen)) balancer.answer_send(seen);
    ASSERT_TRUE(wait_for(6));
}

TEST_F(ProducerTest, each_message_gets_its_own_result) {
    balancer.behaviour_ = [](FakeBalancer& b, const Seen& seen) {
        b.answer_body(seen, wire::SendResponse{{{ErrorCode::ok, MessageSeq(1), -1, -1},
                                                {ErrorCode::message_too_large, {}, 1024, 2000}}});
    };
    Producer producer(client, options());
    ASSERT_TRUE(send(producer, "a"));
    ASSERT_TRUE(send(producer, "b"));
    ASSERT_TRUE(wait_for(2));
    EXPECT_TRUE(results[0]);
    EXPECT_EQ(results[1].error().code, ErrorCode::message_too_large);
    EXPECT_EQ(results[1].error().actual, 2000);
}

TEST_F(ProducerTest, a_batch_that_fails_fails_all_its_messages_honestly) {
    balancer.behaviour_ = [](FakeBalancer&, const Seen&) {};
    ProducerOptions o = options();
    o.timeout = Duration::seconds(3);
    Producer producer(client, o);
    ASSERT_TRUE(send(producer, "a"));
    ASSERT_TRUE(send(producer, "b"));
    ASSERT_TRUE(wait_for(2));
    for (const auto& result : results) {
        EXPECT_EQ(result.error().code, ErrorCode::timed_out);
        EXPECT_EQ(result.error().outcome, Outcome::unknown);
    }
}

TEST_F(ProducerTest, may_be_destroyed_in_a_callback) {
    auto producer = std::make_unique<Producer>(client, options());
    int answered = 0;
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(producer->send(OutgoingMessage::of(Buffer::copy_of("x")),
                                   [&](Result<queue::MessageId>) {
                                       ++answered;
                                       producer.reset();
                                   }));
    }
    ASSERT_TRUE(w.wait([&] { return answered > 0; }));
    w.world.run_for(Duration::seconds(1));
    EXPECT_GE(answered, 1);
}

}  // namespace
}  // namespace quern::client
