#include "harness/aim_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/concerns.h"
#include "sim/faults/plan_generate.h"

namespace quern::harness {

AimRun::AimRun(sim::World& world, sim::FaultRun& faults, const std::vector<Aim>& aims,
               std::vector<sim::Machine*> machines, size_t storage)
    : world_(world), faults_(faults), machines_(std::move(machines)), storage_(storage) {
    for (const Aim& aim : aims) open_.push_back({&aim});
    faults_.make_room(aims.size());
}

// One that the state is of, or any storage node.
sim::Machine* AimRun::place_of(const Open& open, uint32_t machine) const {
    for (sim::Machine* each : machines_) {
        if (each->index() == machine) return each;
    }
    if (machine != StateTracker::everywhere || storage_ == 0) return nullptr;
    const uint64_t random = draw(world_.seed(), Concern::aims, open.aim->fault.id,
                                 1'000 + open.offered);
    return machines_[bounded(random, storage_)];
}

void AimRun::take_aim(Open& open, sim::Machine& place) {
    sim::Fault fault = open.aim->fault;
    fault.a = {place.name()};
    if (sim::strikes_links(fault.kind)) {
        for (const sim::Machine* other : machines_) {
            if (other != &place) fault.b.push_back(other->name());
        }
        if (fault.b.empty()) return;
        // Half of them cut off from everybody, the others from one machine.
        const uint64_t random = draw(world_.seed(), Concern::aims, fault.id, 3);
        if (random % 2 == 0) fault.b = {fault.b[bounded(random, fault.b.size())]};
    }
    if (!faults_.permits(fault) || ++open.seen < open.aim->nth) return;
    open.met = true;
    if (!faults_.add(std::move(fault), open.aim->delay)) return;
    ++met_;
    if (!world_.trace().enabled()) return;
    world_.trace().line("aim", "meets", fmt::format("{} on {}: {}", protocol_state_name(open.aim->state),
                                                    place.name(), open.aim->to_string()));
}

void AimRun::state_begins(ProtocolState state, uint32_t machine) {
    for (Open& open : open_) {
        if (open.met || open.aim->state != state) continue;
        ++open.offered;
        if (sim::Machine* place = place_of(open, machine)) take_aim(open, *place);
    }
}

}  // namespace quern::harness
