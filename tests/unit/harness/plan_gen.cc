#include "tests/unit/harness/plan_gen.h"

#include <ostream>

namespace quern::harness {

namespace {

using sim::FaultKind;

constexpr int64_t chaos_ms = 3'000;

// Damage at rest strikes one machine, which a majority can do without.
bool damages(FaultKind kind) { return kind == FaultKind::bit_rot || kind == FaultKind::latent_error; }

const std::vector<FaultKind> kinds = {
    FaultKind::kill,          FaultKind::pause,      FaultKind::power_loss,        FaultKind::reset,
    FaultKind::partition,     FaultKind::clog,       FaultKind::partition_one_way, FaultKind::half_open,
    FaultKind::slow_link,     FaultKind::short_reads, FaultKind::short_writes,     FaultKind::disk_slow,
    FaultKind::corrupt_bytes, FaultKind::disk_full,  FaultKind::bit_rot,           FaultKind::latent_error};

void set_parameter(sim::Fault& fault, int64_t size) {
    switch (fault.kind) {
        case FaultKind::slow_link:
        case FaultKind::disk_slow: fault.parameters["factor"] = size; break;
        case FaultKind::reset:
        case FaultKind::half_open: fault.parameters["percent"] = size; break;
        case FaultKind::partition:
        case FaultKind::partition_one_way: fault.parameters["reset_percent"] = size; break;
        case FaultKind::short_reads: fault.parameters["bytes"] = size; break;
        case FaultKind::short_writes: fault.parameters["pieces"] = size; break;
        case FaultKind::corrupt_bytes: fault.parameters["per_million"] = size * 10; break;
        case FaultKind::bit_rot:
        case FaultKind::latent_error: fault.parameters["count"] = 1 + size % 3; break;
        default: break;
    }
}

// Shrinks towards the first.
rc::Gen<int64_t> one_of(std::vector<int64_t> values) {
    const auto place = rc::gen::inRange<size_t>(0, values.size());
    return rc::gen::map(place, [values = std::move(values)](size_t at) { return values[at]; });
}

rc::Gen<GeneratedFault> generated_faults() {
    return rc::gen::build<GeneratedFault>(
        rc::gen::set(&GeneratedFault::kind, rc::gen::elementOf(kinds)),
        rc::gen::set(&GeneratedFault::at_ms, rc::gen::inRange<int64_t>(0, chaos_ms)),
        rc::gen::set(&GeneratedFault::lasts_ms, rc::gen::inRange<int64_t>(1, 1'000)),
        rc::gen::set(&GeneratedFault::machine, rc::gen::inRange<int64_t>(0, 8)),
        rc::gen::set(&GeneratedFault::size, rc::gen::inRange<int64_t>(1, 100)));
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
    std::vector<std::string> machines;
    for (int64_t i = 1; i <= storage_nodes; ++i) machines.push_back("s" + std::to_string(i));
    for (int64_t i = 1; i <= balancers; ++i) machines.push_back("b" + std::to_string(i));
    uint32_t id = 0;
    for (const GeneratedFault& from : faults) {
        sim::Fault fault;
        fault.id = ++id;
        fault.kind = from.kind;
        fault.at = sim::SimTime{from.at_ms * 1'000'000};
        fault.lasts = Duration::milliseconds(from.lasts_ms);
        const bool of_disk = from.kind >= FaultKind::bit_rot && from.kind <= FaultKind::disks_swapped;
        const auto count = of_disk ? static_cast<size_t>(storage_nodes) : machines.size();
        const size_t first = damages(from.kind) ? 0 : static_cast<size_t>(from.machine) % count;
        fault.a = {machines[first]};
        fault.b = {machines[(first + 1) % machines.size()]};
        set_parameter(fault, from.size);
        plan.faults.faults.push_back(std::move(fault));
    }
    plan.faults.sort();
    return plan;
}

void showValue(const GeneratedPlan& plan, std::ostream& out) { out << plan.plan().to_short_string(); }

rc::Gen<GeneratedPlan> generated_plans() {
    using G = GeneratedPlan;
    return rc::gen::build<G>(
        rc::gen::set(&G::seed, rc::gen::inRange<uint64_t>(1, 1'000'000)),
        rc::gen::set(&G::storage_nodes, one_of({3, 4, 5})),
        rc::gen::set(&G::balancers, rc::gen::inRange<int64_t>(0, 4)),
        rc::gen::set(&G::data_groups, rc::gen::inRange<int64_t>(1, 4)),
        rc::gen::set(&G::clients, rc::gen::inRange<int64_t>(1, 9)),
        rc::gen::set(&G::hands, rc::gen::inRange<int64_t>(1, 4)),
        rc::gen::set(&G::queues, rc::gen::inRange<int64_t>(1, 5)),
        rc::gen::set(&G::think_ms, rc::gen::inRange<int64_t>(10, 400)),
        rc::gen::set(&G::snapshot_entries, one_of({2'000, 100, 20})),
        rc::gen::set(&G::segment_kib, one_of({1024, 256, 128})),
        rc::gen::set(&G::fault_points, one_of({0, 1})),
        rc::gen::set(&G::weights, rc::gen::container<std::vector<int64_t>>(
                                      op_kind_count, rc::gen::inRange<int64_t>(0, 100))),
        rc::gen::set(&G::faults, rc::gen::container<std::vector<GeneratedFault>>(generated_faults())));
}

}  // namespace quern::harness
