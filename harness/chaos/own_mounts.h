// A mount namespace for this program alone: whatever it and its children mount is gone when they are, and
// nobody else ever sees it.
#pragma once

#include "system/base/result.h"

namespace quern::harness::chaos {

// Call before any thread is made. permission_denied: the kernel refuses; then nothing has changed.
Result<void> own_mounts();

}  // namespace quern::harness::chaos
