// A plan's aims in a run: waits for their states and hands their faults over.
#pragma once

#include <vector>

#include "harness/aim.h"
#include "sim/faults/fault_run.h"

namespace quern::harness {

class AimRun {
public:
    // All must outlive this object. `machines`: those of the cluster; storage: the first so many of them.
    // Makes room in `faults`, which has not started yet.
    AimRun(sim::World& world, sim::FaultRun& faults, const std::vector<Aim>& aims,
           std::vector<sim::Machine*> machines, size_t storage);

    // A state that was not there begins: on the machine of that index, or StateTracker::everywhere.
    void state_begins(ProtocolState state, uint32_t machine);
    // Aims whose fault was handed over.
    uint64_t met() const { return met_; }

private:
    struct Open {
        const Aim* aim;
        int64_t seen = 0;      // beginnings at which it could have struck
        uint64_t offered = 0;  // and all others
        bool met = false;
    };
    sim::Machine* place_of(const Open& open, uint32_t machine) const;
    void take_aim(Open& open, sim::Machine& place);

    sim::World& world_;
    sim::FaultRun& faults_;
    std::vector<sim::Machine*> machines_;
    size_t storage_;
    std::vector<Open> open_;
    uint64_t met_ = 0;
};

}  // namespace quern::harness
