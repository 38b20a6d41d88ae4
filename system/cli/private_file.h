// Files that hold secrets, and files that must be there whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "system/base/result.h"

namespace quern::cli {

// Writes `text` to a new file beside `path`, syncs it and renames it over `path`. `mode` as for
// chmod. permission_denied, no_space, not_found (the folder), io_failed.
Result<void> write_whole_file(const std::string& path, std::string_view text, unsigned mode);

}  // namespace quern::cli
