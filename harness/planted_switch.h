// Sets which planted bug the nodes of this process have. Only `quern-sim-planted` can.
#pragma once

#include "system/base/planted_bug.h"

namespace quern::harness {

// Whether this program was built with the bugs.
bool planted_bugs_built();
// none takes it out again. With any other, planted_bugs_built() must hold.
void plant(PlantedBug bug);

}  // namespace quern::harness
