#include "sim/faults/plan_generate.h"

#include <algorithm>

#include "sim/world/draws.h"
#include "system/base/assert.h"

namespace quern::sim {

namespace {

// A fault's identity: kind * kind_stride + part * part_stride + ordinal, where parts are the faults
// that make up one pattern.
constexpr uint32_t kind_stride = 1000;
constexpr uint32_t part_stride = 100;
constexpr uint32_t parts_max = 9;

// The draws of one fault, numbered.
class Dice {
public:
    Dice(uint64_t seed, uint32_t fault) : seed_(seed), fault_(fault) {}
    uint64_t below(uint64_t bound) {
        return bounded(draw(seed_, Concern::plan_fault, fault_, ++ordinal_), bound);
    }
    int64_t between(int64_t low, int64_t high) {
        return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low) + 1));
    }
    template <typename T>
    T one_of(std::initializer_list<T> values) {
        return values.begin()[below(values.size())];
    }

private:
    uint64_t seed_;
    uint32_t fault_;
    uint64_t ordinal_ = 0;
};

bool of_disk(FaultKind kind) {
    return kind >= FaultKind::bit_rot && kind <= FaultKind::disks_swapped;
}

// Machines are taken by draw of (fault, name), so another machine in the shape shifts nothing.
std::vector<std::string> by_draw(uint64_t seed, uint32_t fault, const PlanShape& shape,
                                 bool storage_only) {
    std::vector<std::pair<uint64_t, std::string>> ranked;
    for (const PlanHost& host : shape.hosts) {
        if (storage_only && !host.storage) continue;
        ranked.emplace_back(draw(seed, Concern::plan_fault, fault, name_identity(host.name)),
                            host.name);
    }
    std::sort(ranked.begin(), ranked.end());
    std::vector<std::string> names;
    for (auto& [rank, name] : ranked)
        names.push_back(std::move(name));
    return names;
}

// Two sides of a cut: one tier from the other, or any two sets, with all machines on a side or with
// some that see both (a bridge).
void place_link(Fault& fault, Dice& dice, const PlanShape& shape,
                const std::vector<std::string>& names) {
    if (names.size() < 2) return;
    if (dice.below(5) == 0) {
        for (const PlanHost& host : shape.hosts)
            (host.storage ? fault.a : fault.b).push_back(host.name);
        if (!fault.a.empty() && !fault.b.empty()) return;
        fault.a.clear();
        fault.b.clear();
    }
    const size_t first = 1 + dice.below(names.size() - 1);
    size_t second_end = names.size();
    if (dice.below(3) == 0) second_end = first + 1 + dice.below(names.size() - first);
    fault.a.assign(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(first));
    fault.b.assign(names.begin() + static_cast<std::ptrdiff_t>(first),
                   names.begin() + static_cast<std::ptrdiff_t>(second_end));
    std::sort(fault.a.begin(), fault.a.end());
    std::sort(fault.b.begin(), fault.b.end());
}

// One machine, a zone, or (for what may strike many at once) all of them.
void place_machines(Fault& fault, Dice& dice, const PlanShape& shape,
                    const std::vector<std::string>& names) {
    if (names.empty()) return;
    fault.a = {names.front()};
    const bool together = fault.kind == FaultKind::kill || fault.kind == FaultKind::power_loss ||
                          fault.kind == FaultKind::pause || fault.kind == FaultKind::disk_full;
    if (!together) return;
    const uint64_t how_many = dice.below(8);
    if (how_many == 0) {
        fault.a = names;
    } else if (how_many == 1) {
        const auto zone_of = [&shape](const std::string& name) {
            for (const PlanHost& host : shape.hosts) {
                if (host.name == name) return host.zone;
            }
            return std::string();
        };
        const std::string zone = zone_of(names.front());
        std::erase_if(fault.a, [](const std::string&) { return true; });
        for (const std::string& name : names) {
            if (zone_of(name) == zone) fault.a.push_back(name);
        }
    } else if (how_many == 2 && names.size() > 2) {
        fault.a.push_back(names[1]);
    }
    std::sort(fault.a.begin(), fault.a.end());
}

