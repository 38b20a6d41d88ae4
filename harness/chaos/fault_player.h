// Does to real nodes what a schedule says, and takes it back. Faults of one kind may overlap: what holds
// at any moment is worked out from those that are active then.
#pragma once

#include <array>
#include <set>
#include <string>
#include <vector>

#include "harness/chaos/disks.h"
#include "harness/chaos/node_processes.h"
#include "harness/chaos/schedule.h"

namespace quern::harness::chaos {

class FaultPlayer {
public:
    // All must outlive this object.
    FaultPlayer(RealScene& scene, Hosts& hosts, NodeProcesses& nodes, Disks& disks,
                const ClusterFiles& files, const sim::FaultPlan& plan);
    ~FaultPlayer();

    // Schedules every fault, relative to now.
    void start();
    // No fault begins any more, and every active one ends.
    void heal();

    // Faults that struck, by Trouble.
    const std::array<uint64_t, trouble_count>& struck() const { return struck_; }
    // What could not be done, e.g. since a system program failed.
    const std::vector<std::string>& failures() const { return failures_; }

private:
    void begin(size_t index);
    void end(size_t index);
    void begin_on(const sim::Fault& fault, uint32_t node);
    void end_on(const sim::Fault& fault, uint32_t node);
    void settle_links();
    void settle_clock(uint32_t node);
    void take(const sim::Fault& fault, const Result<void>& done);
    void tell(const sim::Fault& fault, const char* what);

    RealScene& scene_;
    Hosts& hosts_;
    NodeProcesses& nodes_;
    Disks& disks_;
    const ClusterFiles& files_;
    const sim::FaultPlan& plan_;
    std::vector<uint64_t> timers_;
    std::set<size_t> active_;
    Links links_;  // as they are
    std::array<uint64_t, trouble_count> struck_{};
    std::vector<std::string> failures_;
};

}  // namespace quern::harness::chaos
