// From a seed to a fault plan. Swarm testing: a seed first draws which kinds of faults exist in its
// run at all (a quarter of the seeds have none), then how many of each, then each fault by itself.
// A fault's draws are keyed by its kind and ordinal.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "sim/faults/fault_plan.h"
#include "sim/world/atlas.h"

namespace quern::sim {

struct PlanHost {
    std::string name;
    std::string zone;
    bool storage = true;  // holds data; else a balancer or client, whose disk does not matter
};

struct PlanShape {
    std::vector<PlanHost> hosts;
    Duration length = Duration::seconds(30);  // all faults begin and end within it
    std::vector<std::string> file_classes;    // storage faults sometimes aim at one of them
};

struct PlanKnobs {
    uint32_t quiet_per_cent = 25;  // of seeds: no faults at all
    uint32_t kind_per_cent = 40;   // of kinds exist in a run that has faults
    uint32_t faults_max = 60;
    uint32_t per_kind_max = 10;
    Duration lasts_min = Duration::milliseconds(100);
    Duration lasts_max = Duration::seconds(8);
    uint32_t crash_rots_per_cent = 17;  // of crashes: the newest part of the WAL rots meanwhile
    bool rot_payloads = false;          // and then the last few bytes, which are payload
    bool worn_disks = false;            // damage to the WAL comes in larger portions
    std::array<bool, fault_kind_count> forbidden{};
    // Of each kind, in per cent of the usual: its chance to exist in a run, its number then, and its chance to be kept
    // where there are more than faults_max.
    std::array<uint32_t, fault_kind_count> weights = usual_weights();
    static constexpr std::array<uint32_t, fault_kind_count> usual_weights() {
        std::array<uint32_t, fault_kind_count> all{};
        for (uint32_t& each : all) each = 100;
        return all;
    }
    void forbid(FaultKind kind) { forbidden[static_cast<uint8_t>(kind)] = true; }
};

// Faults that destroy durable data are planned only where the atlas permits them.
FaultPlan generate_plan(uint64_t seed, const PlanShape& shape, const PlanKnobs& knobs,
                        const Atlas& atlas);

// One fault as generate_plan draws it, pattern or not, from 0: `ordinal` is its number within its kind. Its
// identity follows from both and is that of no fault of generate_plan if the ordinal is `own_ordinal` or more.
Fault draw_fault(uint64_t seed, FaultKind kind, uint32_t ordinal, const PlanShape& shape,
                 const PlanKnobs& knobs);
constexpr uint32_t own_ordinal = 100'000;

// Between machines, not on one.
bool strikes_links(FaultKind kind);
// Whether a kind can destroy what was synced, and so is subject to the atlas.
bool destroys_durable_data(FaultKind kind);
// Whether a fault is a crash during which the disk rots.
bool rots(const Fault& fault);

}  // namespace quern::sim
