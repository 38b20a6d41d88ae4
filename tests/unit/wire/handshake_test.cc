#include "system/wire/handshake.h"

#include <gtest/gtest.h>

#include "tests/unit/wire/samples.h"

namespace quern::wire {
namespace {

Frame decode(const BufferChain& chain) {
    FrameDecoder decoder(64 * 1024);
    const std::string bytes = samples::flat(chain);
    const auto space = decoder.space();
    std::memcpy(space.data(), bytes.data(), bytes.size());
    std::vector<Frame> frames;
    EXPECT_TRUE(decoder.consumed(bytes.size(), frames));
    return frames.at(0);
}

TEST(Handshake, messages_round_trip) {
    const Hello hello = decode_hello(decode(encode(Hello{1, 3, Port::peer, "software 1.0"}))).value();
    EXPECT_EQ(hello.version_min, 1);
    EXPECT_EQ(hello.version_max, 3);
    EXPECT_EQ(hello.port, Port::peer);
    EXPECT_EQ(hello.software, "software 1.0");

    const HelloReply reply{1, {5, 6}, {{1, 2, 3, 4}}, ClusterTime{77}, NodeId(9)};
    const HelloReply out = decode_hello_reply(decode(encode(reply))).value();
    EXPECT_EQ(out.version, 1);
    EXPECT_EQ(out.cluster, reply.cluster);
    EXPECT_EQ(out.nonce.words, reply.nonce.words);
    EXPECT_EQ(out.time, reply.time);
    EXPECT_EQ(out.node, reply.node);

    Authenticate message{"name", {{9, 8, 7, 6}}, {}};
    message.proof[31] = 0xab;
    const Authenticate asked = decode_authenticate(decode(encode(message))).value();
    EXPECT_EQ(asked.name, "name");
    EXPECT_EQ(asked.nonce.words, message.nonce.words);
    EXPECT_EQ(asked.proof, message.proof);

    AuthenticateReply welcome;
    welcome.proof[0] = 1;
    const AuthenticateReply got = decode_authenticate_reply(decode(encode(welcome))).value();
    EXPECT_EQ(got.error.code, ErrorCode::ok);
    EXPECT_EQ(got.proof, welcome.proof);
}

TEST(Handshake, goodbye_carries_the_reason) {
    const Error error =
        decode_goodbye(decode(encode_goodbye(Error(ErrorCode::overloaded, "too many", 3, 4)))).value();
    EXPECT_EQ(error.code, ErrorCode::overloaded);
    EXPECT_EQ(error.detail, "too many");
    EXPECT_EQ(error.limit, 3);
    EXPECT_EQ(error.actual, 4);
}

TEST(Handshake, frames_out_of_place_are_refused) {
    const Frame hello = decode(encode(Hello{}));
    EXPECT_FALSE(decode_hello_reply(hello));
    EXPECT_FALSE(decode_authenticate(hello));
    EXPECT_FALSE(decode_goodbye(hello));
    Frame disguised = hello;
    disguised.kind = FrameKind::authenticate;
    EXPECT_FALSE(decode_authenticate(disguised));
    EXPECT_FALSE(decode_hello(decode(encode(Hello{3, 1, Port::client, ""}))));
    EXPECT_FALSE(decode_hello(decode(encode(Hello{1, 1, static_cast<Port>(0), ""}))));
    EXPECT_FALSE(decode_hello(decode(encode(Hello{1, 1, static_cast<Port>(3), ""}))));
    EXPECT_FALSE(decode_hello_reply(decode(encode(HelloReply{2, {}, {}, {}, {}}))));
}

TEST(Handshake, versions_meet_or_the_error_names_both_ranges) {
    EXPECT_EQ(choose_version({1, 1, Port::client, ""}).value(), 1);
    EXPECT_EQ(choose_version({0, 9, Port::client, ""}).value(), protocol_version_max);
    const Error error = choose_version({5, 7, Port::client, ""}).error();
    EXPECT_EQ(error.code, ErrorCode::protocol_version);
    EXPECT_NE(error.detail.find("5 to 7"), std::string::npos);
}

TEST(Handshake, proofs_depend_on_everything) {
    const ByteSpan secret = as_bytes("secret");
    const Nonce a{{1, 2, 3, 4}};
    const Nonce b{{5, 6, 7, 8}};
    const Digest proof = asker_proof(secret, Port::client, a, b, "name");
    EXPECT_EQ(asker_proof(secret, Port::client, a, b, "name"), proof);
    EXPECT_NE(asker_proof(as_bytes("other"), Port::client, a, b, "name"), proof);
    EXPECT_NE(asker_proof(secret, Port::peer, a, b, "name"), proof);
    EXPECT_NE(asker_proof(secret, Port::client, b, a, "name"), proof);
    EXPECT_NE(asker_proof(secret, Port::client, a, a, "name"), proof);
    EXPECT_NE(asker_proof(secret, Port::client, a, b, "names"), proof);
    // Each side's proof is of no use as the other's.
    EXPECT_NE(server_proof(secret, Port::client, a, b, "name"), proof);
}

TEST(Handshake, fits_into_what_is_read_before_authentication) {
    Hello hello;
    hello.software = std::string(100'000, 'x');
    EXPECT_LE(encode(hello).size(), limits::frame_bytes_max_before_auth);
    EXPECT_EQ(decode_hello(decode(encode(hello)))->software.size(), 200u);
}

}  // namespace
}  // namespace quern::wire
