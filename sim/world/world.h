// A simulated world: time, a network, machines. One seed makes one run; everything random in it is
// drawn by key from the seed (draws.h). Without faults set on it, it is an orderly place with
// latencies.
//
//     World world({.seed = 7});
//     Machine& n1 = world.add_machine({.name = "n1"});
//     Thing thing(n1.env());             // objects are declared after the world, and die before it
//     world.run_for(Duration::seconds(1));
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/world/machine.h"

namespace quern::sim {

struct WorldOptions {
    uint64_t seed = 1;
    FabricOptions fabric{};
};

class World {
public:
    explicit World(WorldOptions options = {});
    // Destroys every process.
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    uint64_t seed() const { return options_.seed; }
    Scheduler& scheduler() { return scheduler_; }
    Fabric& fabric() { return fabric_; }
    Trace& trace() { return trace_; }
    FaultCounters& counters() { return counters_; }
    FaultPointBoard& fault_points() { return fault_points_; }

    Machine& add_machine(MachineOptions options);
    Machine& machine(uint32_t index) { return *machines_[index]; }
    // nullptr if there is none of that name.
    Machine* find(const std::string& name);
    uint32_t machine_count() const { return static_cast<uint32_t>(machines_.size()); }

    SimTime now() const { return scheduler_.now(); }
    // The true time of day, which no machine can read.
    WallTime wall_now() const { return world_epoch + Duration{scheduler_.now().ns}; }
    void run_until(SimTime limit) { scheduler_.run_until(limit); }
    void run_for(Duration d) { scheduler_.run_for(d); }
    // Until `done()` holds (true) or `within` has passed (false).
    template <typename Predicate>
    bool run_until(Predicate done, Duration within) {
        return scheduler_.run_until(std::move(done), scheduler_.now() + within);
    }
    uint64_t hash() const { return scheduler_.hash(); }

private:
    WorldOptions options_;
    Scheduler scheduler_;
    Trace trace_;
    FaultCounters counters_;
    FaultPointBoard fault_points_;
    Fabric fabric_;
    std::vector<std::unique_ptr<Machine>> machines_;
};

}  // namespace quern::sim
