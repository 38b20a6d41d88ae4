#include "sim/world/machine.h"

#include "sim/world/world.h"
#include "system/base/assert.h"

namespace quern::sim {

Machine::Machine(World& world, uint32_t index, MachineOptions options)
    : world_(world),
      index_(index),
      options_(std::move(options)),
      identity_(name_identity(options_.name)),
      clock_(world.scheduler(), owner(), options_.clock),
      timers_(world.scheduler(), owner(), clock_, running_),
      loop_(world.scheduler(), owner(), running_),
      entropy_(world.seed(), identity_),
      network_(world.fabric(), world.fabric().add_host(options_.name, owner())),
      disk_(world.scheduler(), world.trace(), world.counters(), world.seed(), owner(),
            options_.name, running_, options_.disk),
      log_(world.trace(), options_.name),
      faults_(world.fault_points(), identity_),
      env_{clock_, timers_, network_, disk_, entropy_, loop_, log_, metrics_, faults_} {
    clock_.boot(Instant{
        static_cast<int64_t>(1 + bounded(draw(world.seed(), Concern::boot_clock, identity_, life_),
                                         1'000'000'000'000))});
}

Machine::~Machine() = default;

bool Machine::paused() const { return world_.scheduler().paused(owner()); }

void Machine::set_program(Program program) {
    QUERN_ASSERT_MSG(process_ == nullptr, "the process of the old program still lives");
    program_ = std::move(program);
    if (running_ && program_) process_ = program_(*this);
}

void Machine::kill() {
    if (running_) end_life(false, CrashLoss::nothing);
}

void Machine::power_loss(std::optional<CrashLoss> loss) {
    if (!loss) {
        const uint64_t random =
            draw(world_.seed(), Concern::crash_sectors, identity_, disk_.crash_count());
        loss = static_cast<CrashLoss>(random % static_cast<uint64_t>(CrashLoss::count));
    }
    end_life(true, *loss);
}

// The order matters: streams and handles end first, so that destructors of the process find nothing
// to act on; then the process; then what it had scheduled.
void Machine::end_life(bool power_lost, CrashLoss loss) {
    if (world_.trace().enabled()) {
        world_.trace().line(name(), "machine", power_lost ? "power lost" : "process killed");
    }
    const bool was_running = running_;
    running_ = false;
    powered_ = powered_ && !power_lost;
    world_.fabric().process_died(index_, !powered_);
    disk_.process_died(power_lost, loss);
    if (was_running && death_hook_) death_hook_(*this);
    process_.reset();
    world_.scheduler().resume(owner());
    world_.scheduler().cancel_owner(owner());
}

void Machine::start() {
    QUERN_ASSERT_MSG(!running_, "a machine runs one process at a time");
    ++life_;
    running_ = true;
    metrics_ = Metrics{};
    if (!powered_) {
        powered_ = true;
        clock_.boot(Instant{static_cast<int64_t>(
            1 + bounded(draw(world_.seed(), Concern::boot_clock, identity_, life_),
                        1'000'000'000'000))});
    }
    if (world_.trace().enabled()) world_.trace().line(name(), "machine", "started");
    world_.fabric().process_started(index_);
    if (program_) process_ = program_(*this);
}

void Machine::pause() {
    if (running_) world_.scheduler().pause(owner());
}

void Machine::resume() { world_.scheduler().resume(owner()); }

}  // namespace quern::sim
