#include "system/base/planted_bug.h"

namespace quern {

#ifdef QUERN_PLANTED_BUGS
PlantedBug active_planted_bug = PlantedBug::none;
#endif

}  // namespace quern
