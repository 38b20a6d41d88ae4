#include "tests/tidy/shape_rules.h"

#include <algorithm>

#include "tests/tidy/source_text.h"

namespace quern::tidy {

namespace {

std::string complaint(std::string_view path, size_t line, std::string_view what) {
    return std::string(path) + ":" + std::to_string(line) + ": " + std::string(what);
}

}  // namespace

std::vector<std::string> check_header(std::string_view path, std::string_view text) {
    const std::vector<std::string_view> lines = split_lines(text);
    const auto guards = std::count(lines.begin(), lines.end(), "#pragma once");
    if (guards == 1) return {};
    return {complaint(path, 1, "a header has one #pragma once")};
}

std::vector<std::string> check_source(std::string_view path, std::string_view text,
                                      bool has_own_header) {
    if (!has_own_header) return {};
    const std::string own = std::string(path.substr(0, path.size() - 3)) + ".h";
    const std::vector<Include> includes = find_includes(text);
    if (!includes.empty() && includes.front().path == own) return {};
    return {complaint(path, includes.empty() ? 1 : includes.front().line,
                      "the own header is included first")};
}

std::vector<std::string> check_document(std::string_view path, std::string_view text) {
    std::vector<std::string> complaints;
    bool in_code = false;
    size_t number = 0;
    for (const std::string_view line : split_lines(text)) {
        ++number;
        if (line.starts_with("```")) in_code = !in_code;
        const bool is_title = !in_code && line.starts_with("# ");
        if (number == 1 && !is_title) {
            complaints.push_back(complaint(path, 1, "a document begins with its # Title"));
        } else if (number > 1 && is_title) {
            complaints.push_back(complaint(path, number, "a document has one # Title"));
        }
    }
    if (number == 0) complaints.push_back(complaint(path, 1, "an empty document"));
    return complaints;
}

}  // namespace quern::tidy
