#include "system/wire/handshake.h"

#include <algorithm>

#include "proto/handshake_generated.h"
#include "system/wire/records_internal.h"

namespace quern::wire {

namespace {

constexpr const char* hello_identifier = "QHEL";
constexpr const char* hello_reply_identifier = "QHRP";
constexpr const char* authenticate_identifier = "QAUT";
constexpr const char* authenticate_reply_identifier = "QARP";
constexpr const char* goodbye_identifier = "QBYE";
constexpr size_t software_bytes_max = 200;
constexpr size_t name_bytes_max = 200;

fb::Nonce make_nonce(const Nonce& nonce) {
    return fb::Nonce(flatbuffers::span<const uint64_t, 4>(nonce.words.data(), 4));
}
Nonce read_nonce(Reader& reader, const fb::Nonce* from) {
    Nonce nonce;
    reader.require(from != nullptr, "a nonce is missing");
    if (!reader.ok()) return nonce;
    for (uint16_t i = 0; i < 4; ++i) nonce.words[i] = from->words()->Get(i);
    return nonce;
}
fb::Proof make_proof(const Digest& proof) {
    return fb::Proof(flatbuffers::span<const uint8_t, 32>(proof.data(), 32));
}
Digest read_proof(Reader& reader, const fb::Proof* from) {
    Digest proof{};
    reader.require(from != nullptr, "a proof is missing");
    if (reader.ok()) std::copy(from->bytes()->begin(), from->bytes()->end(), proof.begin());
    return proof;
}

template <typename Table>
Result<Root<Table>> read_frame(const Frame& frame, FrameKind kind, const char* identifier) {
    if (frame.kind != kind || frame.head_bytes != frame.body.size()) {
        return fail(ErrorCode::protocol_error, "the frame is not the one the handshake expects");
    }
    return Root<Table>::read(frame.head(), identifier);
}

template <typename T>
Result<T> checked(const Reader& reader, T value) {
    if (!reader.ok()) return reader.failure();
    return value;
}

// HMAC(secret, role | port | server nonce | asker nonce | name): parts of fixed length but the last.
Digest proof(ByteSpan secret, std::string_view role, Port port, const Nonce& server,
             const Nonce& asker, std::string_view name) {
    std::vector<uint8_t> message(role.begin(), role.end());
    message.push_back(static_cast<uint8_t>(port));
    for (const Nonce* nonce : {&server, &asker}) {
        for (uint64_t word : nonce->words) {
            uint8_t bytes[sizeof word];
            store(bytes, word);
            message.insert(message.end(), std::begin(bytes), std::end(bytes));
        }
    }
    message.insert(message.end(), name.begin(), name.end());
    return hmac_sha256(secret, message);
}

}  // namespace

BufferChain encode(const Hello& message) {
    FlatBufferBuilder builder(256);
    const auto software = make_text(builder, message.software.substr(0, software_bytes_max));
    const auto root = fb::CreateHello(builder, message.version_min, message.version_max,
                                      static_cast<uint8_t>(message.port), software);
    return encode_frame(FrameKind::hello, 0, finish(builder, root, hello_identifier));
}

BufferChain encode(const HelloReply& message) {
    FlatBufferBuilder builder(256);
    const fb::Uuid cluster = make_uuid(message.cluster);
    const fb::Nonce nonce = make_nonce(message.nonce);
    const auto root = fb::CreateHelloReply(builder, message.version, &cluster, &nonce,
                                           message.time.ms, message.node.value);
    return encode_frame(FrameKind::hello_reply, 0, finish(builder, root, hello_reply_identifier));
}

BufferChain encode(const Authenticate& message) {
    FlatBufferBuilder builder(256);
    const auto name = make_text(builder, message.name);
    const fb::Nonce nonce = make_nonce(message.nonce);
    const fb::Proof proof_bytes = make_proof(message.proof);
    const auto root = fb::CreateAuthenticate(builder, name, &nonce, &proof_bytes);
    return encode_frame(FrameKind::authenticate, 0, finish(builder, root, authenticate_identifier));
}

BufferChain encode(const AuthenticateReply& message) {
    FlatBufferBuilder builder(256);
    const auto error = make_error(builder, message.error);
    const fb::Proof proof_bytes = make_proof(message.proof);
    const auto root = fb::CreateAuthenticateReply(builder, error, &proof_bytes);
    return encode_frame(FrameKind::authenticate_reply, 0,
                        finish(builder, root, authenticate_reply_identifier));
}

BufferChain encode_goodbye(const Error& reason) {
    FlatBufferBuilder builder(256);
    const auto root = fb::CreateGoodbye(builder, make_error(builder, reason));
    return encode_frame(FrameKind::goodbye, 0, finish(builder, root, goodbye_identifier));
}

Result<Hello> decode_hello(const Frame& frame) {
    auto root = read_frame<fb::Hello>(frame, FrameKind::hello, hello_identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::Hello& from = **root;
    Reader reader(frame.head_bytes);
    Hello hello;
    hello.version_min = from.version_min();
    hello.version_max = from.version_max();
    reader.require(hello.version_min <= hello.version_max, "the range of versions is empty");
    hello.port = reader.in_range(from.port(), Port::peer, "the port's kind is out of range");
    reader.require(from.port() != 0, "the port's kind is out of range");
    hello.software = reader.text(from.software());
    reader.require(hello.software.size() <= software_bytes_max, "the software's name is too long");
    return checked(reader, std::move(hello));
}

Result<HelloReply> decode_hello_reply(const Frame& frame) {
    auto root = read_frame<fb::HelloReply>(frame, FrameKind::hello_reply, hello_reply_identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::HelloReply& from = **root;
    Reader reader(frame.head_bytes);
    HelloReply reply;
    reply.version = from.version();
    reader.require(reply.version >= protocol_version_min && reply.version <= protocol_version_max,
                   "the server chose a version that was not offered");
    reply.cluster = read_uuid(from.cluster());
    reply.nonce = read_nonce(reader, from.nonce());
    reply.time = {from.time_ms()};
    reader.require(reply.time.ms >= 0, "the cluster time is negative");
    reply.node = NodeId(from.node());
    return checked(reader, reply);
}

Result<Authenticate> decode_authenticate(const Frame& frame) {
    auto root = read_frame<fb::Authenticate>(frame, FrameKind::authenticate, authenticate_identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::Authenticate& from = **root;
    Reader reader(frame.head_bytes);
    Authenticate message;
    message.name = reader.text(from.name());
    reader.require(message.name.size() <= name_bytes_max, "the name is too long");
    message.nonce = read_nonce(reader, from.nonce());
    message.proof = read_proof(reader, from.proof());
    return checked(reader, std::move(message));
}

Result<AuthenticateReply> decode_authenticate_reply(const Frame& frame) {
    auto root = read_frame<fb::AuthenticateReply>(frame, FrameKind::authenticate_reply,
                                                  authenticate_reply_identifier);
    if (!root) return fail(std::move(root.error()));
    Reader reader(frame.head_bytes);
    AuthenticateReply reply;
    reply.error = read_error(reader, (*root)->error());
    reply.proof = read_proof(reader, (*root)->proof());
    return checked(reader, std::move(reply));
}

Result<Error> decode_goodbye(const Frame& frame) {
    auto root = read_frame<fb::Goodbye>(frame, FrameKind::goodbye, goodbye_identifier);
    if (!root) return fail(std::move(root.error()));
    Reader reader(frame.head_bytes);
    Error reason = read_error(reader, (*root)->reason());
    // A reason is not required; what the peer does is close.
    if (reason.code == ErrorCode::ok) reason = Error(ErrorCode::connection_closed);
    if (!reader.ok()) return reader.failure();
    return Result<Error>(std::move(reason));
}

Result<uint16_t> choose_version(const Hello& hello) {
    const uint16_t best = std::min(hello.version_max, protocol_version_max);
    if (best >= std::max(hello.version_min, protocol_version_min)) return best;
    return fail(ErrorCode::protocol_version,
                "the asker speaks versions " + std::to_string(hello.version_min) + " to " +
                    std::to_string(hello.version_max) + ", this server " +
                    std::to_string(protocol_version_min) + " to " +
                    std::to_string(protocol_version_max));
}

std::vector<uint8_t> peer_secret(ByteSpan cluster_secret) {
    const Key key = derive_key(cluster_secret, "peer-port");
    return {key.begin(), key.end()};
}

Digest asker_proof(ByteSpan secret, Port port, const Nonce& server, const Nonce& asker,
                   std::string_view name) {
    return proof(secret, "asker", port, server, asker, name);
}
Digest server_proof(ByteSpan secret, Port port, const Nonce& server, const Nonce& asker,
                    std::string_view name) {
    return proof(secret, "server", port, server, asker, name);
}

}  // namespace quern::wire
