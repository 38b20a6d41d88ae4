// Removes files one after another. Completions of disk calls come in any order, so a name may be
// used again only when its removal has completed.
#pragma once

#include <string>
#include <vector>

#include "system/io/disk.h"

namespace quern::storage {

// The first error but not_found, which is fine. `disk` must outlive the calls. Nothing to remove:
// `done` runs at once.
void remove_files(Disk& disk, std::vector<std::string> paths, Callback<void(Result<void>)> done);

}  // namespace quern::storage
