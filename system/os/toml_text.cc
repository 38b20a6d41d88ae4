#include "system/os/toml_text.h"

#include <fstream>
#include <sstream>

namespace quern::os {

namespace {

constexpr std::string_view blank = " \t";

bool begins_key(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '"' || c == '\'';
}

bool is_nameless_table(std::string_view line) {
    size_t at = line.find_first_not_of(blank);
    if (at == std::string_view::npos || line[at] != '[') return false;
    if (++at < line.size() && line[at] == '[') ++at;
    at = line.find_first_not_of(blank, at);
    return at == std::string_view::npos || !begins_key(line[at]);
}

}  // namespace

size_t line_of_nameless_table(std::string_view text) {
    for (size_t number = 1; !text.empty(); ++number) {
        const size_t end = std::min(text.find('\n'), text.size());
        if (is_nameless_table(text.substr(0, end))) return number;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return 0;
}

Result<std::string> read_toml_text(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    if (!file) return fail(ErrorCode::not_found, path + " cannot be read");
    if (const size_t line = line_of_nameless_table(text.view()); line != 0) {
        return fail(ErrorCode::invalid_argument,
                    path + ": line " + std::to_string(line) + ": a table's name is missing behind [");
    }
    return std::move(text).str();
}

}  // namespace quern::os
