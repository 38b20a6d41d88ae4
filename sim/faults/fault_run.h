// Puts a fault plan into effect on a world, and takes it back. Faults of one kind may overlap: what
// holds at any moment is worked out from the set of faults that are active then, so each ends by
// itself.
//
// A machine that a fault took down is started again (with a new process of its program) when the
// last fault that holds it down has ended.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/faults/fault_plan.h"
#include "sim/world/atlas.h"
#include "sim/world/world.h"

namespace quern::sim {

class FaultRun {
public:
    // All must outlive this object. Machines of the plan that the world lacks are passed over.
    FaultRun(World& world, const Atlas& atlas, FaultPlan plan);
    ~FaultRun();
    FaultRun(const FaultRun&) = delete;
    FaultRun& operator=(const FaultRun&) = delete;

    // Told of each fault when it strikes: when it begins; a crash, when its machine goes down, of which
    // there may be several. `machine`: that one alone was struck; null: all that the fault names.
    using Watch = Callback<void(const Fault&, const Machine*)>;
    void watch(Watch watch) { watch_ = std::move(watch); }
    // Room for so many faults that the plan did not have; before start().
    void make_room(size_t faults);
    // Schedules every fault, relative to now.
    void start();
    // One more, that begins so long after now. False: faults do not begin any more, or the fault would
    // destroy data where the atlas forbids that.
    bool add(Fault fault, Duration delay);
    bool permits(const Fault& fault) const;
    // No fault begins any more, and every active one ends: machines start, links heal, clocks
    // return. Damage to disks stays.
    void heal_all();
    // The liveness phase: as heal_all for the machines of `core` and the links among them; everyone
    // else stays as broken as they are, for ever.
    void heal_core(const std::vector<Machine*>& core);

    // With those that were added.
    const FaultPlan& plan() const { return plan_; }
    size_t active_count() const { return active_.size(); }
    // Faults of the plan that have begun.
    uint64_t begun_count() const { return begun_; }

private:
    using Machines = std::vector<Machine*>;
    Machines machines_of(const std::vector<std::string>& names) const;
    void begin(size_t index);
    void end(size_t index);
    void begin_network(const Fault& fault);
    void begin_disk(size_t index);
    void begin_clock(const Fault& fault, Machine& machine);
    void begin_swap(const Fault& fault);
    void end_swap(const Fault& fault);
    void arm_crash(size_t index, Machine& machine);
    void crash(const Fault& fault, Machine& machine);
    void crash_again(size_t index, Machine& machine);
    void take_down(Machine& machine) { ++down_[machine.index()]; }
    void bring_up(Machine& machine);
    void block(const Fault& fault, bool both_ways);
    void unblock(const Fault& fault, bool both_ways);
    // Sets what a machine or a link should look like under the active faults.
    void settle_machine(Machine& machine);
    void settle_links();
    int64_t strongest(FaultKind kind, const std::string& machine, const std::string& parameter,
                      int64_t otherwise) const;
    bool suffers(FaultKind kind, const std::string& machine) const;
    void schedule(Duration delay, uint64_t identity, Callback<void()> what);
    void cancel_all();
    void disarm();
    void trace(const Fault& fault, const char* what);
    void strikes(const Fault& fault, const Machine* machine) {
        if (watch_) watch_(fault, machine);
    }

    World& world_;
    const Atlas& atlas_;
    FaultPlan plan_;
    std::vector<EventId> events_;
    std::set<size_t> active_;
    std::map<uint32_t, uint32_t> down_;             // machine: faults that hold it down
    std::map<uint32_t, uint32_t> held_;             // machine: faults that pause it
    std::map<size_t, std::set<uint32_t>> crashed_;  // fault: machines that it took down
    std::map<uint32_t, ClockOptions> clocks_;       // as they were before the run
    std::vector<std::vector<LinkOptions>> links_;
    uint64_t begun_ = 0;
    SimTime started_;
    bool open_ = false;  // faults begin
    Watch watch_;
};

}  // namespace quern::sim
