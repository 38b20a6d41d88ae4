// Which room may include what (docs/ARCHITECTURE.md), as a table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quern::tidy {

// One complaint a line: "path:line: what is wrong". Files outside the rooms (tests, bench) are
// free.
std::vector<std::string> check_includes(std::string_view path, std::string_view text);

}  // namespace quern::tidy
