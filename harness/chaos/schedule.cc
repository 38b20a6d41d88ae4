#include "harness/chaos/schedule.h"

#include <algorithm>
#include <vector>

#include "system/base/assert.h"
#include "system/base/prng.h"

namespace quern::harness::chaos {

namespace {

constexpr uint64_t concern = 2001;  // after those of harness/concerns.h
constexpr std::string_view names[] = {"kill", "pause", "cut",   "cut_one_way", "loss",
                                      "rate", "delay", "clock", "full_disk",   "power_loss"};
static_assert(std::size(names) == trouble_count);
constexpr int64_t lasts_ms_min = 300;
constexpr int64_t lasts_ms_max = 6'000;

// The draws of one fault of one trouble.
class Dice {
public:
    Dice(uint64_t seed, Trouble trouble, uint64_t ordinal)
        : random_(draw(seed, concern, static_cast<uint64_t>(trouble) + 1, ordinal)) {}
    uint64_t below(uint64_t bound) { return random_.below(bound); }
    int64_t between(int64_t low, int64_t high) {
        return low + static_cast<int64_t>(random_.below(static_cast<uint64_t>(high - low) + 1));
    }
    int64_t one_of(std::initializer_list<int64_t> values) { return values.begin()[below(values.size())]; }

private:
    Prng random_;
};

std::string node_name(uint64_t node) { return "s" + std::to_string(node); }

// One node mostly, rarely several or all.
std::vector<std::string> draw_nodes(Dice& dice, const ScheduleOptions& options) {
    const uint64_t first = 1 + dice.below(options.nodes);
    uint64_t count = 1;
    if (dice.below(10) == 0) count = options.nodes;
    else if (dice.below(6) == 0) count = std::min<uint64_t>(2, options.nodes);
    std::vector<std::string> chosen;
    for (uint64_t i = 0; i < count; ++i) chosen.push_back(node_name(1 + (first - 1 + i) % options.nodes));
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

// One node against the others, sometimes against the clients too, or against one other alone.
void draw_sides(Dice& dice, const ScheduleOptions& options, sim::Fault& fault) {
    const uint64_t lonely = 1 + dice.below(options.nodes);
    const uint64_t way = dice.below(10);
    std::vector<std::string> rest;
    for (uint64_t node = 1; node <= options.nodes; ++node) {
        if (node != lonely) rest.push_back(node_name(node));
    }
    if (way < 3 && rest.size() > 1) rest.resize(1);
    if (way >= 7 || rest.empty()) {
        for (uint64_t client = 1; client <= options.clients; ++client) {
            rest.push_back("c" + std::to_string(client));
        }
    }
    fault.a = {node_name(lonely)};
    fault.b = std::move(rest);
    if (dice.below(2) == 0) std::swap(fault.a, fault.b);
}

// What the simulator would do to the link: its latency, of some 60 µs, times so much.
constexpr int64_t link_us = 60;

void draw_effect(Dice& dice, const ScheduleOptions& options, Trouble trouble, sim::Fault& fault) {
    switch (trouble) {
        case Trouble::kill:
            fault.kind = sim::FaultKind::kill;
            fault.a = draw_nodes(dice, options);
            return;
        case Trouble::pause:
            fault.kind = sim::FaultKind::pause;
            fault.a = draw_nodes(dice, options);
            return;
        case Trouble::cut:
            fault.kind = sim::FaultKind::partition;
            return draw_sides(dice, options, fault);
        case Trouble::cut_one_way:
            fault.kind = sim::FaultKind::partition_one_way;
            return draw_sides(dice, options, fault);
        case Trouble::loss:
            fault.kind = sim::FaultKind::slow_link;
            fault.parameters["loss_percent"] = dice.one_of({1, 5, 10, 30, 50});
            fault.parameters["factor"] = 500;  // a packet is sent again after some 200 ms
            return draw_sides(dice, options, fault);
        case Trouble::rate:
            fault.kind = sim::FaultKind::slow_link;
            fault.parameters["rate_kbit"] = dice.one_of({100, 300, 1'000, 5'000});
            fault.parameters["factor"] = 100;
            fault.a = draw_nodes(dice, options);
            for (uint64_t node = 1; node <= options.nodes; ++node) fault.b.push_back(node_name(node));
            return;
        case Trouble::delay: {
            fault.kind = sim::FaultKind::slow_link;
            const int64_t delay_ms = dice.one_of({2, 10, 50, 200, 600});
            fault.parameters["delay_ms"] = delay_ms;
            fault.parameters["factor"] = delay_ms * 1'000 / link_us;
            return draw_sides(dice, options, fault);
        }
        case Trouble::clock:
            fault.kind = sim::FaultKind::clock_jump;
            fault.a = {node_name(1 + dice.below(options.nodes))};
            fault.parameters["ms"] = dice.one_of({-3'600'000, -30'000, -2'000, -200, 200, 2'000, 30'000,
                                                  3'600'000});
            return;
        case Trouble::full_disk:
            fault.kind = sim::FaultKind::disk_full;
            fault.a = {node_name(small_disk_node(options))};
            return;
        case Trouble::power_loss:
            fault.kind = sim::FaultKind::power_loss;
            fault.a = draw_nodes(dice, options);
            if (!options.troubles.contains(Trouble::full_disk)) return;
            std::erase(fault.a, node_name(small_disk_node(options)));
            return;
        case Trouble::count: break;
    }
    QUERN_UNREACHABLE();
}

bool exists(const ScheduleOptions& options, Trouble trouble) {
    return Dice(options.seed, trouble, UINT64_MAX).below(2) == 0;
}

void add_faults(const ScheduleOptions& options, Trouble trouble, uint64_t count, sim::FaultPlan& plan) {
    for (uint64_t i = 0; i < count; ++i) {
        Dice dice(options.seed, trouble, i);
        sim::Fault fault;
        fault.id = static_cast<uint32_t>(static_cast<uint64_t>(trouble) * 1'000 + i + 1);
        const int64_t end = options.length_ms * 95 / 100;
        const int64_t at = dice.between(options.length_ms / 20, std::max(end - lasts_ms_min, int64_t{1}));
        const int64_t lasts = dice.between(lasts_ms_min, lasts_ms_max);
        fault.at = {at * 1'000'000};
        fault.lasts = Duration::milliseconds(std::clamp<int64_t>(end - at, 0, lasts));
        draw_effect(dice, options, trouble, fault);
        if (!fault.a.empty()) plan.faults.push_back(std::move(fault));
    }
}

}  // namespace

std::string_view trouble_name(Trouble trouble) { return names[static_cast<size_t>(trouble)]; }

std::optional<Trouble> trouble_from(std::string_view name) {
    const auto* found = std::find(std::begin(names), std::end(names), name);
    if (found == std::end(names)) return std::nullopt;
    return static_cast<Trouble>(found - std::begin(names));
}

Trouble trouble_of(const sim::Fault& fault) {
    switch (fault.kind) {
        case sim::FaultKind::kill: return Trouble::kill;
        case sim::FaultKind::pause: return Trouble::pause;
        case sim::FaultKind::partition: return Trouble::cut;
        case sim::FaultKind::partition_one_way: return Trouble::cut_one_way;
        case sim::FaultKind::clock_jump: return Trouble::clock;
        case sim::FaultKind::disk_full: return Trouble::full_disk;
        case sim::FaultKind::power_loss: return Trouble::power_loss;
        case sim::FaultKind::slow_link:
            if (fault.parameter("loss_percent", 0) > 0) return Trouble::loss;
            if (fault.parameter("rate_kbit", 0) > 0) return Trouble::rate;
            return Trouble::delay;
        default: break;
    }
    return Trouble::count;
}

uint32_t small_disk_node(const ScheduleOptions& options) {
    return 1 + static_cast<uint32_t>(draw(options.seed, concern, 0, 0) % options.nodes);
}

bool clocks_have_a_majority(const sim::FaultPlan& plan) {
    for (const sim::Fault& one : plan.faults) {
        for (const sim::Fault& other : plan.faults) {
            const bool clocks = one.kind == sim::FaultKind::clock_jump &&
                                other.kind == sim::FaultKind::clock_jump && one.a != other.a;
            if (clocks && one.at <= other.end() && other.at <= one.end()) return false;
        }
    }
    return true;
}

sim::FaultPlan make_schedule(const ScheduleOptions& options) {
    sim::FaultPlan plan;
    const auto most = static_cast<uint64_t>(std::clamp<int64_t>(options.length_ms / 8'000, 1, 20));
    std::vector<Trouble> chosen;
    for (const Trouble trouble : options.troubles) {
        if (exists(options, trouble)) chosen.push_back(trouble);
    }
    if (chosen.empty()) chosen.assign(options.troubles.begin(), options.troubles.end());
    for (const Trouble trouble : chosen) {
        const uint64_t count = 1 + Dice(options.seed, trouble, UINT64_MAX - 1).below(most);
        add_faults(options, trouble, count, plan);
    }
    plan.sort();
    return plan;
}

}  // namespace quern::harness::chaos
