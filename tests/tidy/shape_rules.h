// The outward shape of files: guards, first includes, titles, lengths.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quern::tidy {

// Each complaint: "path:line: what is wrong".
std::vector<std::string> check_header(std::string_view path, std::string_view text);
// `has_own_header`: whether a header of the same name stands beside it.
std::vector<std::string> check_source(std::string_view path, std::string_view text,
                                      bool has_own_header);
// A document has exactly one "# Title", as its first line.
std::vector<std::string> check_document(std::string_view path, std::string_view text);

struct FunctionLength {
    std::string name;
    size_t line = 0;
    size_t lines = 0;  // from the first line of its head to its closing brace
};
// Good enough for clang-formatted code: a body opens with " {" at namespace or class level after a
// head with parentheses.
std::vector<FunctionLength> measure_functions(std::string_view text);

}  // namespace quern::tidy
