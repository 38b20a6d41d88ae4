#include "system/wire/frame_connection.h"

#include <gtest/gtest.h>

#include <functional>

#include "sim/world/world.h"
#include "tests/unit/wire/samples.h"

namespace quern::wire {
namespace {

constexpr uint16_t port = 9;

// One end; keeps what came.
struct End final : FrameHandler {
    std::unique_ptr<FrameConnection> connection;
    std::vector<Frame> frames;
    std::vector<Error> closed;
    std::function<void(const Frame&)> react = [](const Frame&) {};

    void take(Env& env, std::unique_ptr<Connection> stream, FrameConnection::Options options) {
        connection = std::make_unique<FrameConnection>(env, std::move(stream), options, *this);
        connection->start();
    }
    void on_frame(FrameConnection&, Frame frame) override {
        frames.push_back(frame);
        react(frame);
    }
    void on_closed(FrameConnection&, const Error& reason) override { closed.push_back(reason); }
};

struct FrameConnectionTest : testing::Test {
    sim::World world{{.seed = 5}};
    sim::Machine& a = world.add_machine({.name = "a"});
    sim::Machine& b = world.add_machine({.name = "b"});
    FrameConnection::Options options{1024 * 1024, 0};
    End client;
    End server;
    std::unique_ptr<Listener> listener;
    std::unique_ptr<Connection> raw;  // instead of `client`, for bytes that are no frames

