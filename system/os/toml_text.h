// The text of a TOML file, for toml++. Its version in Debian 12 stops the process with an assertion at a
// table header without a name, and runs past the end of a function at letters beyond ASCII outside of
// strings and comments (which TOML does not allow), so both are refused here.
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

// The number of the first line with a byte beyond ASCII that may lie outside of a string and a comment, from
// 1; 0: there is none. In a text with strings of several lines any such byte counts. A byte order mark at the
// start does not.
size_t line_of_stray_letter(std::string_view text);

}  // namespace quern::os
