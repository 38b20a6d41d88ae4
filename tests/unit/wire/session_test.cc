// Link and Acceptor together: the handshake, what strangers get, and honest answers to requests.
#include <gtest/gtest.h>

#include "sim/world/world.h"
#include "system/wire/acceptor.h"
#include "system/wire/link.h"
#include "tests/unit/wire/samples.h"

namespace quern::wire {
namespace {

struct Server final : AcceptorHandler, FrameHandler {
    Server(Env& env, Acceptor::Options options) : acceptor(env, std::move(options), *this) {
        QUERN_ASSERT(acceptor.start());
    }
    HelloReply greeting() override {
        HelloReply reply;
        reply.cluster = {7, 8};
        reply.time = {42};
        return reply;
    }
    void find_secret(const std::string& name,
                     Callback<void(Result<std::optional<std::vector<uint8_t>>>)> done) override {
        ++lookups;
        if (name != "key") return done(std::optional<std::vector<uint8_t>>{});
        done(std::optional<std::vector<uint8_t>>(std::vector<uint8_t>{1, 2, 3}));
    }
    void on_session(std::unique_ptr<FrameConnection> connection, const std::string& name) override {
        names.push_back(name);
        connection->set_handler(*this);
        connection->set_body_bytes_max(1024 * 1024);
        sessions.push_back(std::move(connection));
    }
    void on_frame(FrameConnection& connection, Frame frame) override {
        ++requests;
        if (answers) {
            connection.send(encode_frame_body(FrameKind::response, frame.request_id,
                                              frame.head_bytes, frame.body));
        }
    }
    void on_closed(FrameConnection& connection, const Error&) override {
        std::erase_if(sessions, [&](const auto& s) { return s.get() == &connection; });
    }

    int lookups = 0;
    int requests = 0;
    bool answers = true;
    std::vector<std::string> names;
    std::vector<std::unique_ptr<FrameConnection>> sessions;
    Acceptor acceptor;
};

struct Asker final : LinkHandler {
    void on_link_up(Link&, const HelloReply& server) override {
        ++ups;
        cluster = server.cluster;
        time = server.time;
    }
    void on_link_down(Link&, const Error& reason) override { downs.push_back(reason); }
    void on_link_frame(Link&, Frame) override {}
    int ups = 0;
    ClusterId cluster;
    ClusterTime time;
    std::vector<Error> downs;
};

struct Session : testing::Test {
    sim::World world{{.seed = 6}};
    sim::Machine& a = world.add_machine({.name = "a"});
    sim::Machine& b = world.add_machine({.name = "b"});
    std::unique_ptr<Server> server;
    Asker asker;

