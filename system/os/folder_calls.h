// Blocking calls on names below the data directory, made on disk lanes. `root` is a descriptor of
// the data directory; paths have been checked.
#pragma once

#include <set>
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
// The folder, and the names on the way to it from the root, but for those of folders in `anchored`, which
// grows: one that is there may have been made by a process that died before it could sync its name.
Result<void> sync_folder_and_way(int root, const std::string& folder, std::set<std::string>& anchored);
Result<DiskSpace> space_of(int root);

}  // namespace quern::os
