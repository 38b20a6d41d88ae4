// Of the program `quernd-planted` alone: the environment variable QUERN_PLANTED_BUG names the bug that the
// node has (system/base/planted_bug.h).
#include <cstdio>
#include <cstdlib>

#include "system/base/planted_bug.h"

namespace quern::harness::chaos {

namespace {

bool plant_from_environment() {
    const char* name = std::getenv("QUERN_PLANTED_BUG");
    if (name == nullptr) return false;
    active_planted_bug = planted_bug_named(name);
    if (active_planted_bug != PlantedBug::none) return true;
    std::fprintf(stderr, "quernd-planted: there is no planted bug %s\n", name);
    std::exit(2);
}

// Before main().
[[maybe_unused]] const bool planted = plant_from_environment();

}  // namespace

}  // namespace quern::harness::chaos
