#include "sim/world/atlas.h"

#include <algorithm>

#include "sim/world/draws.h"
#include "system/base/assert.h"

namespace quern::sim {

Atlas::Atlas(uint64_t seed, std::vector<std::string> machines, uint32_t faulty_max,
             AtlasScope scope)
    : seed_(seed), faulty_max_(faulty_max), scope_(scope) {
    for (const std::string& name : machines)
        machines_.push_back(name_identity(name));
    QUERN_ASSERT_MSG(scope == AtlasScope::beyond_limits || machines_.empty() ||
                         faulty_max_ * 2 < machines_.size(),
                     "the damaged must be a minority");
}

bool Atlas::chosen(std::string_view machine, uint64_t identity) const {
    const uint64_t self = name_identity(machine);
    if (std::find(machines_.begin(), machines_.end(), self) == machines_.end()) return false;
    const uint64_t own = draw(seed_, Concern::atlas, identity, self);
    uint32_t lower = 0;
    for (const uint64_t other : machines_) {
        if (other == self) continue;
        const uint64_t rank = draw(seed_, Concern::atlas, identity, other);
        if (rank < own || (rank == own && other < self)) ++lower;
    }
    return lower < faulty_max_;
}

bool Atlas::permits_machine(std::string_view machine) const {
    if (scope_ == AtlasScope::beyond_limits) return true;
    return scope_ == AtlasScope::machines && chosen(machine, 0);
}

bool Atlas::permits(std::string_view machine, std::string_view file, uint64_t chunk) const {
    if (scope_ == AtlasScope::beyond_limits) return true;
    const uint64_t file_identity = name_identity(file);
    const uint64_t spared =
        draw(seed_, Concern::atlas, file_identity, name_identity(machine) + chunk / 4) % 4;
    if (chunk % 4 == spared) return false;
    if (scope_ == AtlasScope::machines) return chosen(machine, 0);
    return chosen(machine, mix64(file_identity + chunk));
}

}  // namespace quern::sim
