// From a seed to a plan: swarm testing. Each knob is drawn by itself, so that a new one leaves the others
// of a seed as they were.
#include <algorithm>

#include "harness/concerns.h"
#include "harness/run_plan.h"
#include "sim/faults/plan_generate.h"

namespace quern::harness {

namespace {

class Swarm {
public:
    Swarm(uint64_t seed, Concern concern) : seed_(seed), concern_(concern) {}
    int64_t one_of(uint64_t knob, std::initializer_list<int64_t> values) const {
        return values.begin()[bounded(draw(seed_, concern_, knob, 0), values.size())];
    }
    int64_t between(uint64_t knob, int64_t low, int64_t high) const {
        const auto span = static_cast<uint64_t>(high - low) + 1;
        return low + static_cast<int64_t>(bounded(draw(seed_, concern_, knob, 0), span));
    }

private:
    uint64_t seed_;
    Concern concern_;
};

void draw_cluster(RunPlan& plan) {
    const Swarm shape(plan.seed, Concern::shape);
    plan.storage_nodes = shape.one_of(1, {3, 3, 3, 3, 3, 4, 5, 5});
    plan.replication = plan.storage_nodes == 5 ? shape.one_of(2, {3, 5}) : 3;
    plan.balancers = shape.one_of(3, {0, 1, 2, 2, 2, 3});
    plan.data_groups = shape.one_of(4, {1, 2, 2, 3});
    const Swarm knobs(plan.seed, Concern::knobs);
    plan.election_ms = knobs.one_of(1, {300, 500, 500, 1000});
    plan.heartbeat_ms = plan.election_ms / knobs.one_of(2, {3, 5, 5, 10});
    plan.ping_ms = knobs.one_of(3, {300, 1000, 1000, 3000});
    plan.snapshot_entries = knobs.one_of(4, {20, 100, 500, 2'000, 10'000});
    plan.segment_kib = knobs.one_of(5, {128, 256, 1024, 1024});
    plan.latency_us = knobs.one_of(6, {20, 60, 60, 500, 5'000});
    plan.sync_us = knobs.one_of(7, {20, 80, 80, 1'000, 8'000});
}

// How often clients do what, if nothing is bent.
constexpr std::array<int64_t, op_kind_count> usual_weights = {300, 300, 250, 60, 2, 30,
                                                              30,  4,   2,   4,  4, 3};

void hurry(RunPlan& plan, int64_t request_timeout_ms) {
    plan.request_timeout_ms = request_timeout_ms;
    plan.attempt_timeout_ms = std::min<int64_t>(plan.attempt_timeout_ms, 400);
}

// What steering wants comes also where the seed leaves it out.
void bend(std::array<int64_t, op_kind_count>& weights, const SwarmWeights& towards) {
    for (size_t i = 0; i < op_kind_count; ++i) {
        const uint32_t weight = towards.operations[i];
        const int64_t least = weight >= SwarmWeights::wanted ? usual_weights[i] : 0;
        weights[i] = std::max(weights[i] * weight / SwarmWeights::usual, least);
    }
}

void draw_workload(RunPlan& plan, const SwarmWeights& towards) {
    const Swarm w(plan.seed, Concern::swarm);
    plan.clients = w.one_of(1, {2, 4, 8, 8, 8, 12});
    plan.worker_clients = w.one_of(2, {0, 1, 1, 2});
    plan.hands = w.one_of(3, {1, 1, 1, 2, 4});
    plan.queues = w.one_of(4, {1, 2, 3, 3, 6});
    plan.think_ms = w.one_of(5, {20, 100, 300, 300, 600, 1'500});
    plan.batch_max = w.one_of(6, {1, 3, 5, 10, 30});
    plan.body_bytes_max = w.one_of(7, {40, 200, 2'000, 2'000, 20'000, 150'000});
    if (plan.body_bytes_max > 10'000) plan.batch_max = std::min<int64_t>(plan.batch_max, 5);
    plan.visibility_ms_max = w.one_of(8, {500, 2'000, 8'000, 15'000});
    plan.delay_ms_max = w.one_of(9, {0, 500, 3'000, 8'000});
    plan.wait_ms_max = w.one_of(10, {0, 500, 4'000, 10'000});
    plan.stale_per_cent = w.one_of(11, {0, 5, 10, 30});
    plan.forged_per_cent = w.one_of(12, {0, 2, 5});
    plan.request_timeout_ms = w.one_of(13, {1'500, 5'000, 10'000, 20'000});
    plan.attempt_timeout_ms = std::min(plan.request_timeout_ms, w.one_of(14, {400, 1'000, 2'500}));
    plan.chaos_ms = w.one_of(15, {5'000, 10'000, 20'000, 20'000, 40'000});
    // The usual mix, each part bent by the seed; rare operations are absent from many runs.
    for (size_t i = 0; i < op_kind_count; ++i) {
        const uint64_t knob = 100 + i;
        const int64_t factor = usual_weights[i] < 10 ? w.one_of(knob, {0, 0, 1, 4}) : w.one_of(knob, {0, 1, 1, 3});
        plan.weights[i] = usual_weights[i] * factor;
    }
    // Queues come and go, purges and revocations follow each other.
    plan.payload_cache_kib = w.one_of(33, {0, 16});
    plan.by_name = w.one_of(35, {0, 0, 0, 1});
    const bool storm_of_queues = w.one_of(30, {0, 0, 0, 1}) == 1;
    if (storm_of_queues) {
        for (size_t i = 0; i < op_kind_count; ++i) {
            if (usual_weights[i] < 10) plan.weights[i] = usual_weights[i] * 15;
        }
        // So fast that a call meets several queues of its name.
        plan.by_name = w.one_of(36, {0, 1, 1, 1});
        plan.queues = std::clamp<int64_t>(plan.queues, 2, 3);
        plan.data_groups = std::max<int64_t>(plan.data_groups, 2);
        plan.think_ms = std::min<int64_t>(plan.think_ms, 100);
    }
    // Clients that give up while an election goes on.
    if (const int64_t hurry_ms = w.one_of(34, {0, 0, 0, 400, 700})) hurry(plan, hurry_ms);
    // Long enough for the shortest retention.
    if (w.one_of(32, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) == 1) {
        plan.chaos_ms = 90'000;
        plan.think_ms = std::max<int64_t>(plan.think_ms, 600);
    }
    bend(plan.weights, towards);
    // Without these there is nothing to see.
    auto& weights = plan.weights;
    weights[0] = std::max<int64_t>(weights[0], 100);
    weights[1] = std::max<int64_t>(weights[1], 100);
    // A queue that was deleted is made anew: in a storm not at once, so that several are gone together and the
    // next one of a name lies in another group.
    weights[7] = storm_of_queues ? weights[8] : std::max(weights[7], weights[8] * 3);
    weights[10] = std::max(weights[10], weights[11]);
}

sim::PlanKnobs drawn_knobs(const Swarm& w) {
    sim::PlanKnobs knobs;
    knobs.faults_max = static_cast<uint32_t>(w.one_of(2, {5, 15, 40, 60}));
    knobs.per_kind_max = static_cast<uint32_t>(w.one_of(3, {2, 4, 10}));
    knobs.lasts_max = Duration::milliseconds(w.one_of(4, {500, 2'000, 8'000}));
    knobs.crash_rots_per_cent = static_cast<uint32_t>(w.one_of(5, {15, 15, 40}));
    knobs.worn_disks = w.one_of(6, {0, 0, 1}) == 1;
    return knobs;
}

sim::PlanKnobs moderate_knobs() {
    sim::PlanKnobs knobs;
    knobs.quiet_per_cent = 0;
    knobs.faults_max = 15;
    knobs.per_kind_max = 3;
    knobs.lasts_max = Duration::seconds(2);
    return knobs;
}

void only(sim::PlanKnobs& knobs, std::initializer_list<sim::FaultKind> kinds) {
    knobs.forbidden.fill(true);
    for (const sim::FaultKind kind : kinds) knobs.forbidden[static_cast<uint8_t>(kind)] = false;
    knobs.quiet_per_cent = 0;
    knobs.kind_per_cent = 80;
    knobs.per_kind_max = 25;
    knobs.faults_max = 90;
}

// Some seeds meet a storm of one sort: leaders come and go, or disks rot between restarts.
void draw_storm(const Swarm& w, sim::PlanKnobs& knobs) {
    using sim::FaultKind;
    const int64_t storm = w.one_of(20, {0, 0, 0, 0, 0, 2, 1, 1, 1, 1, 2, 3});
    if (storm == 1) {
        only(knobs, {FaultKind::partition, FaultKind::partition_one_way, FaultKind::clog,
                     FaultKind::pause, FaultKind::reset, FaultKind::half_open, FaultKind::kill});
        knobs.lasts_max = Duration::milliseconds(1'500);
    } else if (storm == 2) {
        only(knobs, {FaultKind::bit_rot, FaultKind::latent_error, FaultKind::lost_write,
                     FaultKind::misdirected_write, FaultKind::kill, FaultKind::power_loss,
                     FaultKind::pause});
        knobs.lasts_max = Duration::milliseconds(1'000);
        knobs.crash_rots_per_cent = 60;
        knobs.worn_disks = true;
    } else if (storm == 3) {
        only(knobs, {FaultKind::kill, FaultKind::power_loss, FaultKind::partition, FaultKind::reset,
                     FaultKind::disk_slow, FaultKind::corrupt_bytes});
        knobs.lasts_max = Duration::milliseconds(1'000);
    }
    // Replicas fall behind, and those that did not come back with less than they had.
    if (w.one_of(22, {0, 0, 0, 1}) == 1) {
        only(knobs, {FaultKind::bit_rot, FaultKind::partition, FaultKind::pause, FaultKind::kill,
                     FaultKind::power_loss});
        knobs.lasts_max = Duration::milliseconds(2'500);
        knobs.crash_rots_per_cent = 70;
        knobs.rot_payloads = true;
        knobs.worn_disks = false;
    }
}

// Some of what is broken when the clients stop stays so outside the core (faults.md, section 1).
void outlast(RunPlan& plan) {
    const int64_t end_ns = plan.chaos_ms * 1'000'000;
    for (sim::Fault& fault : plan.faults.faults) {
        const bool late = fault.at.ns >= end_ns / 4 * 3;
        const bool drawn = bounded(draw(plan.seed, Concern::outlast, fault.id, 0), 4) == 0;
        if (late && drawn) fault.lasts.ns = end_ns - fault.at.ns + 1'000'000'000;
    }
}

void draw_faults(RunPlan& plan, PlanKind kind, const SwarmWeights& towards) {
    const Swarm w(plan.seed, Concern::faults);
    plan.fault_points = w.one_of(1, {0, 1, 1});
    // Answers are lost, and who asks again is refused.
    const bool doubt = w.one_of(23, {0, 0, 0, 0, 0, 0, 0, 1}) == 1;
    if (kind != PlanKind::small && (doubt || (plan.by_name != 0 && w.one_of(24, {0, 1, 1}) == 1))) {
        plan.fault_points = 2;
        if (w.one_of(25, {0, 1}) == 1) hurry(plan, 700);
    }
    sim::PlanShape shape;
    std::vector<std::string> storage;
    for (int64_t i = 1; i <= plan.storage_nodes; ++i) {
        storage.push_back("s" + std::to_string(i));
        shape.hosts.push_back({storage.back(), i % 2 == 0 ? "z1" : "z2", true});
    }
    for (int64_t i = 1; i <= plan.balancers; ++i) {
        shape.hosts.push_back({"b" + std::to_string(i), i % 2 == 0 ? "z1" : "z2", false});
    }
    shape.length = Duration::milliseconds(plan.chaos_ms);
    shape.file_classes = {"superblock", "wal", "snapshots", "bodies"};
    const auto faulty_max = static_cast<uint32_t>((plan.replication - 1) / 2);
    const sim::Atlas atlas(plan.seed, storage, faulty_max, sim::AtlasScope::machines);
    sim::PlanKnobs knobs = kind == PlanKind::small ? moderate_knobs() : drawn_knobs(w);
    if (kind != PlanKind::small) draw_storm(w, knobs);
    knobs.weights = towards.faults;
    for (size_t i = 0; i < sim::fault_kind_count; ++i) {
        if (towards.faults[i] >= SwarmWeights::wanted) knobs.forbidden[i] = false;
    }
    // What rots is read again only if it is not in memory.
    if (knobs.worn_disks || knobs.rot_payloads) plan.payload_cache_kib = 16;
    // Nodes cannot be replaced yet.
    knobs.forbid(sim::FaultKind::disk_lost);
    knobs.forbid(sim::FaultKind::disks_swapped);
    plan.faults = sim::generate_plan(plan.seed, shape, knobs, atlas);
    if (kind != PlanKind::small) outlast(plan);
    if (plan.faults.faults.empty()) plan.fault_points = 0;
}

// A few seeds go through a drill at the end. One for space needs a log small enough to be cut meanwhile.
void draw_drill(RunPlan& plan) {
    const Swarm w(plan.seed, Concern::drill);
    const int64_t point = w.between(10, 1, 64);
    constexpr std::array<int64_t, 10> drills = {1, 2, 3, 3, 4, 4, 4, 4, 5, 5};
    if (point > static_cast<int64_t>(drills.size())) return;
    plan.drill = drills[static_cast<size_t>(point - 1)];
    const bool soon_cut = plan.segment_kib <= 256 && plan.snapshot_entries <= 2'000;
    if (plan.drill == 4 && !soon_cut) plan.drill = 0;
}

}  // namespace

RunPlan make_plan(uint64_t seed, bool faults, PlanKind kind, const SwarmWeights& weights) {
    RunPlan plan;
    plan.seed = seed;
    if (kind == PlanKind::small) {
        plan.weights = usual_weights;
        plan.think_ms = 100;  // clients that are at work most of the time
    } else {
        draw_cluster(plan);
        draw_workload(plan, weights);
    }
    if (faults) draw_faults(plan, kind, weights);
    if (faults && kind != PlanKind::small) draw_drill(plan);
    return plan;
}

}  // namespace quern::harness
