// The node's data directory, held by this process alone.
#pragma once

#include <string>

#include "system/base/result.h"

namespace quern::os {

class DataDirectory {
public:
    // Makes the directory if it is missing, so that it is there after a power cut, too, and locks its
    // LOCK file; the lock ends with this object or the process. Errors: already_exists, "data directory
    // X is in use by another process"; permission_denied, no_space, io_failed.
    static Result<DataDirectory> open(const std::string& path);

    DataDirectory() = default;  // none
    DataDirectory(DataDirectory&& o) noexcept;
    DataDirectory& operator=(DataDirectory&& o) noexcept;
    ~DataDirectory();

    // -1 if there is none.
    int descriptor() const { return root_; }

private:
    int root_ = -1;
    int lock_ = -1;
};

}  // namespace quern::os
