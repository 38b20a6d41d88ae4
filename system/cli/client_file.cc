#include "system/cli/client_file.h"

#include <sstream>

#include <fmt/format.h>

#include "system/os/toml.h"
#include "system/os/toml_text.h"

namespace quern::cli {

Result<ClientFile> read_client_file(const std::string& path) {
    Result<std::string> text = os::read_toml_text(path);
    if (!text) return fail(std::move(text.error()));
    toml::parse_result parsed = toml::parse(*text, path);
    if (!parsed) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{}: line {}: {}", path, parsed.error().source().begin.line,
                                parsed.error().description()));
    }
    const toml::table& table = parsed.table();
    ClientFile file;
    file.key_id = table["key"].value_or(std::string());
    file.secret_file = table["secret_file"].value_or(std::string());
    if (const toml::array* endpoints = table["endpoints"].as_array()) {
        for (const toml::node& endpoint : *endpoints)
            file.endpoints.push_back(endpoint.value_or(std::string()));
    }
    return file;
}

std::string to_toml(const ClientFile& file) {
    toml::array endpoints;
    for (const std::string& endpoint : file.endpoints) endpoints.push_back(endpoint);
    toml::table table{
        {"endpoints", std::move(endpoints)}, {"key", file.key_id}, {"secret_file", file.secret_file}};
    std::ostringstream text;
    text << toml::toml_formatter(table) << '\n';
    return std::move(text).str();
}

}  // namespace quern::cli
