// fork and exec. Private to this room.
#pragma once

#include <sys/types.h>

#include "system/os/child_process.h"

namespace quern::os {

// The process id of the started program; an error if it could not be executed.
Result<pid_t> spawn(const ChildOptions& options);

}  // namespace quern::os
