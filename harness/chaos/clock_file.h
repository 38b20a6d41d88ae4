// How far a node's wall clock is off, in a file of 8 bytes that `quernd-chaos` maps and adds to every
// reading (system/os/clock_offset.h): nanoseconds, in the machine's byte order.
#pragma once

#include <cstdint>
#include <string>

#include "system/base/result.h"

namespace quern::harness::chaos {

// The node sees it at its next look at the clock.
Result<void> write_clock_file(const std::string& path, int64_t offset_ns);

}  // namespace quern::harness::chaos
