// From a seed to what goes wrong in a round against real nodes. The same data as a simulated run's plan of
// faults (sim/faults/fault_plan.h), so that `quern-sim` can run it too. Draws are keyed by (seed, trouble,
// ordinal): leaving a trouble out leaves the others as they were.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "sim/faults/fault_plan.h"

namespace quern::harness::chaos {

// What can be done to real nodes, and the fault of the simulator that it is.
enum class Trouble : uint8_t {
    kill,         // kill: SIGKILL, a start later
    pause,        // pause: SIGSTOP, SIGCONT
    cut,          // partition: no packets either way
    cut_one_way,  // partition_one_way
    loss,         // slow_link with loss_percent, of packets
    rate,         // slow_link with rate_kbit, of all that a host sends
    delay,        // slow_link with delay_ms, of packets
    clock,        // clock_jump: the wall clock is `ms` off
    full_disk,    // disk_full: of a small file system
    power_loss,   // power_loss: un-synced data is forgotten
    count
};
constexpr size_t trouble_count = static_cast<size_t>(Trouble::count);
std::string_view trouble_name(Trouble trouble);
std::optional<Trouble> trouble_from(std::string_view name);
// Of a planned fault; the opposite of what make_schedule does.
Trouble trouble_of(const sim::Fault& fault);

struct ScheduleOptions {
    uint64_t seed = 1;
    uint32_t nodes = 3;
    uint32_t clients = 8;
    int64_t length_ms = 30'000;  // all faults begin and end within it
    std::set<Trouble> troubles;  // of which the seed chooses
};

// Which node has the disk that may become full; power loss spares it.
uint32_t small_disk_node(const ScheduleOptions& options);
// At no time was more than one node's clock off, so that cluster time had to stay right.
bool clocks_have_a_majority(const sim::FaultPlan& plan);
// At least one fault, if there is any trouble. Identities, and times since the clients began.
sim::FaultPlan make_schedule(const ScheduleOptions& options);

}  // namespace quern::harness::chaos
