// How a client behaves; every bound says what happens there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "system/base/limits.h"
#include "system/base/time.h"
#include "system/io/network.h"

namespace quern::client {

struct Options {
    std::vector<Endpoint> endpoints;  // client ports of balancers; at least one
    std::string key_id;
    std::string secret;
    std::string software = "quern-client";
    // A call ends after this, or after CallOptions::timeout; the wait of a long poll comes on top.
    Duration request_timeout = Duration::seconds(30);
    // One attempt; then another endpoint is tried.
    Duration attempt_timeout = Duration::seconds(5);
    // Between attempts: doubled from min to max, of which a random half is left out.
    Duration backoff_min = Duration::milliseconds(10);
    Duration backoff_max = Duration::seconds(1);
    // Calls under way; beyond either a call fails with overloaded, not applied.
    size_t calls_max = limits::requests_inflight_per_connection_max;
    size_t content_bytes_max = 64 * 1024 * 1024;
    // Names whose queue ids are remembered; beyond it the least recently used one is forgotten.
    size_t queue_ids_max = 10'000;
};

struct CallOptions {
    Duration timeout = Duration::zero();  // zero: Options::request_timeout
    // Asks this endpoint (an index into Options::endpoints) and no other.
    std::optional<size_t> endpoint = std::nullopt;
    // Sends no token: then a call that changes something is written at most once.
    bool token = true;
};

}  // namespace quern::client
