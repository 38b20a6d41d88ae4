#include "harness/main/program_beside.h"

#include <unistd.h>

#include <climits>

namespace quern::harness {

std::string planted_program() {
    char self[PATH_MAX];
    const ssize_t size = readlink("/proc/self/exe", self, sizeof self);
    if (size <= 0 || size == static_cast<ssize_t>(sizeof self)) return "quern-sim-planted";
    return std::string(self, static_cast<size_t>(size)) + "-planted";
}

}  // namespace quern::harness
