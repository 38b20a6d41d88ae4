// Paths below the data directory.
#pragma once

#include <string>

#include "system/base/result.h"

namespace quern::os {

// The name of the lock file in the root of the data directory; not a file of Disk.
constexpr const char* lock_file_name = "LOCK";

// Ok for '/'-separated names of A-Z a-z 0-9 . _ -, each of at most 255 bytes, none "." or "..", and
// not the lock file; else invalid_argument.
Result<void> check_file_path(const std::string& path);

// The same for a folder; "" and "." are the data directory itself. Gives the path to open.
Result<std::string> check_folder_path(const std::string& folder);

}  // namespace quern::os
