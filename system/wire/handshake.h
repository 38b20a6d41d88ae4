// The handshake on both ports: versions first, then mutual proof of a shared secret, before anything
// else is accepted (faults.md 5.1, S138). Four frames:
//
//   asker  → hello               protocol versions, what port it expects (client or peer), software name
//   server → hello_reply         chosen version, cluster id, server nonce, cluster time
//   asker  → authenticate        name, asker nonce, proof = HMAC(secret, "asker" | port | nonces | name)
//   server → authenticate_reply  error, or proof = HMAC(secret, "server" | port | nonces | name)
//
// On the client port `name` is an access key id and the secret its secret key; on the peer port it is
// "node:<id>:<uuid>" and the secret is peer_secret(). For an unknown key the server
// computes a proof with a dummy secret, so that an unknown key and a wrong secret look and time alike.
// Pure: both ends are small state machines over frames.
#pragma once

#include <string>
#include <string_view>

#include "system/base/ids.h"
#include "system/base/mac.h"
#include "system/base/time.h"
#include "system/wire/frame.h"

namespace quern::wire {

constexpr uint16_t protocol_version_min = 1;
constexpr uint16_t protocol_version_max = 1;

enum class Port : uint8_t { client = 1, peer = 2 };

struct Nonce {
    std::array<uint64_t, 4> words{};
};

struct Hello {
    uint16_t version_min = protocol_version_min;
    uint16_t version_max = protocol_version_max;
    Port port = Port::client;
    std::string software;  // for logs; printable() before use
};
struct HelloReply {
    uint16_t version = 0;
    ClusterId cluster;
    Nonce nonce;
    ClusterTime time;  // 0: not known yet
    NodeId node;
};
struct Authenticate {
    std::string name;
    Nonce nonce;
    Digest proof{};
};
struct AuthenticateReply {
    Error error;  // code ok: welcome
    Digest proof{};
};

BufferChain encode(const Hello& message);
BufferChain encode(const HelloReply& message);
BufferChain encode(const Authenticate& message);
BufferChain encode(const AuthenticateReply& message);
// goodbye, with the reason.
BufferChain encode_goodbye(const Error& reason);

// Errors: protocol_error.
Result<Hello> decode_hello(const Frame& frame);
Result<HelloReply> decode_hello_reply(const Frame& frame);
Result<Authenticate> decode_authenticate(const Frame& frame);
Result<AuthenticateReply> decode_authenticate_reply(const Frame& frame);
Result<Error> decode_goodbye(const Frame& frame);

// The version both speak, or protocol_version naming both ranges.
Result<uint16_t> choose_version(const Hello& hello);

// The secret of peer ports: HMAC-SHA256(the cluster's secret, "peer-port").
std::vector<uint8_t> peer_secret(ByteSpan cluster_secret);

Digest asker_proof(ByteSpan secret, Port port, const Nonce& server, const Nonce& asker,
                   std::string_view name);
Digest server_proof(ByteSpan secret, Port port, const Nonce& server, const Nonce& asker,
                    std::string_view name);

}  // namespace quern::wire
