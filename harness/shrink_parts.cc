// Leaving out whole elements of a plan.
#include <algorithm>
#include <set>

#include "harness/shrinker.h"

namespace quern::harness {

namespace {

// More are not moved between clients: first there must be fewer.
constexpr size_t operations_moved_max = 60;

template <typename T>
std::vector<T> chosen_of(const std::vector<T>& all, const Selection& selection) {
    std::vector<T> some;
    for (const size_t at : selection) some.push_back(all[at]);
    return some;
}

std::set<uint32_t> clients_of(const RunPlan& plan) {
    std::set<uint32_t> clients;
    for (const PlannedOperation& op : plan.operations) clients.insert(op.client);
    return clients;
}

// The operations of `from` become those of `to`, behind its own in number.
void move_client(RunPlan& plan, uint32_t from, uint32_t to) {
    uint32_t offset = 0;
    for (const PlannedOperation& op : plan.operations) {
        if (op.client == to) offset = std::max(offset, op.ordinal + 1);
    }
    for (PlannedOperation& op : plan.operations) {
        if (op.client != from) continue;
        op.client = to;
        op.ordinal += offset;
        for (PlannedReceipt& receipt : op.receipts) receipt.ordinal += offset;
    }
}

// Machines that the cluster has no more are taken out of the faults.
void forget_machines(RunPlan& plan) {
    auto exists = [&](const std::string& name) {
        const int64_t number = std::stoll(name.substr(1));
        return number <= (name[0] == 's' ? plan.storage_nodes : plan.balancers);
    };
    auto& faults = plan.faults.faults;
    for (sim::Fault& fault : faults) {
        std::erase_if(fault.a, [&](const std::string& name) { return !exists(name); });
        std::erase_if(fault.b, [&](const std::string& name) { return !exists(name); });
    }
    std::erase_if(faults, [](const sim::Fault& fault) { return fault.a.empty(); });
}

// Knobs with passes of their own.
bool apart(const std::string& name) {
    static const std::set<std::string> names = {"storage_nodes", "balancers", "data_groups",
                                                "replication", "clients", "chaos_ms", "stop_ms",
                                                "scripted"};
    return names.contains(name);
}

}  // namespace

void Shrinker::fewer_faults() {
    const RunPlan base = best_;
    const bool less = reduce(base.faults.faults.size(), [&](const Selection& selection) {
        RunPlan plan = base;
        plan.faults.faults = chosen_of(base.faults.faults, selection);
        return plan;
    });
    if (less) say("faults left out");
}

void Shrinker::fewer_aims() {
    const RunPlan base = best_;
    const bool less = reduce(base.aims.size(), [&](const Selection& selection) {
        RunPlan plan = base;
        plan.aims = chosen_of(base.aims, selection);
        return plan;
    });
    if (less) say("aims left out");
}

void Shrinker::fewer_operations() {
    if (best_.scripted == 0) return;
    const RunPlan base = best_;
    const bool less = reduce(base.operations.size(), [&](const Selection& selection) {
        RunPlan plan = base;
        plan.operations = chosen_of(base.operations, selection);
        return plan;
    });
    if (less) say("operations left out");
}

void Shrinker::fewer_clients() {
    accept_change([](RunPlan& plan) { plan.worker_clients = 0; });
    if (best_.scripted == 0) {
        std::vector<RunPlan> plans;
        for (const int64_t clients : {int64_t{1}, int64_t{2}, best_.clients / 2, best_.clients - 1}) {
            if (clients < 1 || clients >= best_.clients) continue;
            plans.push_back(best_);
            plans.back().clients = clients;
            plans.back().worker_clients = std::min(plans.back().worker_clients, clients - 1);
        }
        accept_first(std::move(plans));
        return;
    }
    if (best_.operations.size() > operations_moved_max) return;
    bool moved = true;
    while (moved) {
        moved = false;
        const std::set<uint32_t> clients = clients_of(best_);
        for (auto from = clients.rbegin(); from != clients.rend() && !moved; ++from) {
            std::vector<RunPlan> plans;
            for (uint32_t to = 1; to < *from; ++to) {
                plans.push_back(best_);
                move_client(plans.back(), *from, to);
            }
            moved = accept_first(std::move(plans));
        }
    }
    accept_change([](RunPlan& plan) {
        const std::set<uint32_t> clients = clients_of(plan);
        plan.clients = clients.empty() ? 1 : *clients.rbegin();
        plan.worker_clients = std::min(plan.worker_clients, plan.clients - 1);
    });
}

void Shrinker::fewer_nodes() {
    auto smaller = [this](int64_t RunPlan::*part, int64_t least) {
        std::vector<RunPlan> plans;
        for (int64_t n = least; n < best_.*part; ++n) {
            plans.push_back(best_);
            RunPlan& plan = plans.back();
            plan.*part = n;
            plan.replication = std::min(plan.replication, plan.storage_nodes);
            plan.core_size = std::min(plan.core_size, plan.storage_nodes);
            forget_machines(plan);
        }
        return accept_first(std::move(plans));
    };
    bool less = smaller(&RunPlan::data_groups, 1);
    less = smaller(&RunPlan::balancers, 0) || less;
    less = smaller(&RunPlan::storage_nodes, 1) || less;
    less = smaller(&RunPlan::replication, 1) || less;
    if (less) say("nodes left out");
}

void Shrinker::fewer_knobs() {
    RunPlan defaults;
    const RunPlan base = best_;
    std::vector<size_t> bent;  // that differ from their defaults
    {
        RunPlan plan = base;
        const auto knobs = knobs_of(plan);
        const auto usual = knobs_of(defaults);
        for (size_t i = 0; i < knobs.size(); ++i) {
            if (*knobs[i].value != *usual[i].value && !apart(knobs[i].name)) bent.push_back(i);
        }
    }
    const bool less = reduce(bent.size(), [&](const Selection& kept) {
        RunPlan plan = base;
        const auto knobs = knobs_of(plan);
        const auto usual = knobs_of(defaults);
        std::set<size_t> keep;
        for (const size_t at : kept) keep.insert(bent[at]);
        for (const size_t i : bent) {
            if (!keep.contains(i)) *knobs[i].value = *usual[i].value;
        }
        return plan;
    });
    if (less) say("knobs set to their defaults");
    accept_change([](RunPlan& plan) { plan.by_name = 0; });
    accept_change([](RunPlan& plan) { plan.plain_queues = 1; });
    std::vector<RunPlan> plans;
    for (int64_t queues = 1; queues < std::min<int64_t>(best_.queues, 4); ++queues) {
        plans.push_back(best_);
        plans.back().queues = queues;
    }
    accept_first(std::move(plans));
    smaller_units();
}

// Where a snapshot or a new segment is what it takes, one that comes sooner needs fewer operations.
void Shrinker::smaller_units() {
    auto smaller = [this](int64_t RunPlan::*knob, std::initializer_list<int64_t> values) {
        if (best_.*knob == RunPlan{}.*knob) return;
        std::vector<RunPlan> plans;
        for (const int64_t value : values) {
            if (value >= best_.*knob) continue;
            plans.push_back(best_);
            plans.back().*knob = value;
        }
        accept_first(std::move(plans));
    };
    smaller(&RunPlan::snapshot_entries, {1, 3, 6, 10, 20, 50, 100});
    smaller(&RunPlan::segment_kib, {64, 128, 256});
}

}  // namespace quern::harness
