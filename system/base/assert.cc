#include "system/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace quern {

namespace {
AssertHook g_hook = nullptr;
}

void set_assert_hook(AssertHook hook) { g_hook = hook; }

void assert_failed(const char* condition, const char* file, int line, const char* message) {
    std::fprintf(stderr, "%s:%d: assertion failed: %s%s%s\n", file, line, condition,
                 *message != '\0' ? ": " : "", message);
    AssertHook hook = g_hook;
    g_hook = nullptr;
    if (hook != nullptr) hook();
    std::fflush(nullptr);
    std::abort();
}

}  // namespace quern
