// The text of a TOML file, for toml++. Its version in Debian 12 stops the process with an assertion at a
// table header without a name, so that is refused here.
#pragma once

#include <string>
#include <string_view>

#include "system/base/result.h"

namespace quern::os {

// not_found: it cannot be read. invalid_argument: a line of it would stop the parser. The file's path is in
// the text of either.
Result<std::string> read_toml_text(const std::string& path);

// The number of the first line that is a table header without a name, from 1; 0: there is none. Arrays in
// arrays, one a line, are taken for such; no file of ours has them.
size_t line_of_nameless_table(std::string_view text);

}  // namespace quern::os
