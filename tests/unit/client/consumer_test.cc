#include "system/client/consumer.h"

#include <gtest/gtest.h>

#include "tests/unit/client/fake_balancer.h"

namespace quern::client {
namespace {

using Seen = FakeBalancer::Seen;

// A queue of numbered messages behind the fake balancer. Time is the world's.
struct ConsumerTest : testing::Test, ConsumerHandler {
    ClientWorld w;
    std::deque<uint64_t> ready;
    std::vector<Seen> parked;
    std::vector<uint8_t> deleted, released, extended;
    size_t receives = 0;
    uint32_t asked_max = 0;
    int64_t lease_ms = 30'000;
    ErrorCode extend_result = ErrorCode::ok;
    FakeBalancer balancer{w.b1, [this](FakeBalancer&, const Seen& seen) { serve(seen); }};
    Client client{w.host.env(), w.options()};

    std::vector<uint64_t> got;
    std::vector<uint64_t> lost;
    size_t on_deleted_ok = 0;
    std::vector<Error> errors;
    std::function<void(Consumer&, uint64_t)> handle = [](Consumer& c, uint64_t seq) {
        c.done(MessageSeq(seq));
    };

    ConsumerTest() {
        balancer.on_cancel = [this](uint64_t id) {
            std::erase_if(parked, [id](const Seen& seen) { return seen.id == id; });
        };
    }
    ClusterTime now() const { return {1'000'000 + w.world.now().ns / 1'000'000}; }

    void serve(const Seen& seen) {
        balancer.time = now();
        if (const auto* receive = std::get_if<wire::ReceiveRequest>(&seen.request.operation)) {
            ++receives;
            asked_max = std::max(asked_max, receive->messages_max);
            if (ready.empty()) return parked.push_back(seen);
            return hand_out(seen, receive->messages_max);
        }
        if (const auto* deletion = std::get_if<wire::DeleteRequest>(&seen.request.operation)) {
            wire::DeleteResponse body;
            for (const auto& receipt : deletion->receipts) {
                deleted.push_back(receipt[0]);
                body.results.push_back(ErrorCode::ok);
            }
            return balancer.answer_body(seen, body);
        }
        const auto& change = std::get<wire::ChangeVisibilityRequest>(seen.request.operation);
        wire::ChangeVisibilityResponse body;
        for (const auto& entry : change.entries) {
            (entry.visibility_ms == 0 ? released : extended).push_back(entry.receipt[0]);
            body.results.push_back(extend_result);
        }
        balancer.answer_body(seen, body);
    }
    void hand_out(const Seen& seen, uint32_t messages_max) {
        wire::ReceiveResponse body;
        while (!ready.empty() && body.messages.size() < messages_max) {
            wire::ReceivedMessage message;
            message.seq = MessageSeq(ready.front());
            message.receipt[0] = static_cast<uint8_t>(ready.front());
            message.leased_until = now().plus_ms(lease_ms);
            message.content = Buffer::copy_of("body");
            message.body_bytes = 4;
            body.messages.push_back(message);
            ready.pop_front();
        }
        balancer.answer_body(seen, body);
    }
    void add(uint64_t from, uint64_t to) {
        for (uint64_t seq = from; seq <= to; ++seq) ready.push_back(seq);
        balancer.time = now();
        for (const Seen& seen : std::exchange(parked, {})) {
            hand_out(seen, std::get<wire::ReceiveRequest>(seen.request.operation).messages_max);
        }
    }
    static ConsumerOptions options() {
        ConsumerOptions o;
        o.queue = "q";
        return o;
    }

