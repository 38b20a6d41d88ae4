// How far the wall clock is made to be off, for tests with real processes. Only the program
// `quernd-chaos` is built with QUERN_CLOCK_OFFSET; everywhere else the offset is the constant zero.
//
// There the environment variable QUERN_CLOCK_OFFSET_FILE names a file of 8 bytes, an int64_t of
// nanoseconds in the machine's byte order, which is looked at with every reading of the clock.
#pragma once

#include "system/base/time.h"

namespace quern::os {

#ifdef QUERN_CLOCK_OFFSET
Duration clock_offset();
#else
inline Duration clock_offset() { return Duration::zero(); }
#endif

}  // namespace quern::os
