#include "system/os/toml_text.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace quern::os {

namespace {

constexpr std::string_view blank = " \t";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

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

// Only strings of one line are known.
bool has_stray_letter(std::string_view line) {
    char quote = 0;
    for (size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quote == 0) {
            if (c == '#') return false;
            if ((static_cast<unsigned char>(c) & 0x80) != 0) return true;
            if (c == '"' || c == '\'') quote = c;
        } else if (c == quote) {
            quote = 0;
        } else if (c == '\\' && quote == '"') {
            ++i;
        }
    }
    return false;
}

bool has_letter(std::string_view line) {
    return std::any_of(line.begin(), line.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
}

// Calls `wrong` with each line; the number of the first for which it says so.
template <typename Wrong>
size_t first_line(std::string_view text, Wrong wrong) {
    for (size_t number = 1; !text.empty(); ++number) {
        const size_t end = std::min(text.find('\n'), text.size());
        if (wrong(text.substr(0, end))) return number;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return 0;
}

}  // namespace

size_t line_of_nameless_table(std::string_view text) {
    return first_line(text, is_nameless_table);
}

size_t line_of_stray_letter(std::string_view text) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    const bool long_strings =
        text.find("\"\"\"") != std::string_view::npos || text.find("'''") != std::string_view::npos;
    return first_line(text, long_strings ? has_letter : has_stray_letter);
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
    if (const size_t line = line_of_stray_letter(text.view()); line != 0) {
        return fail(ErrorCode::invalid_argument,
                    path + ": line " + std::to_string(line) +
                        ": a letter beyond ASCII outside of a quoted string or comment; quote it (a file "
                        "with strings of several lines may have none at all)");
    }
    return std::move(text).str();
}

}  // namespace quern::os
