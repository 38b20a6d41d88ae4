// The machines of a run: which of them have to heal, which may be lost, and who is started again.
#include <algorithm>

#include <fmt/format.h>

#include "harness/concerns.h"
#include "harness/run.h"
#include "sim/faults/plan_generate.h"

namespace quern::harness {

namespace {
}

// A crash of several machines rots the disk of those alone that the atlas names.
bool Run::damaged(const sim::Machine& machine) const {
    return atlas_->permits_machine(machine.name()) &&
           std::any_of(faults().begin(), faults().end(),
                       [&](const sim::Fault& fault) {
                           const bool destroys = sim::destroys_durable_data(fault.kind) || sim::rots(fault);
                           return destroys &&
                                  std::find(fault.a.begin(), fault.a.end(), machine.name()) !=
                                      fault.a.end();
                       });
}

// At least a majority of every group's replicas, all of them sound, and at least one balancer. In every other
// run that damaged a disk its machine is there as well: it has to be repaired (L6).
std::vector<sim::Machine*> Run::choose_core() const {
    const auto& storage = cluster_->storage_machines();
    std::vector<std::pair<uint64_t, sim::Machine*>> ranked;
    for (sim::Machine* machine : storage) {
        const uint64_t rank = draw(plan_.seed, Concern::core, machine->identity(), 0) >> 1;
        const uint64_t last = damaged(*machine) ? uint64_t{1} << 63 : 0;
        ranked.emplace_back(rank | last, machine);
    }
    std::sort(ranked.begin(), ranked.end());
    const auto all = static_cast<uint64_t>(storage.size());
    const auto spare = static_cast<uint64_t>((plan_.replication - 1) / 2);
    uint64_t sound = 0;
    for (const sim::Machine* machine : storage) sound += damaged(*machine) ? 0 : 1;
    uint64_t size = all - bounded(draw(plan_.seed, Concern::core, 0, 1), spare + 1);
    size = std::max(all - spare, std::min(size, sound));
    if (sound < all && draw(plan_.seed, Concern::core, 0, 2) % 2 == 0) size = all;
    if (plan_.core_size > 0) size = static_cast<uint64_t>(plan_.core_size);
    std::vector<sim::Machine*> core;
    for (uint64_t i = 0; i < size && i < all; ++i) core.push_back(ranked[i].second);
    const auto& balancers = cluster_->balancer_machines();
    for (size_t i = 0; i < balancers.size(); ++i) {
        const bool in = i + 1 == balancers.size() && core.size() == size
                            ? true
                            : draw(plan_.seed, Concern::core, balancers[i]->identity(), 0) % 2 == 0;
        if (in) core.push_back(balancers[i]);
    }
    return core;
}

// Without nodes that refuse to run because of what happened to their disks.
std::vector<sim::Machine*> Run::without_lost(const std::vector<sim::Machine*>& storage) const {
    std::vector<sim::Machine*> there;
    for (sim::Machine* machine : storage) {
        if (cluster_->host_on(*machine) != nullptr || !damaged(*machine)) there.push_back(machine);
    }
    return there;
}

void Run::restart_later(sim::Machine& machine) {
    const uint32_t life = machine.life();
    world_.scheduler().after(restart_pause, sim::world_owner, sim::EventKind::user,
                             machine.identity(), [this, &machine, life] {
                                 if (machine.life() != life) return;
                                 const bool mine = std::find(core_.begin(), core_.end(), &machine) !=
                                                   core_.end();
                                 if (healed_ && !mine) return;
                                 if (machine.running()) machine.kill();
                                 machine.start();
                             });
}

void Run::supervise() {
    auto restart = [this](const std::string& name, const Error& error) {
        tell("stopped", fmt::format("{}: {}", name, error.to_string()));
        restart_later(*world_.find(name));
    };
    const auto& stops = cluster_->fatal_stops();
    for (; stops_seen_ < stops.size(); ++stops_seen_) {
        restart(stops[stops_seen_].machine, stops[stops_seen_].error);
        if (healed_) stopped_ns_ = world_.now().ns;
    }
    const auto& failures = cluster_->start_failures();
    for (; failures_seen_ < failures.size(); ++failures_seen_) {
        restart(failures[failures_seen_].machine, failures[failures_seen_].error);
    }
    check_stops();
}

// Without a fault of its disk (one that is full or slow has none) no node has a reason to stop or to refuse to start.
bool Run::disk_is_good(const std::string& machine) const {
    return std::none_of(faults().begin(), faults().end(), [&](const sim::Fault& fault) {
        const bool here = std::find(fault.a.begin(), fault.a.end(), machine) != fault.a.end() ||
                          std::find(fault.b.begin(), fault.b.end(), machine) != fault.b.end();
        const bool harmless =
            fault.kind == sim::FaultKind::disk_full || fault.kind == sim::FaultKind::disk_slow;
        const bool of_disk = fault.kind >= sim::FaultKind::bit_rot &&
                             fault.kind <= sim::FaultKind::disks_swapped && !harmless;
        return here && (of_disk || (sim::rots(fault) && atlas_->permits_machine(machine)));
    });
}

void Run::check_stops() {
    if (!verdict_.good()) return;
    for (const auto* list : {&cluster_->fatal_stops(), &cluster_->start_failures()}) {
        for (const auto& stop : *list) {
            if (!disk_is_good(stop.machine)) continue;
            found("R10", fmt::format("{} stopped though its disk is good: {}", stop.machine,
                                     stop.error.to_string()));
            return;
        }
    }
}

}  // namespace quern::harness
