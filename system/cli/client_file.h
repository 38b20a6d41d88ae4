// client.toml: where a cluster started by `quern dev` is and which key opens it, so that other commands
// in the same directory find it by themselves.
#pragma once

#include <string>
#include <vector>

#include "system/base/result.h"

namespace quern::cli {

struct ClientFile {
    std::vector<std::string> endpoints;
    std::string key_id;
    std::string secret_file;
};

// invalid_argument with file and line.
Result<ClientFile> read_client_file(const std::string& path);
std::string to_toml(const ClientFile& file);

}  // namespace quern::cli
