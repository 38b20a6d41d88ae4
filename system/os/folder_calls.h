// Blocking calls on names below the data directory, made on disk lanes. `root` is a descriptor of
// the data directory; paths have been checked.
#pragma once

#include <string>
#include <vector>

#include "system/io/disk.h"

namespace quern::os {

// A descriptor open for reading and writing. Missing folders are made, and made durable.
Result<int> open_file(int root, const std::string& path, OpenMode mode);
Result<void> rename_file(int root, const std::string& from, const std::string& to);
Result<void> remove_file(int root, const std::string& path);
// Files only, sorted, without the lock file.
Result<std::vector<std::string>> list_folder(int root, const std::string& folder);
Result<void> sync_folder(int root, const std::string& folder);
Result<DiskSpace> space_of(int root);

}  // namespace quern::os
