// Assertions for our own mistakes. They stay on in release builds: a wrong answer is worse than a
// stopped node, whose work a majority carries on. Input, peers and disks are never asserted; they
// yield Result<T>.
#pragma once

namespace quern {

// Prints file, line and the condition to stderr and aborts. In the simulator the process prints the
// seed first through the hook below.
[[noreturn]] void assert_failed(const char* condition, const char* file, int line,
                                const char* message);

// Called before abort, once; the simulator prints the seed and the command that replays it.
// The only global of the product; it is never read by deciding code.
using AssertHook = void (*)();
void set_assert_hook(AssertHook hook);

}  // namespace quern

#define QUERN_ASSERT(condition)                                                      \
    do {                                                                             \
        if (!(condition)) [[unlikely]]                                               \
            ::quern::assert_failed(#condition, __FILE__, __LINE__, "");              \
    } while (false)

#define QUERN_ASSERT_MSG(condition, message)                                         \
    do {                                                                             \
        if (!(condition)) [[unlikely]]                                               \
            ::quern::assert_failed(#condition, __FILE__, __LINE__, message);         \
    } while (false)

#define QUERN_UNREACHABLE() ::quern::assert_failed("unreachable", __FILE__, __LINE__, "")
