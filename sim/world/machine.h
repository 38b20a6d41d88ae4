// One simulated host: clocks, disk, network and, while it runs, one process. The process is
// whatever the program builds on env(); the machine owns it and destroys it at kill(), power_loss()
// or the end of the world. Nothing of a life reaches the next but the disk: its timers, posts,
// completions and streams end with it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sim/world/fabric.h"
#include "sim/world/sim_clock.h"
#include "sim/world/sim_disk.h"
#include "sim/world/sim_fault_points.h"
#include "sim/world/sim_loop.h"
#include "sim/world/sim_network.h"
#include "sim/world/trace.h"
#include "system/io/env.h"

namespace quern::sim {

class World;

struct MachineOptions {
    std::string name;    // its host name, unique in the world
    std::string zone{};  // machines of one zone may fail together
    ClockOptions clock{};
    DiskOptions disk{};
};

class Machine {
public:
    // Made by World::add_machine: powered, running life 1, with no process yet.
    Machine(World& world, uint32_t index, MachineOptions options);
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    const std::string& name() const { return options_.name; }
    const std::string& zone() const { return options_.zone; }
    uint32_t index() const { return index_; }
    Owner owner() const { return index_ + 1; }
    uint64_t identity() const { return identity_; }
    // Grows with every start.
    uint32_t life() const { return life_; }
    bool running() const { return running_; }
    bool paused() const;
    bool powered() const { return powered_; }

    // The same object in all lives. Objects built on it belong to the life they were built in.
    Env& env() { return env_; }

    // Builds the process on env(): at once if the machine runs, and at every start. At its death
    // the result is destroyed; what destructors start then is dropped.
    using Program = Callback<std::shared_ptr<void>(Machine&)>;
    void set_program(Program program);
    // Runs before the process is destroyed, but not at the end of the world: the place to forget
    // pointers into it.
    void set_death_hook(Callback<void(Machine&)> hook) { death_hook_ = std::move(hook); }

    // The process ends; what it wrote stays in the page cache, un-synced. Peers see an end or a
    // reset.
    void kill();
    // The host goes dark: un-synced writes are lost as `loss` says (drawn if not given); peers see
    // nothing until it starts again.
    void power_loss(std::optional<CrashLoss> loss = std::nullopt);
    // A new life on the same disk. The machine must not be running.
    void start();
    // The process stands still, time goes on; its events wait.
    void pause();
    void resume();

    SimClock& clock() { return clock_; }
    SimDisk& disk() { return disk_; }
    const SimDisk& disk() const { return disk_; }

private:
    friend class World;
    void end_life(bool power_lost, CrashLoss loss);

    World& world_;
    uint32_t index_;
    MachineOptions options_;
    uint64_t identity_;
    uint32_t life_ = 1;
    bool running_ = true;
    bool powered_ = true;
    SimClock clock_;
    SimTimers timers_;
    SimLoop loop_;
    SimEntropy entropy_;
    SimNetwork network_;
    SimDisk disk_;
    SimLog log_;
    Metrics metrics_;
    SimFaultPoints faults_;
    Env env_;
    Program program_;
    Callback<void(Machine&)> death_hook_;
    std::shared_ptr<void> process_;
};

}  // namespace quern::sim
