// The balancer role: takes client connections, authenticates and authorises them, and brings each
// request to the node that can answer it. Stateless but for its cache of the catalogue: any number may
// run, and one that dies loses nothing.
//
// A request's way: session (decode, bounds) → authorise (cache) → route (queue → group → leader) →
// forward → answer. Retries happen here, and only where they are safe: a mutating request is sent again
// after its bytes left only if it carries a token. If any attempt may have been applied, the final error
// says `unknown` unless a later attempt with the same token was answered by the state machine itself.
#pragma once

#include <memory>
#include <vector>

#include "system/balancer/local_storage.h"
#include "system/base/mac.h"
#include "system/io/env.h"
#include "system/metadata/types.h"

namespace quern::balancer {

struct Options {
    Endpoint client_at;
    NodeId self;         // this node's id, also for a node without storage
    NodeUuid self_uuid;
    ClusterId cluster;
    std::vector<uint8_t> cluster_secret;  // proves this node to storage nodes
    Key key_encryption_key{};             // opens access-key secrets
    // Storage nodes to start from; the catalogue's list takes over once it is known.
    std::vector<metadata::NodeRecord> seeds;
    Duration request_timeout = Duration::seconds(30);  // when the client gives no deadline
    Duration watch_interval = Duration::milliseconds(500);
    size_t connections_max = 10'000;
    size_t inflight_bytes_max = 256u << 20;  // beyond it sends are refused with overloaded
};

struct Stats {
    uint64_t sessions = 0;
    uint64_t requests = 0;
    uint64_t inflight = 0;
    uint64_t parked = 0;  // long polls waiting at leaders
    uint64_t retries = 0;
    bool catalogue_fresh = false;
};

class Balancer {
public:
    // `local` may be null; it must outlive this object.
    Balancer(Env& env, Options options, LocalStorage* local);
    ~Balancer();
    Result<void> start();
    // Refuses new requests with shutting_down, answers those under way (parked polls at once, empty),
    // then says goodbye; `done` runs when all sessions have ended, after at most `limit`.
    void drain(Duration limit, Callback<void()> done);
    const Endpoint& client_endpoint() const;
    Stats stats() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace quern::balancer
