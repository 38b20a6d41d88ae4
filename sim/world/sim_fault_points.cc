#include "sim/world/sim_fault_points.h"

namespace quern::sim {

void FaultPointBoard::activate() {
    constexpr uint32_t chances[] = {200'000, 50'000, 10'000, 1'000};
    for (size_t i = 0; i < points; ++i) {
        // Keyed by name: a new point leaves the draws of the others as they were.
        const uint64_t identity = name_identity(fault_point_name(static_cast<FaultPoint>(i)));
        const uint64_t random = draw(seed_, Concern::fault_point_active, identity, 0);
        per_million_[i] = random % 4 == 0 ? chances[(random >> 8) % 4] : 0;
    }
}

bool SimFaultPoints::fire(FaultPoint point) {
    const size_t i = FaultPointBoard::index(point);
    ++board_.passed_[i];
    const uint32_t chance = board_.per_million_[i];
    if (chance == 0) return false;
    const uint64_t random = draw(board_.seed_, Concern::fault_point_fire,
                                 machine_ ^ static_cast<uint64_t>(i), ++ordinals_[i]);
    if (bounded(random, 1'000'000) >= chance) return false;
    ++board_.fired_[i];
    return true;
}

}  // namespace quern::sim
