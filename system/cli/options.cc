#include "system/cli/options.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "system/cli/client_file.h"

namespace quern::cli {

namespace {

std::string from_environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

std::vector<std::string> split_commas(const std::string& text) {
    std::vector<std::string> parts;
    for (size_t begin = 0; begin <= text.size();) {
        const size_t end = std::min(text.find(',', begin), text.size());
        if (end > begin) parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

}  // namespace

Result<std::string> read_first_line(const std::string& path) {
    errno = 0;
    std::ifstream file(path);
    std::string line;
    if (file && std::getline(file, line)) return line;
    if (errno == EACCES) return fail(ErrorCode::permission_denied, "cannot read " + path);
    if (!file.is_open()) return fail(ErrorCode::not_found, "the file " + path + " does not exist");
    return fail(ErrorCode::invalid_argument, "the file " + path + " is empty");
}

Result<Target> resolve_target(const GlobalOptions& options, const std::string& client_file) {
    ClientFile written;
    if (std::filesystem::exists(client_file)) {
        Result<ClientFile> read = read_client_file(client_file);
        if (!read) return fail(std::move(read.error()));
        written = std::move(*read);
    }
    auto choose = [](const std::string& given, const char* variable, const std::string& file) {
        if (!given.empty()) return given;
        const std::string value = from_environment(variable);
        return value.empty() ? file : value;
    };
    std::vector<std::string> endpoints = options.endpoints;
    if (endpoints.empty()) endpoints = split_commas(from_environment("QUERN_ENDPOINTS"));
    if (endpoints.empty()) endpoints = written.endpoints;
    if (endpoints.empty()) endpoints.emplace_back("127.0.0.1:7400");

    Target target;
    for (const std::string& text : endpoints) {
        Result<Endpoint> endpoint = Endpoint::parse(text);
        if (!endpoint) return fail(std::move(endpoint.error()));
        target.endpoints.push_back(std::move(*endpoint));
    }
    target.key_id = choose(options.key_id, "QUERN_KEY", written.key_id);
    if (target.key_id.empty()) target.key_id = "admin";
    const std::string secret_file =
        choose(options.secret_file, "QUERN_SECRET_FILE", written.secret_file);
    if (secret_file.empty()) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("no secret for key '{}': give --secret-file FILE or set "
                                "QUERN_SECRET_FILE (`quern dev` writes {} with both)",
                                target.key_id, client_file));
    }
    Result<std::string> secret = read_first_line(secret_file);
    if (!secret) return fail(std::move(secret.error()));
    target.secret = std::move(*secret);
    return target;
}

}  // namespace quern::cli