void parameters_network(Fault& fault, Dice& dice) {
    auto& p = fault.parameters;
    switch (fault.kind) {
        case FaultKind::slow_link:
            p["factor"] = dice.one_of({3, 10, 100, 1000});
            break;
        case FaultKind::corrupt_bytes:
            p["per_million"] = dice.one_of({100, 2'000, 50'000});
            break;
        case FaultKind::reset:
        case FaultKind::half_open:
            p["percent"] = dice.one_of({20, 50, 100});
            break;
        case FaultKind::partition:
        case FaultKind::partition_one_way:
            p["reset_percent"] = dice.one_of({0, 0, 30, 100});
            break;
        case FaultKind::short_reads:
            p["bytes"] = dice.one_of({1, 2, 7, 100});
            break;
        case FaultKind::short_writes:
            p["pieces"] = dice.one_of({2, 4, 16});
            break;
        case FaultKind::back_pressure:
            p["bytes"] = dice.one_of({1, 512, 16'384});
            break;
        default:
            break;
    }
}

void parameters_machine(Fault& fault, Dice& dice) {
    auto& p = fault.parameters;
    switch (fault.kind) {
        case FaultKind::bit_rot:
        case FaultKind::latent_error:
        case FaultKind::lost_write:
            p["count"] = dice.between(1, 4);
            break;
        case FaultKind::write_error:
        case FaultKind::sync_error:
            p["count"] = 1;
            break;
        case FaultKind::disk_slow:
            p["factor"] = dice.one_of({5, 30, 100});
            break;
        case FaultKind::clock_jump:
            p["ms"] = dice.between(1, 3'600'000);
            if (dice.below(2) == 0) p["ms"] = -p["ms"];
            if (dice.below(2) == 0) p["ms"] /= 1'000;
            break;
        case FaultKind::clock_drift:
            p["ppb"] = dice.between(-500'000, 500'000);
            break;
        case FaultKind::kill:
        case FaultKind::power_loss:
            // Ten of eleven wait for a write to be under way.
            if (dice.below(11) > 0) p["write_pending_ms"] = dice.between(10, 1'000);
            if (dice.below(4) == 0) p["again_ms"] = dice.one_of({1, 20, 300});
            break;
        default:
            break;
    }
}

Fault generate_fault(uint64_t seed, FaultKind kind, uint32_t ordinal, const PlanShape& shape,
                     const PlanKnobs& knobs) {
    Fault fault;
    fault.kind = kind;
    fault.id = (static_cast<uint32_t>(kind) + 1) * kind_stride + ordinal;
    Dice dice(seed, fault.id);
    const int64_t longest = std::min(knobs.lasts_max.ns, shape.length.ns / 2);
    const int64_t shortest = std::min(knobs.lasts_min.ns, longest);
    // The smaller of two draws: short faults are commoner, long ones not rare.
    fault.lasts.ns = std::min(dice.between(shortest, longest), dice.between(shortest, longest));
    fault.at.ns = dice.between(0, shape.length.ns - fault.lasts.ns);
    const auto names = by_draw(seed, fault.id, shape, of_disk(kind));
    if (strikes_links(kind)) {
        place_link(fault, dice, shape, names);
    } else if (kind == FaultKind::disks_swapped) {
        if (names.size() >= 2) {
            fault.a = {names[0]};
            fault.b = {names[1]};
        }
    } else {
        place_machines(fault, dice, shape, names);
    }
    parameters_network(fault, dice);
    parameters_machine(fault, dice);
    if (of_disk(kind) && !shape.file_classes.empty() && dice.below(2) == 0) {
        fault.file_class = shape.file_classes[dice.below(shape.file_classes.size())];
    }
    // What was written last is what matters most.
    const bool at_rest = fault.kind == FaultKind::bit_rot || fault.kind == FaultKind::latent_error;
    if (at_rest && fault.file_class == "wal" && dice.below(2) == 0) {
        fault.parameters["newest_bytes"] = dice.one_of({512, 4'096, 65'536});
        fault.parameters["count"] = dice.one_of({1, 8, 32});
    }
    const bool crash = fault.kind == FaultKind::kill || fault.kind == FaultKind::power_loss;
    if (crash && !knobs.forbidden[static_cast<uint8_t>(FaultKind::bit_rot)] &&
        dice.below(100) < knobs.crash_rots_per_cent) {
        // The last few bytes are payload. Without the head of its last batch a node does not start again.
        const int64_t newest = dice.one_of({12, 24, 60, 200, 512, 4'096});
        fault.parameters["rot_newest_bytes"] = knobs.rot_payloads ? 12 : newest;
        if (knobs.worn_disks && dice.below(2) == 0) {
            fault.parameters["lost_sectors"] = dice.one_of({4, 16, 64});
        }
    }
    if (at_rest && knobs.worn_disks && dice.below(2) == 0) {
        fault.file_class = "wal";
        fault.parameters["count"] = dice.one_of({16, 128});
        fault.parameters.erase("newest_bytes");
    }
    return fault;
}

// A ring: each machine sees its two neighbours alone, so with five there are five majorities.
std::vector<Fault> ring(const Fault& base, const std::vector<std::string>& names) {
    std::vector<Fault> parts;
    for (size_t i = 0; i + 2 < names.size() && parts.size() < parts_max; ++i) {
        Fault part = base;
        part.id = base.id + static_cast<uint32_t>(parts.size()) * part_stride;
        part.a = {names[i]};
        part.b.clear();
        for (size_t j = i + 2; j < names.size(); ++j) {
            if (i != 0 || j + 1 != names.size()) part.b.push_back(names[j]);
        }
        if (!part.b.empty()) parts.push_back(std::move(part));
    }
    return parts;
}

// A swizzle: machines are clogged one after another and freed in another order.
std::vector<Fault> swizzle(const Fault& base, Dice& dice, const std::vector<std::string>& names) {
    std::vector<Fault> parts;
    for (size_t i = 0; i < names.size() && parts.size() < parts_max; ++i) {
        Fault part = base;
        part.id = base.id + static_cast<uint32_t>(i) * part_stride;
        part.a = {names[i]};
        part.b.clear();
        for (const std::string& name : names) {
            if (name != names[i]) part.b.push_back(name);
        }
        const int64_t late =
            base.lasts.ns / 2 / static_cast<int64_t>(names.size()) * static_cast<int64_t>(i);
        part.at.ns += late;
        part.lasts.ns = base.lasts.ns / 2 + dice.between(0, base.lasts.ns / 2) - late;
        parts.push_back(std::move(part));
    }
    return parts;
}

// A disk that rots while its machine is down is one that may be damaged; others may be down as well.
void place_rot(Fault& fault, const PlanShape& shape, uint64_t seed, const Atlas& atlas) {
    if (!rots(fault) || atlas.scope() != AtlasScope::machines) return;
    const auto permitted = [&atlas](const std::string& name) { return atlas.permits_machine(name); };
    const auto names = by_draw(seed, fault.id, shape, true);
    const auto found = std::find_if(names.begin(), names.end(), permitted);
    if (found == names.end()) return;
    if (fault.parameter("lost_sectors", 0) > 0) fault.a.resize(1);
    if (std::any_of(fault.a.begin(), fault.a.end(), permitted)) return;
    fault.a.front() = *found;
    std::sort(fault.a.begin(), fault.a.end());
}

// One fault, or the parts of a pattern.
std::vector<Fault> generate_faults(uint64_t seed, FaultKind kind, uint32_t ordinal,
                                   const PlanShape& shape, const PlanKnobs& knobs) {
    Fault fault = generate_fault(seed, kind, ordinal, shape, knobs);
    Dice dice(seed, fault.id + part_stride);
    const auto names = by_draw(seed, fault.id + part_stride, shape, true);
    if (kind == FaultKind::partition && names.size() >= 4 && dice.below(5) == 0) {
        return ring(fault, names);
    }
    if (kind == FaultKind::clog && names.size() >= 2 && dice.below(3) == 0) {
        return swizzle(fault, dice, names);
    }
    return {std::move(fault)};
}

bool permitted(const Fault& fault, const Atlas& atlas) {
    if (fault.a.empty()) return false;
    if (!destroys_durable_data(fault.kind) || atlas.scope() == AtlasScope::chunks) {
        return fault.kind != FaultKind::disk_lost || atlas.permits_machine(fault.a.front());
    }
    return atlas.permits_machine(fault.a.front());
}

}  // namespace

Fault draw_fault(uint64_t seed, FaultKind kind, uint32_t ordinal, const PlanShape& shape,
                 const PlanKnobs& knobs) {
    return generate_fault(seed, kind, ordinal, shape, knobs);
}

bool strikes_links(FaultKind kind) {
    return kind == FaultKind::clog || kind == FaultKind::partition ||
           kind == FaultKind::partition_one_way || kind == FaultKind::slow_link ||
           kind == FaultKind::corrupt_bytes || kind == FaultKind::reset ||
           kind == FaultKind::half_open;
}

bool rots(const Fault& fault) {
    return fault.parameter("rot_newest_bytes", 0) > 0 || fault.parameter("lost_sectors", 0) > 0;
}

bool destroys_durable_data(FaultKind kind) {
    switch (kind) {
        case FaultKind::bit_rot:
        case FaultKind::latent_error:
        case FaultKind::lost_write:
        case FaultKind::misdirected_write:
        case FaultKind::file_truncated:
        case FaultKind::disk_lost:
            return true;
        default:
            return false;
    }
}

FaultPlan generate_plan(uint64_t seed, const PlanShape& shape, const PlanKnobs& knobs,
                        const Atlas& atlas) {
    QUERN_ASSERT(knobs.per_kind_max <= part_stride);
    FaultPlan plan;
    if (bounded(draw(seed, Concern::plan, 0, 0), 100) < knobs.quiet_per_cent) return plan;
    for (size_t i = 0; i < fault_kind_count; ++i) {
        const auto kind = static_cast<FaultKind>(i);
        // Keyed by name: a new kind leaves the draws of the others as they were.
        const uint64_t identity = name_identity(fault_kind_name(kind));
        if (knobs.forbidden[i]) continue;
        const uint32_t weight = knobs.weights[i];
        const uint64_t chance = uint64_t{knobs.kind_per_cent} * weight;  // in ten thousand
        if (bounded(draw(seed, Concern::plan, identity, 1), 100) * 100 >= chance) continue;
        const uint32_t most = std::clamp(knobs.per_kind_max * weight / 100, 1U, part_stride);
        const uint64_t count = 1 + bounded(draw(seed, Concern::plan, identity, 2), most);
        for (uint32_t ordinal = 0; ordinal < count; ++ordinal) {
            for (Fault& fault : generate_faults(seed, kind, ordinal, shape, knobs)) {
                place_rot(fault, shape, seed, atlas);
                if (permitted(fault, atlas)) plan.faults.push_back(std::move(fault));
            }
        }
    }
    // The budget keeps those with the lowest draw by their kind's weight.
    const auto kept_before = [&](const Fault& x, const Fault& y) {
        const auto weight = [&](const Fault& f) { return knobs.weights[static_cast<size_t>(f.kind)]; };
        using Wide = unsigned __int128;
        const Wide of_x = draw(seed, Concern::plan, x.id, 3);
        const Wide of_y = draw(seed, Concern::plan, y.id, 3);
        return of_x * weight(y) < of_y * weight(x);
    };
    std::sort(plan.faults.begin(), plan.faults.end(), kept_before);
    if (plan.faults.size() > knobs.faults_max) plan.faults.resize(knobs.faults_max);
    plan.sort();
    return plan;
}

}  // namespace quern::sim
