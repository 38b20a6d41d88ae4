// The storage node in the same process, if there is one: the balancer's way to it without a socket.
// Implemented by system/node over the replica host.
#pragma once

#include "system/base/callback.h"
#include "system/wire/peer_messages.h"
#include "system/wire/relay_messages.h"

namespace quern::balancer {

// Ids of requests under way, for cancel(); never 0.
using LocalRequest = uint64_t;

class LocalStorage {
public:
    virtual ~LocalStorage() = default;
    // As a forward frame from a peer. `done` runs from the loop, once, never inside the call, with the
    // body of a Response.
    virtual LocalRequest forward(wire::Forward request, Callback<void(wire::Encoded)> done) = 0;
    // As a query frame from a peer.
    virtual void query(wire::Query query, Callback<void(wire::QueryReply)> done) = 0;
    // As a relay frame from a peer: `done` gets the frame that the other node answered with, or an error
    // whose outcome is honest.
    virtual LocalRequest relay(wire::Relay relay, Callback<void(Result<wire::Frame>)> done) = 0;
    // The answer is no longer wanted: `done` does not run; a parked long poll is forgotten, so that no
    // message is leased to somebody who left (S85).
    virtual void cancel(LocalRequest request) = 0;
};

}  // namespace quern::balancer