    void listen() {
        listener = std::move(*b.env().network.listen({"b", port}, [this](std::unique_ptr<Connection> c) {
            server.take(b.env(), std::move(c), options);
        }));
    }
    void connect(bool as_frames = true) {
        listen();
        a.env().network.connect({"b", port},
                                [this, as_frames](Result<std::unique_ptr<Connection>> c) {
                                    if (as_frames) return client.take(a.env(), std::move(*c), options);
                                    raw = std::move(*c);
                                });
        ASSERT_TRUE(wait([&] { return server.connection && (client.connection || raw); }));
    }
    template <typename Predicate>
    bool wait(Predicate done, Duration within = Duration::seconds(5)) {
        return world.run_until(std::move(done), within);
    }
    static BufferChain frame(uint64_t id, size_t bytes = 10) {
        return encode_frame(FrameKind::request, id, Buffer::copy_of("headhead"),
                            Buffer::copy_of(std::string(bytes, 'x')));
    }
    void run() { world.run_for(Duration::seconds(1)); }
};

TEST_F(FrameConnectionTest, frames_go_both_ways_in_order) {
    connect();
    server.react = [&](const Frame& f) { server.connection->send(frame(f.request_id + 100)); };
    for (uint64_t id = 1; id <= 50; ++id) EXPECT_TRUE(client.connection->send(frame(id, id * 3000)));
    ASSERT_TRUE(wait([&] { return client.frames.size() == 50; }));
    for (uint64_t id = 1; id <= 50; ++id) {
        EXPECT_EQ(server.frames[id - 1].request_id, id);
        EXPECT_EQ(server.frames[id - 1].attachments().size(), id * 3000);
        EXPECT_EQ(client.frames[id - 1].request_id, id + 100);
    }
    EXPECT_EQ(client.connection->peer().to_string(), "b:9");
    EXPECT_EQ(client.connection->queued_bytes(), 0u);
}

TEST_F(FrameConnectionTest, close_writes_what_is_queued_though_the_owner_goes) {
    connect();
    for (uint64_t id = 1; id <= 20; ++id) client.connection->send(frame(id, 10'000));
    client.connection->close();
    EXPECT_FALSE(client.connection->open());
    EXPECT_FALSE(client.connection->send(frame(21)));
    client.connection.reset();
    run();
    EXPECT_EQ(server.frames.size(), 20u);
    ASSERT_EQ(server.closed.size(), 1u);
    EXPECT_EQ(server.closed[0].code, ErrorCode::connection_closed);
    EXPECT_TRUE(client.closed.empty());
}

TEST_F(FrameConnectionTest, may_be_destroyed_in_on_frame) {
    connect();
    server.react = [&](const Frame&) { server.connection.reset(); };
    for (uint64_t id = 1; id <= 3; ++id) client.connection->send(frame(id));
    run();
    EXPECT_EQ(server.frames.size(), 1u);
    EXPECT_TRUE(server.closed.empty());
    EXPECT_EQ(client.closed.size(), 1u);
}

TEST_F(FrameConnectionTest, may_be_closed_in_on_frame) {
    connect();
    server.react = [&](const Frame&) {
        server.connection->send(frame(99));
        server.connection->close();
    };
    for (uint64_t id = 1; id <= 3; ++id) client.connection->send(frame(id));
    run();
    EXPECT_EQ(server.frames.size(), 1u);
    EXPECT_TRUE(server.closed.empty());
    ASSERT_EQ(client.frames.size(), 1u);
    EXPECT_EQ(client.frames[0].request_id, 99u);
    EXPECT_EQ(client.closed.size(), 1u);
}

TEST_F(FrameConnectionTest, pause_holds_frames_back_and_resume_delivers_them) {
    connect();
    server.react = [&](const Frame&) { server.connection->pause_reading(); };
    for (uint64_t id = 1; id <= 4; ++id) client.connection->send(frame(id));
    for (size_t expected = 1; expected <= 4; ++expected) {
        run();
        EXPECT_EQ(server.frames.size(), expected);
        server.connection->resume_reading();
        EXPECT_EQ(server.frames.size(), expected);  // never inside the call
    }
    client.connection->send(frame(5));
    run();
    EXPECT_EQ(server.frames.size(), 5u);
}

TEST_F(FrameConnectionTest, a_peer_that_does_not_read_ends_the_connection_at_the_bound) {
    options.out_bytes_max = 300'000;
    connect();
    server.connection->pause_reading();
    size_t sent = 0;
    for (int turn = 0; turn < 100 && client.connection->open(); ++turn) {
        for (int i = 0; i < 10; ++i) sent += client.connection->send(frame(1, 10'000)) ? 1 : 0;
        world.run_for(Duration::milliseconds(20));
        EXPECT_LE(client.connection->queued_bytes(), options.out_bytes_max);
    }
    EXPECT_FALSE(client.connection->open());
    run();
    ASSERT_EQ(client.closed.size(), 1u);
    EXPECT_EQ(client.closed[0].code, ErrorCode::overloaded);
    EXPECT_GT(sent, 20u);
}

TEST_F(FrameConnectionTest, the_end_inside_a_frame_is_told) {
    connect(false);
    const std::string bytes = samples::flat(frame(1)) + samples::flat(frame(2)).substr(0, 20);
    raw->write(Buffer::copy_of(bytes), [&](Result<void>) { raw->close(); });
    run();
    EXPECT_EQ(server.frames.size(), 1u);
    ASSERT_EQ(server.closed.size(), 1u);
    EXPECT_NE(server.closed[0].detail.find("middle of a frame"), std::string::npos);
}

TEST_F(FrameConnectionTest, damage_ends_it_after_the_good_frames) {
    connect(false);
    std::string bytes = samples::flat(frame(1)) + samples::flat(frame(2));
    bytes.back() = 'x';
    raw->write(Buffer::copy_of(bytes), [](Result<void>) {});
    run();
    EXPECT_EQ(server.frames.size(), 1u);
    ASSERT_EQ(server.closed.size(), 1u);
    EXPECT_EQ(server.closed[0].code, ErrorCode::protocol_error);
    EXPECT_FALSE(server.connection->send(frame(3)));
    EXPECT_EQ(server.closed.size(), 1u);
}

TEST_F(FrameConnectionTest, a_frame_too_long_ends_it) {
    options.body_bytes_max = 1000;
    connect();
    client.connection->set_body_bytes_max(5000);
    server.connection->send(frame(1, 4000));
    client.connection->send(frame(2, 1001));
    run();
    EXPECT_EQ(client.frames.size(), 1u);
    EXPECT_TRUE(server.frames.empty());
    ASSERT_EQ(server.closed.size(), 1u);
    EXPECT_EQ(server.closed[0].code, ErrorCode::frame_too_large);
}

TEST_F(FrameConnectionTest, on_closed_comes_once_and_may_destroy_it) {
    struct Owner final : FrameHandler {
        std::unique_ptr<FrameConnection> connection;
        int closed = 0;
        void on_frame(FrameConnection&, Frame) override {}
        void on_closed(FrameConnection&, const Error&) override {
            ++closed;
            connection.reset();
        }
    } owner;
    connect();
    client.connection->set_handler(owner);
    owner.connection = std::move(client.connection);
    server.connection.reset();
    run();
    EXPECT_EQ(owner.closed, 1);
    EXPECT_EQ(owner.connection, nullptr);
}

TEST_F(FrameConnectionTest, an_answer_leaves_or_is_lost_with_the_connection) {
    connect();
    EXPECT_TRUE(server.connection->send_answer(frame(1)));
    run();
    ASSERT_EQ(client.frames.size(), 1u);
    world.fault_points().set(FaultPoint::answer_lost, 1'000'000);
    EXPECT_TRUE(server.connection->send(frame(2)));
    run();
    EXPECT_EQ(client.frames.size(), 2u);
    EXPECT_FALSE(server.connection->send_answer(frame(3)));
    EXPECT_TRUE(server.closed.empty());
    run();
    EXPECT_EQ(client.frames.size(), 2u);
    EXPECT_EQ(client.closed.size(), 1u);
    EXPECT_EQ(server.closed.size(), 1u);
}

TEST_F(FrameConnectionTest, another_handler_gets_what_was_not_delivered) {
    connect();
    End second;
    server.react = [&](const Frame&) { server.connection->set_handler(second); };
    for (uint64_t id = 1; id <= 3; ++id) client.connection->send(frame(id));
    run();
    EXPECT_EQ(server.frames.size(), 1u);
    EXPECT_EQ(second.frames.size(), 2u);
}

}  // namespace
}  // namespace quern::wire