    void on_message(Consumer& consumer, const wire::ReceivedMessage& message) override {
        EXPECT_EQ(message.content.text(), "body");
        got.push_back(message.seq.value);
        handle(consumer, message.seq.value);
    }
    void on_lease_lost(Consumer&, MessageSeq seq) override { lost.push_back(seq.value); }
    void on_deleted(Consumer&, MessageSeq, const Result<void>& result) override {
        on_deleted_ok += result ? 1 : 0;
    }
    void on_error(Consumer&, const Error& error) override { errors.push_back(error); }
};

TEST_F(ConsumerTest, receives_handles_and_deletes_in_batches) {
    add(1, 20);
    Consumer consumer(client, options(), *this);
    consumer.start();
    ASSERT_TRUE(w.wait([&] { return on_deleted_ok == 20; }));
    EXPECT_EQ(got.size(), 20u);
    EXPECT_EQ(deleted.size(), 20u);
    size_t deletes = 0;
    for (const Seen& seen : balancer.seen) {
        deletes += std::holds_alternative<wire::DeleteRequest>(seen.request.operation) ? 1 : 0;
    }
    EXPECT_LE(deletes, 2u);
    EXPECT_EQ(consumer.held(), 0u);
}

TEST_F(ConsumerTest, a_parked_poll_brings_what_comes_later) {
    Consumer consumer(client, options(), *this);
    consumer.start();
    w.world.run_for(Duration::seconds(3));
    EXPECT_EQ(receives, 1u);  // one long poll, no busy loop
    add(1, 1);
    ASSERT_TRUE(w.wait([&] { return on_deleted_ok == 1; }, Duration::seconds(1)));
}

TEST_F(ConsumerTest, never_holds_more_than_its_bound) {
    handle = [](Consumer&, uint64_t) {};
    ConsumerOptions o = options();
    o.messages_held_max = 7;
    o.receive_messages_max = 5;
    o.polls_max = 3;
    add(1, 50);
    Consumer consumer(client, o, *this);
    consumer.start();
    w.world.run_for(Duration::seconds(1));
    EXPECT_EQ(consumer.held(), 7u);
    EXPECT_EQ(got.size(), 7u);
    EXPECT_EQ(asked_max, 5u);
    consumer.done(MessageSeq(3));
    w.world.run_for(Duration::seconds(1));
    EXPECT_EQ(got.size(), 8u);
}

TEST_F(ConsumerTest, gives_back) {
    handle = [](Consumer& c, uint64_t seq) { c.give_back(MessageSeq(seq)); };
    add(4, 4);
    Consumer consumer(client, options(), *this);
    consumer.start();
    ASSERT_TRUE(w.wait([&] { return released.size() == 1; }));
    EXPECT_EQ(released[0], 4);
    EXPECT_TRUE(deleted.empty());
}

TEST_F(ConsumerTest, a_lease_that_ends_is_told_and_done_changes_nothing_then) {
    handle = [](Consumer&, uint64_t) {};
    add(1, 1);
    Consumer consumer(client, options(), *this);
    consumer.start();
    ASSERT_TRUE(w.wait([&] { return lost.size() == 1; }, Duration::seconds(31)));
    EXPECT_EQ(consumer.held(), 0u);
    consumer.done(MessageSeq(1));
    w.world.run_for(Duration::seconds(1));
    EXPECT_TRUE(deleted.empty());
}

TEST_F(ConsumerTest, extends_leases_at_half_time) {
    handle = [](Consumer&, uint64_t) {};
    ConsumerOptions o = options();
    o.extend_leases = true;
    add(1, 1);
    Consumer consumer(client, o, *this);
    consumer.start();
    w.world.run_for(Duration::seconds(100));
    EXPECT_TRUE(lost.empty());
    EXPECT_EQ(consumer.held(), 1u);
    EXPECT_GE(extended.size(), 6u);
    EXPECT_LE(extended.size(), 7u);
    extend_result = ErrorCode::receipt_stale;
    ASSERT_TRUE(w.wait([&] { return lost.size() == 1; }, Duration::seconds(31)));
}

TEST_F(ConsumerTest, pauses_after_an_error) {
    balancer.behaviour_ = [](FakeBalancer& b, const Seen& seen) {
        b.answer_error(seen, Error(ErrorCode::access_denied));
    };
    Consumer consumer(client, options(), *this);
    consumer.start();
    w.world.run_for(Duration::milliseconds(3500));
    EXPECT_EQ(errors.size(), 4u);
    balancer.behaviour_ = [this](FakeBalancer&, const Seen& seen) { serve(seen); };
    add(1, 1);
    ASSERT_TRUE(w.wait([&] { return on_deleted_ok == 1; }, Duration::seconds(2)));
}

TEST_F(ConsumerTest, stop_ends_receiving_and_a_handler_may_destroy_it) {
    add(1, 3);
    auto consumer = std::make_unique<Consumer>(client, options(), *this);
    handle = [&](Consumer&, uint64_t) { consumer.reset(); };
    consumer->start();
    ASSERT_TRUE(w.wait([&] { return consumer == nullptr; }));
    w.world.run_for(Duration::seconds(1));
    EXPECT_EQ(got.size(), 1u);
    EXPECT_TRUE(parked.empty());  // its long poll was cancelled

    handle = [](Consumer&, uint64_t) {};
    add(8, 8);
    Consumer second(client, options(), *this);
    second.start();
    w.world.run_for(Duration::seconds(1));
    const size_t before = receives;
    EXPECT_EQ(parked.size(), 1u);
    second.stop();
    w.world.run_for(Duration::seconds(1));
    EXPECT_TRUE(parked.empty());
    second.done(MessageSeq(8));  // what is held may be finished
    ASSERT_TRUE(w.wait([&] { return on_deleted_ok == 1; }));
    EXPECT_EQ(receives, before);
}

}  // namespace
}  // namespace quern::client
