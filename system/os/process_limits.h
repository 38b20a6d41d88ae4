// Limits that the operating system puts on this process.
#pragma once

#include <cstdint>

#include "system/base/result.h"

namespace quern::os {

// Raises the soft limit of open descriptors to the hard one; gives the limit that holds now. For a
// server, at its start: each connection and each open file takes one.
Result<uint64_t> raise_descriptor_limit();

}  // namespace quern::os