    Acceptor::Options acceptor_options() {
        Acceptor::Options o;
        o.at = {"b", 9};
        return o;
    }
    Link::Options link_options() {
        Link::Options o;
        o.endpoint = {"b", 9};
        o.name = "key";
        o.secret = {1, 2, 3};
        o.frame_bytes_max = 1024 * 1024;
        return o;
    }
    void serve() { server = std::make_unique<Server>(b.env(), acceptor_options()); }
    template <typename Predicate>
    bool wait(Predicate done, Duration within = Duration::seconds(5)) {
        return world.run_until(std::move(done), within);
    }
    Encoded message() { return {Buffer::copy_of("headhead"), BufferChain(Buffer::copy_of("rest"))}; }
    // Bytes a stranger sends, and what he gets back until the end.
    std::string stranger(std::string_view bytes) {
        std::unique_ptr<Connection> raw;
        std::vector<uint8_t> space(65536);
        std::string got;
        bool ended = false;
        std::function<void()> read = [&] {
            raw->read(space, [&](Result<size_t> n) {
                if (!n || *n == 0) {
                    ended = true;
                    return;
                }
                got.append(reinterpret_cast<const char*>(space.data()), *n);
                read();
            });
        };
        a.env().network.connect({"b", 9}, [&](Result<std::unique_ptr<Connection>> c) {
            raw = std::move(*c);
            if (!bytes.empty()) raw->write(Buffer::copy_of(bytes), [](Result<void>) {});
            read();
        });
        EXPECT_TRUE(wait([&] { return ended; }, Duration::seconds(20)));
        return got;
    }
};

TEST_F(Session, both_prove_themselves_and_requests_are_answered) {
    serve();
    Link link(a.env(), link_options(), asker);
    link.start();
    ASSERT_TRUE(wait([&] { return link.up(); }));
    EXPECT_EQ(asker.cluster, (ClusterId{7, 8}));
    EXPECT_EQ(asker.time, ClusterTime{42});
    EXPECT_EQ(server->names, std::vector<std::string>{"key"});
    std::string answer;
    link.request(FrameKind::request, message(), Instant::never(), [&](Result<Frame> frame) {
        answer = std::string(frame->attachments().text());
    });
    ASSERT_TRUE(wait([&] { return !answer.empty(); }));
    EXPECT_EQ(answer, "rest");
    EXPECT_EQ(link.outstanding(), 0u);
}

TEST_F(Session, an_unknown_name_and_a_wrong_secret_look_alike) {
    serve();
    std::vector<Error> reasons;
    for (const bool known : {true, false}) {
        Asker one;
        Link::Options options = link_options();
        if (known) {
            options.secret = {9};
        } else {
            options.name = "nobody";
        }
        Link link(a.env(), options, one);
        link.start();
        ASSERT_TRUE(wait([&] { return !one.downs.empty(); }));
        reasons.push_back(one.downs[0]);
        EXPECT_EQ(one.ups, 0);
    }
    EXPECT_EQ(reasons[0].code, ErrorCode::unauthenticated);
    EXPECT_EQ(reasons[0].to_string(), reasons[1].to_string());
    EXPECT_EQ(server->lookups, 2);
    EXPECT_TRUE(server->names.empty());
}

TEST_F(Session, a_server_that_cannot_prove_itself_is_left) {
    // It lets everyone in, but does not know the secret.
    struct Impostor final : FrameHandler {
        std::unique_ptr<FrameConnection> connection;
        void on_frame(FrameConnection& c, Frame frame) override {
            if (frame.kind == FrameKind::hello) {
                HelloReply reply;
                reply.version = 1;
                c.send(encode(reply));
            } else {
                c.send(encode(AuthenticateReply{}));
            }
        }
        void on_closed(FrameConnection&, const Error&) override {}
    } impostor;
    auto listener = b.env().network.listen({"b", 9}, [&](std::unique_ptr<Connection> c) {
        impostor.connection = std::make_unique<FrameConnection>(
            b.env(), std::move(c), FrameConnection::Options{8192, 0}, impostor);
        impostor.connection->start();
    });
    ASSERT_TRUE(listener);
    Link link(a.env(), link_options(), asker);
    link.start();
    ASSERT_TRUE(wait([&] { return !asker.downs.empty(); }));
    EXPECT_EQ(asker.downs[0].code, ErrorCode::unauthenticated);
    EXPECT_EQ(asker.ups, 0);
}

TEST_F(Session, a_client_on_the_peer_port_is_told_so) {
    Acceptor::Options options = acceptor_options();
    options.port = Port::peer;
    server = std::make_unique<Server>(b.env(), options);
    Link link(a.env(), link_options(), asker);
    link.start();
    ASSERT_TRUE(wait([&] { return !asker.downs.empty(); }));
    EXPECT_EQ(asker.downs[0].code, ErrorCode::protocol_error);
    EXPECT_NE(asker.downs[0].detail.find("peer port"), std::string::npos);
    EXPECT_EQ(server->lookups, 0);
}

TEST_F(Session, a_foreign_version_is_refused_with_both_ranges) {
    serve();
    Hello hello;
    hello.version_min = 7;
    hello.version_max = 9;
    const std::string got = stranger(samples::flat(encode(hello)));
    FrameDecoder decoder(65536);
    std::memcpy(decoder.space().data(), got.data(), got.size());
    std::vector<Frame> frames;
    ASSERT_TRUE(decoder.consumed(got.size(), frames));
    ASSERT_EQ(frames.size(), 1u);
    const Error reason = decode_goodbye(frames[0]).value();
    EXPECT_EQ(reason.code, ErrorCode::protocol_version);
    EXPECT_NE(reason.detail.find("7 to 9"), std::string::npos);
}

TEST_F(Session, nothing_but_the_handshake_is_taken_before_it) {
    serve();
    const std::string request =
        samples::flat(encode_frame(FrameKind::request, 1, Buffer::copy_of("headhead")));
    stranger(request);
    stranger(samples::flat(encode(Hello{})) + request);
    stranger("GET / HTTP/1.1\r\n\r\n");
    stranger(std::string(100, '\0'));
    stranger("");  // says nothing at all: the handshake's time runs out
    // Longer than anything before authentication.
    stranger(samples::flat(encode_frame(FrameKind::hello, 0, Buffer::copy_of(std::string(8200, 'x')))));
    EXPECT_EQ(server->lookups, 0);
    EXPECT_EQ(server->requests, 0);
    EXPECT_TRUE(server->sessions.empty());
}

TEST_F(Session, connections_that_have_not_proved_themselves_are_bounded) {
    Acceptor::Options options = acceptor_options();
    options.unauthenticated_max = 3;
    server = std::make_unique<Server>(b.env(), options);
    std::vector<std::unique_ptr<Connection>> idle;
    for (int i = 0; i < 3; ++i) {
        a.env().network.connect({"b", 9}, [&](Result<std::unique_ptr<Connection>> c) {
            idle.push_back(std::move(*c));
        });
    }
    ASSERT_TRUE(wait([&] { return idle.size() == 3; }));
    world.run_for(Duration::seconds(1));
    Link link(a.env(), link_options(), asker);
    link.start();
    world.run_for(Duration::seconds(1));
    EXPECT_FALSE(link.up());
    // After the handshake's time the idle ones are gone, and there is room.
    ASSERT_TRUE(wait([&] { return link.up(); }, Duration::seconds(20)));
}

TEST_F(Session, outcomes_are_honest) {
    Link link(a.env(), link_options(), asker);
    std::vector<Error> errors;
    const auto keep = [&](Result<Frame> frame) { errors.push_back(frame.error()); };
    link.request(FrameKind::request, message(), Instant::never(), keep);  // never started
    EXPECT_TRUE(errors.empty());  // never inside the call
    link.start();
    ASSERT_TRUE(wait([&] { return errors.size() == 1; }));
    EXPECT_EQ(errors[0].code, ErrorCode::connection_refused);
    EXPECT_EQ(errors[0].outcome, Outcome::not_applied);

    serve();
    server->answers = false;
    ASSERT_TRUE(wait([&] { return link.up(); }));
    const Instant soon = a.env().clock.now() + Duration::milliseconds(100);
    link.request(FrameKind::request, message(), soon, keep);
    ASSERT_TRUE(wait([&] { return errors.size() == 2; }));
    EXPECT_EQ(errors[1].code, ErrorCode::timed_out);
    EXPECT_EQ(errors[1].outcome, Outcome::unknown);
    EXPECT_TRUE(link.up());

    link.request(FrameKind::request, message(), Instant::never(), keep);
    ASSERT_TRUE(wait([&] { return server->requests == 2; }));
    server->sessions.clear();
    ASSERT_TRUE(wait([&] { return errors.size() == 3; }));
    EXPECT_EQ(errors[2].code, ErrorCode::connection_reset);
    EXPECT_EQ(errors[2].outcome, Outcome::unknown);
    // And it comes back by itself.
    ASSERT_TRUE(wait([&] { return asker.ups == 2; }));
}

TEST_F(Session, a_silent_peer_is_dropped_when_a_request_has_waited_long_enough) {
    serve();
    server->answers = false;
    Link::Options options = link_options();
    options.silence_max = Duration::seconds(2);
    Link link(a.env(), options, asker);
    link.start();
    ASSERT_TRUE(wait([&] { return link.up(); }));
    const auto request_for = [&](int64_t ms) {
        link.request(FrameKind::request, message(),
                     a.env().clock.now() + Duration::milliseconds(ms), [](Result<Frame>) {});
    };
    request_for(500);
    world.run_for(Duration::seconds(1));
    EXPECT_TRUE(asker.downs.empty());
    request_for(2000);
    ASSERT_TRUE(wait([&] { return asker.downs.size() == 1; }));
    EXPECT_EQ(asker.downs[0].code, ErrorCode::timed_out);
    ASSERT_TRUE(wait([&] { return asker.ups == 2; }));
}

TEST_F(Session, a_probe_that_finds_silence_ends_the_connection) {
    serve();
    Link link(a.env(), link_options(), asker);
    link.start();
    ASSERT_TRUE(wait([&] { return link.up(); }));
    const auto soon = [&] { return a.env().clock.now() + Duration::milliseconds(300); };
    link.probe(soon());
    wait([] { return false; }, Duration::milliseconds(500));
    EXPECT_TRUE(asker.downs.empty());
    server->answers = false;
    link.probe(soon());
    ASSERT_TRUE(wait([&] { return asker.downs.size() == 1; }, Duration::milliseconds(350)));
    EXPECT_EQ(asker.downs[0].code, ErrorCode::timed_out);
    ASSERT_TRUE(wait([&] { return asker.ups == 2; }));
}

// Lost attempts are sent again after 1, 2, 4 s by the network itself: too late for some.
TEST_F(Session, an_attempt_that_finds_no_answer_is_given_up_for_another) {
    serve();
    Link::Options options = link_options();
    options.handshake_timeout = Duration::milliseconds(500);
    Link link(a.env(), options, asker);
    world.fabric().block(a.index(), b.index());
    link.start();
    wait([] { return false; }, Duration::milliseconds(3'100));
    ASSERT_GE(asker.downs.size(), 2u);
    EXPECT_EQ(asker.downs[0].code, ErrorCode::timed_out);
    EXPECT_NE(asker.downs[0].detail.find("did not answer to the connection within 500 ms"),
              std::string::npos)
        << asker.downs[0].detail;
    world.fabric().unblock(a.index(), b.index());
    EXPECT_TRUE(wait([&] { return link.up(); }, Duration::milliseconds(1'600)));
}

TEST_F(Session, cancelled_requests_are_not_answered) {
    serve();
    Link link(a.env(), link_options(), asker);
    link.start();
    ASSERT_TRUE(wait([&] { return link.up(); }));
    bool answered = false;
    link.cancel(link.request(FrameKind::request, message(), Instant::never(),
                             [&](Result<Frame>) { answered = true; }));
    world.run_for(Duration::seconds(1));
    EXPECT_EQ(server->requests, 1);
    EXPECT_FALSE(answered);
}

}  // namespace
}  // namespace quern::wire
