// C++ text as the rules look at it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quern::tidy {

// The text with comments blanked out, and string and character literals emptied; line breaks stay,
// so that line numbers do.
std::string strip_comments_and_literals(std::string_view text);

std::vector<std::string_view> split_lines(std::string_view text);

// Whether `word` stands in `line` as a whole: no letter, digit or underscore joins it at an end of
// its own that is one.
bool contains_word(std::string_view line, std::string_view word);

struct Include {
    std::string path;
    bool quoted = false;
    size_t line = 0;  // from 1
};
std::vector<Include> find_includes(std::string_view text);

}  // namespace quern::tidy
