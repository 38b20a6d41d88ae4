// What holds for every command: where the cluster is, who asks, how answers are printed.
#pragma once

#include <string>
#include <vector>

#include "system/base/result.h"
#include "system/base/time.h"
#include "system/io/network.h"

namespace quern::cli {

// As given on the command line; empty: not given.
struct GlobalOptions {
    std::vector<std::string> endpoints;
    std::string key_id;
    std::string secret_file;
    bool json = false;
    double timeout_seconds = 30;

    Duration timeout() const {
        return Duration::milliseconds(static_cast<int64_t>(timeout_seconds * 1000));
    }
};

// The cluster to ask and the key to ask with.
struct Target {
    std::vector<Endpoint> endpoints;
    std::string key_id;
    std::string secret;
};

// What is not given comes from QUERN_ENDPOINTS (separated by commas), QUERN_KEY, QUERN_SECRET_FILE,
// then from `client_file` (written by `quern dev`), then from defaults (127.0.0.1:7400, admin).
// Errors: invalid_argument, not_found (the secret's file), each saying where the value came from.
Result<Target> resolve_target(const GlobalOptions& options,
                              const std::string& client_file = "quern-data/client.toml");

// The first line of a file. not_found, permission_denied.
Result<std::string> read_first_line(const std::string& path);

}  // namespace quern::cli
