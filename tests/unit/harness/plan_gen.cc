#include "tests/unit/harness/plan_gen.h"

#include <algorithm>
#include <ostream>

#include "sim/faults/plan_generate.h"
#include "sim/world/atlas.h"

namespace quern::harness {

namespace {

using sim::FaultKind;

constexpr int64_t chaos_ms = 3'000;

// Nodes cannot be replaced yet.
bool possible(FaultKind kind) { return kind != FaultKind::disk_lost && kind != FaultKind::disks_swapped; }

// Plain ones first: shrinking goes that way.
std::vector<FaultKind> all_kinds() {
    std::vector<FaultKind> kinds = {FaultKind::kill, FaultKind::pause, FaultKind::power_loss};
    for (size_t i = 0; i < sim::fault_kind_count; ++i) {
        const auto kind = static_cast<FaultKind>(i);
        const bool there = std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
        if (!there && possible(kind)) kinds.push_back(kind);
    }
    return kinds;
}

bool of_disk(FaultKind kind) { return kind >= FaultKind::bit_rot && kind <= FaultKind::disks_swapped; }

bool crashes(FaultKind kind) { return kind == FaultKind::kill || kind == FaultKind::power_loss; }

void set_parameter_of_disk(sim::Fault& fault, int64_t size) {
    switch (fault.kind) {
        case FaultKind::disk_slow: fault.parameters["factor"] = size; break;
        case FaultKind::bit_rot:
        case FaultKind::latent_error:
        case FaultKind::lost_write: fault.parameters["count"] = 1 + size % 3; break;
        case FaultKind::write_error:
        case FaultKind::sync_error: fault.parameters["count"] = 1; break;
        default: break;
    }
}

void set_parameter(sim::Fault& fault, int64_t size) {
    const int64_t either_way = size % 2 == 0 ? -size : size;
    switch (fault.kind) {
        case FaultKind::slow_link: fault.parameters["factor"] = size; break;
        case FaultKind::reset:
        case FaultKind::half_open: fault.parameters["percent"] = size; break;
        case FaultKind::partition:
        case FaultKind::partition_one_way: fault.parameters["reset_percent"] = size; break;
        case FaultKind::short_reads: fault.parameters["bytes"] = size; break;
        case FaultKind::short_writes: fault.parameters["pieces"] = size; break;
        case FaultKind::back_pressure: fault.parameters["bytes"] = size * size; break;
        case FaultKind::corrupt_bytes: fault.parameters["per_million"] = size * 10; break;
        case FaultKind::clock_jump: fault.parameters["ms"] = either_way * 36'000; break;
        case FaultKind::clock_drift: fault.parameters["ppb"] = either_way * 5'000; break;
        case FaultKind::kill:
        case FaultKind::power_loss:
            if (size > 10) fault.parameters["write_pending_ms"] = size * 10;  // waits for a write
            if (size % 4 == 0) fault.parameters["again_ms"] = size;
            break;
        default: set_parameter_of_disk(fault, size);
    }
}

Aim aim_of(const GeneratedAim& from, uint32_t id) {
    Aim aim;
    aim.fault.id = id;
    aim.fault.kind = from.fault.kind;
    aim.fault.lasts = Duration::milliseconds(from.fault.lasts_ms);
    if (of_disk(from.fault.kind)) aim.fault.file_class = from.fault.files;
    set_parameter(aim.fault, from.fault.size);
    aim.fault.parameters.erase("write_pending_ms");  // it waits enough
    aim.state = from.state;
    aim.nth = from.nth;
    aim.delay = Duration::microseconds(from.delay_us);
    return aim;
}

// What is not one machine's alone to lose is damaged nowhere, says the atlas.
std::vector<std::string> damageable(const RunPlan& plan, const std::vector<std::string>& storage) {
    const auto faulty_max = static_cast<uint32_t>((plan.replication - 1) / 2);
    const sim::Atlas atlas(plan.seed, storage, faulty_max, sim::AtlasScope::machines);
    std::vector<std::string> names;
    for (const std::string& name : storage) {
        if (atlas.permits_machine(name)) names.push_back(name);
    }
    return names;
}

void place(sim::Fault& fault, const GeneratedFault& from, const RunPlan& plan) {
    std::vector<std::string> machines;
    for (int64_t i = 1; i <= plan.storage_nodes; ++i) machines.push_back("s" + std::to_string(i));
    const std::vector<std::string> storage = machines;
    for (int64_t i = 1; i <= plan.balancers; ++i) machines.push_back("b" + std::to_string(i));
    const bool disk = of_disk(from.kind);
    if (disk) fault.file_class = from.files;
    const bool rots = crashes(from.kind) && from.files == "wal";
    if (rots) fault.parameters["rot_newest_bytes"] = from.size * 12;
    const bool damages = rots || sim::destroys_durable_data(from.kind);
    const std::vector<std::string> firsts =
        damages ? damageable(plan, storage) : (disk ? storage : machines);
    const std::string& first = firsts[static_cast<size_t>(from.machine) % firsts.size()];
    const auto at = static_cast<size_t>(std::find(machines.begin(), machines.end(), first) - machines.begin());
    fault.a = {first};
    fault.b = {machines[(at + 1) % machines.size()]};
}

// Any of them in cases of any size; shrinks towards the first.
template <typename T>
rc::Gen<T> one_of(std::vector<T> values) {
    const auto index = rc::gen::resize(rc::kNominalSize, rc::gen::inRange<size_t>(0, values.size()));
    return rc::gen::map(index, [values = std::move(values)](size_t at) { return values[at]; });
}

rc::Gen<GeneratedFault> generated_faults() {
    return rc::gen::build<GeneratedFault>(
        rc::gen::set(&GeneratedFault::kind, one_of(all_kinds())),
        rc::gen::set(&GeneratedFault::files,
                     one_of<std::string>({"", "wal", "snapshots", "bodies", "superblock"})),
        rc::gen::set(&GeneratedFault::at_ms, rc::gen::inRange<int64_t>(0, chaos_ms)),
        rc::gen::set(&GeneratedFault::lasts_ms, rc::gen::inRange<int64_t>(1, 1'000)),
        rc::gen::set(&GeneratedFault::machine, rc::gen::inRange<int64_t>(0, 8)),
        rc::gen::set(&GeneratedFault::size, rc::gen::inRange<int64_t>(1, 100)));
}

rc::Gen<GeneratedAim> generated_aims() {
    std::vector<ProtocolState> states;
    for (size_t i = 1; i < protocol_state_count; ++i) states.push_back(static_cast<ProtocolState>(i));
    return rc::gen::build<GeneratedAim>(
        rc::gen::set(&GeneratedAim::fault, generated_faults()),
        rc::gen::set(&GeneratedAim::state, one_of(states)),
        rc::gen::set(&GeneratedAim::nth, one_of<int64_t>({1, 1, 2, 5})),
        rc::gen::set(&GeneratedAim::delay_us, rc::gen::inRange<int64_t>(0, 3'000)));
}

}  // namespace

RunPlan GeneratedPlan::plan() const {
    RunPlan plan;
    plan.seed = seed;
    plan.storage_nodes = storage_nodes;
    plan.replication = storage_nodes == 5 ? 5 : 3;
    plan.balancers = balancers;
    plan.data_groups = data_groups;
    plan.clients = clients;
    plan.worker_clients = 0;
    plan.hands = hands;
    plan.queues = queues;
    plan.think_ms = think_ms;
    plan.snapshot_entries = snapshot_entries;
    plan.segment_kib = segment_kib;
    plan.fault_points = fault_points;
    plan.chaos_ms = chaos_ms;
    for (size_t i = 0; i < plan.weights.size() && i < weights.size(); ++i) plan.weights[i] = weights[i];
    plan.weights[static_cast<size_t>(OpKind::send)] += 50;
    plan.weights[static_cast<size_t>(OpKind::receive)] += 50;
    uint32_t id = 0;
    for (const GeneratedFault& from : faults) {
        sim::Fault fault;
        fault.id = ++id;
        fault.kind = from.kind;
        fault.at = sim::SimTime{from.at_ms * 1'000'000};
        fault.lasts = Duration::milliseconds(from.lasts_ms);
        place(fault, from, plan);
        set_parameter(fault, from.size);
        plan.faults.faults.push_back(std::move(fault));
    }
    plan.faults.sort();
    for (const GeneratedAim& aim : aims) plan.aims.push_back(aim_of(aim, ++id));
    return plan;
}

void showValue(const GeneratedPlan& plan, std::ostream& out) { out << plan.plan().to_short_string(); }

rc::Gen<GeneratedPlan> generated_plans() {
    using G = GeneratedPlan;
    return rc::gen::build<G>(
        rc::gen::set(&G::seed, rc::gen::inRange<uint64_t>(1, 1'000'000)),
        rc::gen::set(&G::storage_nodes, one_of<int64_t>({3, 4, 5})),
        rc::gen::set(&G::balancers, rc::gen::inRange<int64_t>(0, 4)),
        rc::gen::set(&G::data_groups, rc::gen::inRange<int64_t>(1, 4)),
        rc::gen::set(&G::clients, rc::gen::inRange<int64_t>(1, 9)),
        rc::gen::set(&G::hands, rc::gen::inRange<int64_t>(1, 4)),
        rc::gen::set(&G::queues, rc::gen::inRange<int64_t>(1, 5)),
        rc::gen::set(&G::think_ms, rc::gen::inRange<int64_t>(10, 400)),
        rc::gen::set(&G::snapshot_entries, one_of<int64_t>({2'000, 100, 20})),
        rc::gen::set(&G::segment_kib, one_of<int64_t>({1024, 256, 128})),
        rc::gen::set(&G::fault_points, one_of<int64_t>({0, 1})),
        rc::gen::set(&G::weights, rc::gen::container<std::vector<int64_t>>(
                                      op_kind_count, rc::gen::inRange<int64_t>(0, 100))),
        rc::gen::set(&G::faults, rc::gen::container<std::vector<GeneratedFault>>(generated_faults())),
        rc::gen::set(&G::aims, rc::gen::scale(0.1, rc::gen::container<std::vector<GeneratedAim>>(
                                                       generated_aims()))));
}

}  // namespace quern::harness
