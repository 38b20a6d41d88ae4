// Words that may not stand in the code, or only in certain places.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quern::tidy {

// One complaint a line: "path:line: what is wrong".
std::vector<std::string> check_words(std::string_view path, std::string_view text);

// Of any text file, comments and documents included: marks of unfinished work.
std::vector<std::string> check_marks(std::string_view path, std::string_view text);

}  // namespace quern::tidy
