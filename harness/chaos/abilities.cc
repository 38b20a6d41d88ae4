#include "harness/chaos/abilities.h"

namespace quern::harness::chaos {

Abilities find_abilities(const std::set<Trouble>& wanted, bool namespaces) {
    Abilities found;
    (void)namespaces;
    for (const Trouble t : wanted) {
        if (t == Trouble::kill || t == Trouble::pause || t == Trouble::clock) found.troubles.insert(t);
    }
    return found;
}

}  // namespace quern::harness::chaos
