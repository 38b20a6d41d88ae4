// Compiled once for each of the two programs, unlike the rest of the harness.
#include "harness/planted_switch.h"

#include "system/base/assert.h"

namespace quern::harness {

#ifdef QUERN_PLANTED_BUGS

bool planted_bugs_built() { return true; }

void plant(PlantedBug bug) { active_planted_bug = bug; }

#else

bool planted_bugs_built() { return false; }

void plant(PlantedBug bug) {
    QUERN_ASSERT_MSG(bug == PlantedBug::none, "this program was built without planted bugs");
}

#endif

}  // namespace quern::harness
