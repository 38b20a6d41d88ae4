// How faults end: each at its time, or all at once for the liveness phase.
#include <algorithm>

#include "sim/faults/fault_run.h"

namespace quern::sim {

void FaultRun::end(size_t index) {
    if (active_.erase(index) == 0) return;
    const Fault& fault = plan_.faults[index];
    trace(fault, "ends:");
    const Machines places = machines_of(fault.a);
    switch (fault.kind) {
        case FaultKind::partition:
            unblock(fault, true);
            break;
        case FaultKind::partition_one_way:
            unblock(fault, false);
            break;
        case FaultKind::slow_link:
        case FaultKind::corrupt_bytes:
            settle_links();
            break;
        case FaultKind::disks_swapped:
            end_swap(fault);
            break;
        case FaultKind::pause:
            for (Machine* machine : places) {
                if (--held_[machine->index()] == 0) machine->resume();
            }
            break;
        case FaultKind::clock_jump:
            for (Machine* machine : places) {
                machine->clock().jump_wall(Duration::milliseconds(-fault.parameter("ms", 1'000)));
            }
            break;
        case FaultKind::clock_drift:
            for (Machine* machine : places) {
                machine->clock().set_drift(machine->clock().options().drift_ppb -
                                           fault.parameter("ppb", 0));
            }
            break;
        case FaultKind::write_error:
            for (Machine* machine : places)
                machine->disk().fail_writes(0, "");
            break;
        case FaultKind::sync_error:
            for (Machine* machine : places)
                machine->disk().fail_syncs(0, "");
            break;
        default:
            for (Machine* machine : places)
                settle_machine(*machine);
    }
    const std::set<uint32_t> crashed = std::move(crashed_[index]);
    crashed_.erase(index);
    for (const uint32_t machine : crashed) {
        bring_up(world_.machine(machine));
        crash_again(index, world_.machine(machine));
    }
}

void FaultRun::end_swap(const Fault& fault) { begin_swap(fault); }

void FaultRun::heal_all() {
    Machines all;
    for (uint32_t i = 0; i < world_.machine_count(); ++i)
        all.push_back(&world_.machine(i));
    heal_core(all);
    active_.clear();
    crashed_.clear();
}

// Swaps are undone first, while both machines still are what the swap left; a swap with a machine
// outside the core stays.
void FaultRun::heal_core(const std::vector<Machine*>& core) {
    open_ = false;
    cancel_all();
    disarm();
    std::vector<bool> inside(world_.machine_count());
    for (const Machine* machine : core)
        inside[machine->index()] = true;
    for (const size_t index : std::vector<size_t>(active_.begin(), active_.end())) {
        const Fault& fault = plan_.faults[index];
        if (fault.kind != FaultKind::disks_swapped) continue;
        const Machines a = machines_of(fault.a);
        const Machines b = machines_of(fault.b);
        if (a.empty() || b.empty() || !inside[a[0]->index()] || !inside[b[0]->index()]) continue;
        end_swap(fault);
        active_.erase(index);
    }
    world_.fabric().heal(inside);
    for (uint32_t from = 0; from < links_.size(); ++from) {
        for (uint32_t to = 0; to < links_.size(); ++to) {
            if (inside[from] && inside[to]) world_.fabric().set_link(from, to, links_[from][to]);
        }
    }
    for (Machine* machine : core) {
        const uint32_t index = machine->index();
        machine->disk().heal();
        machine->clock().thaw_wall();
        const auto clock = clocks_.find(index);
        if (clock != clocks_.end()) {
            machine->clock().set_wall_offset(clock->second.wall_offset);
            if (machine->clock().options().drift_ppb != clock->second.drift_ppb) {
                machine->clock().set_drift(clock->second.drift_ppb);
            }
        }
        down_[index] = 0;
        held_[index] = 0;
        machine->resume();
        if (!machine->running()) machine->start();
    }
}

}  // namespace quern::sim
