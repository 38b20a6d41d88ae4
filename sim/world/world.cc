#include "sim/world/world.h"

namespace quern::sim {

World::World(WorldOptions options)
    : options_(options),
      trace_(scheduler_),
      fault_points_(options.seed),
      fabric_(scheduler_, options.seed, options.fabric, counters_) {}

World::~World() {
    trace_.keep(0);
    for (auto& machine : machines_) {
        machine->death_hook_.reset();
        machine->power_loss(CrashLoss::nothing);
        machine->program_.reset();
    }
    scheduler_.clear();
}

Machine& World::add_machine(MachineOptions options) {
    machines_.push_back(std::make_unique<Machine>(*this, static_cast<uint32_t>(machines_.size()),
                                                  std::move(options)));
    return *machines_.back();
}

Machine* World::find(const std::string& name) {
    for (auto& machine : machines_) {
        if (machine->name() == name) return machine.get();
    }
    return nullptr;
}

}  // namespace quern::sim
