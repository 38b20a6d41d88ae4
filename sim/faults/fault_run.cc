#include "sim/faults/fault_run.h"

#include <algorithm>

#include "sim/faults/plan_generate.h"
#include "sim/world/disk_damage.h"
#include "sim/world/draws.h"
#include "system/base/assert.h"

namespace quern::sim {

FaultRun::FaultRun(World& world, const Atlas& atlas, FaultPlan plan)
    : world_(world), atlas_(atlas), plan_(std::move(plan)) {}

FaultRun::~FaultRun() {
    cancel_all();
    disarm();
}

void FaultRun::make_room(size_t faults) { plan_.faults.reserve(plan_.faults.size() + faults); }

bool FaultRun::permits(const Fault& fault) const {
    if (!destroys_durable_data(fault.kind)) return true;
    return std::all_of(fault.a.begin(), fault.a.end(),
                       [this](const std::string& name) { return atlas_.permits_machine(name); });
}

bool FaultRun::add(Fault fault, Duration delay) {
    if (!open_ || !permits(fault)) return false;
    // Crashes that wait hold on to their faults.
    QUERN_ASSERT(plan_.faults.size() < plan_.faults.capacity());
    fault.at = SimTime{} + (world_.now() + delay - started_);
    plan_.faults.push_back(std::move(fault));
    schedule(delay, plan_.faults.back().id, [this, i = plan_.faults.size() - 1] { begin(i); });
    return true;
}

void FaultRun::start() {
    started_ = world_.now();
    open_ = true;
    const uint32_t machines = world_.machine_count();
    links_.assign(machines, std::vector<LinkOptions>(machines));
    for (uint32_t from = 0; from < machines; ++from) {
        clocks_[from] = world_.machine(from).clock().options();
        for (uint32_t to = 0; to < machines; ++to) {
            links_[from][to] = world_.fabric().link_options(from, to);
        }
    }
    for (size_t i = 0; i < plan_.faults.size(); ++i) {
        const Fault& fault = plan_.faults[i];
        schedule(Duration{fault.at.ns}, fault.id, [this, i] { begin(i); });
    }
}

void FaultRun::schedule(Duration delay, uint64_t identity, Callback<void()> what) {
    std::erase_if(events_, [this](EventId id) { return !world_.scheduler().pending(id); });
    events_.push_back(
        world_.scheduler().after(delay, world_owner, EventKind::fault, identity, std::move(what)));
}

void FaultRun::cancel_all() {
    for (const EventId id : events_)
        world_.scheduler().cancel(id);
    events_.clear();
}

void FaultRun::trace(const Fault& fault, const char* what) {
    if (world_.trace().enabled()) world_.trace().line("fault", what, fault.to_string());
}

// Crashes that wait for a write wait no longer.
void FaultRun::disarm() {
    for (uint32_t i = 0; i < world_.machine_count(); ++i) {
        world_.machine(i).disk().on_next_write(nullptr);
    }
}

FaultRun::Machines FaultRun::machines_of(const std::vector<std::string>& names) const {
    Machines machines;
    for (const std::string& name : names) {
        if (Machine* machine = world_.find(name)) machines.push_back(machine);
    }
    return machines;
}

bool FaultRun::suffers(FaultKind kind, const std::string& machine) const {
    return strongest(kind, machine, "", 0) > 0;
}

// The largest parameter among active faults of that kind on that machine; 0 if there is none.
int64_t FaultRun::strongest(FaultKind kind, const std::string& machine,
                            const std::string& parameter, int64_t otherwise) const {
    int64_t most = 0;
    for (const size_t index : active_) {
        const Fault& fault = plan_.faults[index];
        if (fault.kind != kind) continue;
        if (std::find(fault.a.begin(), fault.a.end(), machine) == fault.a.end()) continue;
        most = std::max<int64_t>({most, 1, fault.parameter(parameter, otherwise)});
    }
    return most;
}

void FaultRun::begin(size_t index) {
    const Fault& fault = plan_.faults[index];
    active_.insert(index);
    ++begun_;
    trace(fault, "begins:");
    if (fault.kind != FaultKind::kill && fault.kind != FaultKind::power_loss) strikes(fault, nullptr);
    const Machines places = machines_of(fault.a);
    switch (fault.kind) {
        case FaultKind::kill:
        case FaultKind::power_loss:
            for (Machine* machine : places)
                arm_crash(index, *machine);
            break;
        case FaultKind::pause:
            for (Machine* machine : places) {
                if (machine->running() && !machine->paused()) {
                    world_.counters().struck(FaultKind::pause);
                }
                ++held_[machine->index()];
                machine->pause();
            }
            break;
        case FaultKind::disks_swapped:
            begin_swap(fault);
            break;
        default:
            begin_network(fault);
            begin_disk(index);
            for (Machine* machine : places) {
                begin_clock(fault, *machine);
                settle_machine(*machine);
            }
    }
    schedule(fault.lasts, fault.id, [this, index] { end(index); });
}

void FaultRun::begin_network(const Fault& fault) {
    Fabric& fabric = world_.fabric();
    const uint64_t key = mix64(fault.id);
    uint64_t struck = 0;
    const bool cut =
        fault.kind == FaultKind::partition || fault.kind == FaultKind::partition_one_way;
    const auto percent =
        static_cast<uint32_t>(fault.parameter(cut ? "reset_percent" : "percent", cut ? 0 : 100));
    if (cut) {
        block(fault, fault.kind == FaultKind::partition);
        ++struck;
    }
    for (const Machine* a : machines_of(fault.a)) {
        for (const Machine* b : machines_of(fault.b)) {
            if (fault.kind == FaultKind::clog) {
                const SimTime until = world_.now() + fault.lasts;
                fabric.clog(a->index(), b->index(), until);
                fabric.clog(b->index(), a->index(), until);
                ++struck;
            } else if (fault.kind == FaultKind::half_open) {
                struck += fabric.half_open_streams(a->index(), b->index(), key, percent);
            } else if (fault.kind == FaultKind::reset) {
                struck += fabric.reset_streams(a->index(), b->index(), key, percent);
            } else if (cut && percent > 0) {
                world_.counters().struck(
                    FaultKind::reset, fabric.reset_streams(a->index(), b->index(), key, percent));
            }
        }
    }
    if (fault.kind == FaultKind::slow_link) ++struck;
    if (fault.kind == FaultKind::slow_link || fault.kind == FaultKind::corrupt_bytes)
        settle_links();
    if (struck > 0) world_.counters().struck(fault.kind, struck);
}

void FaultRun::begin_disk(size_t index) {
    const Fault& fault = plan_.faults[index];
    for (Machine* machine : machines_of(fault.a)) {
        SimDisk& disk = machine->disk();
        const auto count = static_cast<uint32_t>(fault.parameter("count", 1));
        switch (fault.kind) {
            case FaultKind::bit_rot:
            case FaultKind::latent_error:
            case FaultKind::file_truncated:
            case FaultKind::lost_write:
            case FaultKind::misdirected_write:
                damage_disk(world_, *machine, atlas_,
                            {fault.kind, fault.id, count, fault.file_class,
                             static_cast<uint64_t>(fault.parameter("newest_bytes", 0)),
                             static_cast<uint32_t>(fault.parameter("lost_sectors", 1))});
                break;
            case FaultKind::write_error:
                disk.fail_writes(count, fault.file_class);
                break;
            case FaultKind::sync_error:
                disk.fail_syncs(count, fault.file_class);
                break;
            case FaultKind::disk_lost:
                if (!atlas_.permits_machine(machine->name())) break;
                world_.counters().struck(FaultKind::disk_lost);
                take_down(*machine);
                machine->power_loss(CrashLoss::everything);
                disk.platter().wipe();
                crashed_[index].insert(machine->index());
                break;
            default:
                break;
        }
    }
}

void FaultRun::begin_clock(const Fault& fault, Machine& machine) {
    SimClock& clock = machine.clock();
    if (fault.kind == FaultKind::clock_jump) {
        clock.jump_wall(Duration::milliseconds(fault.parameter("ms", 1'000)));
    } else if (fault.kind == FaultKind::clock_drift) {
        clock.set_drift(clock.options().drift_ppb + fault.parameter("ppb", 0));
    } else if (fault.kind != FaultKind::clock_freeze) {
        return;
    }
    world_.counters().struck(fault.kind);
}

// Both go down, change disks and come up; so again at the end.
void FaultRun::begin_swap(const Fault& fault) {
    const Machines a = machines_of(fault.a);
    const Machines b = machines_of(fault.b);
    if (a.empty() || b.empty() || a[0] == b[0]) return;
    const bool a_ran = a[0]->running();
    const bool b_ran = b[0]->running();
    a[0]->power_loss();
    b[0]->power_loss();
    a[0]->disk().swap_platter(b[0]->disk());
    world_.counters().struck(FaultKind::disks_swapped);
    if (a_ran) a[0]->start();
    if (b_ran) b[0]->start();
}

void FaultRun::arm_crash(size_t index, Machine& machine) {
    const Fault& fault = plan_.faults[index];
    const int64_t window = fault.parameter("write_pending_ms", 0);
    take_down(machine);
    crashed_[index].insert(machine.index());
    if (window <= 0 || !machine.running()) {
        crash(fault, machine);
        return;
    }
    // The crash comes while the write is under way, or after it completed but before the next step.
    const Duration delay{static_cast<int64_t>(bounded(
        draw(world_.seed(), Concern::fault_effect, fault.id, machine.identity()), 300'000))};
    const uint32_t life = machine.life();
    const auto strike = [this, &fault, &machine, life] {
        if (machine.life() == life && down_[machine.index()] > 0) crash(fault, machine);
    };
    machine.disk().on_next_write(
        [this, delay, strike, &fault] { schedule(delay, fault.id, strike); });
    schedule(std::min(Duration::milliseconds(window), fault.lasts / 2), fault.id, strike);
}

void FaultRun::crash(const Fault& fault, Machine& machine) {
    const bool power = fault.kind == FaultKind::power_loss;
    if (!machine.running() && !(power && machine.powered())) return;
    world_.counters().struck(fault.kind);
    const int64_t loss = fault.parameter("loss", -1);
    strikes(fault, &machine);
    if (!power) {
        machine.kill();
    } else if (loss >= 0 && loss < static_cast<int64_t>(CrashLoss::count)) {
        machine.power_loss(static_cast<CrashLoss>(loss));
    } else {
        machine.power_loss();
    }
    const auto rot = static_cast<uint64_t>(fault.parameter("rot_newest_bytes", 0));
    if (rot > 0) damage_disk(world_, machine, atlas_, {FaultKind::bit_rot, fault.id, 1, "wal", rot, 1});
    const auto sectors = static_cast<uint32_t>(fault.parameter("lost_sectors", 0));
    if (sectors > 0) {
        damage_disk(world_, machine, atlas_,
                    {FaultKind::latent_error, fault.id, 1, "wal", 128 * 1024, sectors});
    }
}

// Down once more, soon after it came up: in the middle of recovery if luck has it.
void FaultRun::crash_again(size_t index, Machine& machine) {
    const Fault& fault = plan_.faults[index];
    const int64_t within = fault.parameter("again_ms", 0) * 1'000'000;
    if (within <= 0) return;
    const Duration delay{static_cast<int64_t>(
        bounded(draw(world_.seed(), Concern::fault_effect, fault.id, machine.identity() + 1),
                static_cast<uint64_t>(within)))};
    schedule(delay, fault.id, [this, &fault, &machine] {
        if (!machine.running()) return;
        take_down(machine);
        crash(fault, machine);
        schedule(fault.lasts / 4, fault.id, [this, &machine] { bring_up(machine); });
    });
}

void FaultRun::bring_up(Machine& machine) {
    uint32_t& holds = down_[machine.index()];
    if (holds > 0 && --holds > 0) return;
    if (!machine.running()) machine.start();
    if (held_[machine.index()] > 0) machine.pause();
}

void FaultRun::block(const Fault& fault, bool both_ways) {
    for (const Machine* a : machines_of(fault.a)) {
        for (const Machine* b : machines_of(fault.b)) {
            if (a == b) continue;
            world_.fabric().block(a->index(), b->index());
            if (both_ways) world_.fabric().block(b->index(), a->index());
        }
    }
}

void FaultRun::unblock(const Fault& fault, bool both_ways) {
    for (const Machine* a : machines_of(fault.a)) {
        for (const Machine* b : machines_of(fault.b)) {
            if (a == b) continue;
            world_.fabric().unblock(a->index(), b->index());
            if (both_ways) world_.fabric().unblock(b->index(), a->index());
        }
    }
}

void FaultRun::settle_machine(Machine& machine) {
    const std::string& name = machine.name();
    Fabric& fabric = world_.fabric();
    const uint32_t host = machine.index();
    fabric.set_refusing(host, suffers(FaultKind::refuse, name));
    fabric.set_read_bytes_max(
        host, static_cast<size_t>(strongest(FaultKind::short_reads, name, "bytes", 1)));
    fabric.set_write_pieces(
        host, static_cast<uint32_t>(strongest(FaultKind::short_writes, name, "pieces", 4)));
    fabric.set_window(host,
                      static_cast<size_t>(strongest(FaultKind::back_pressure, name, "bytes", 512)));
    SimDisk& disk = machine.disk();
    disk.set_slow_factor(static_cast<uint32_t>(
        std::max<int64_t>(1, strongest(FaultKind::disk_slow, name, "factor", 10))));
    disk.set_stuck(suffers(FaultKind::disk_stuck, name));
    disk.set_full(suffers(FaultKind::disk_full, name));
    if (suffers(FaultKind::clock_freeze, name)) {
        machine.clock().freeze_wall();
    } else {
        machine.clock().thaw_wall();
    }
}

void FaultRun::settle_links() {
    const uint32_t machines = world_.machine_count();
    std::vector<std::vector<int64_t>> factor(machines, std::vector<int64_t>(machines, 1));
    auto corruption = std::vector<std::vector<uint32_t>>(machines, std::vector<uint32_t>(machines));
    for (const size_t index : active_) {
        const Fault& fault = plan_.faults[index];
        for (const Machine* a : machines_of(fault.a)) {
            for (const Machine* b : machines_of(fault.b)) {
                const uint32_t x = a->index();
                const uint32_t y = b->index();
                if (fault.kind == FaultKind::slow_link) {
                    const int64_t f = std::max<int64_t>(1, fault.parameter("factor", 10));
                    factor[x][y] = std::max(factor[x][y], f);
                    factor[y][x] = std::max(factor[y][x], f);
                } else if (fault.kind == FaultKind::corrupt_bytes) {
                    const auto p = static_cast<uint32_t>(fault.parameter("per_million", 1'000));
                    corruption[x][y] = std::max(corruption[x][y], p);
                }
            }
        }
    }
    for (uint32_t from = 0; from < machines && from < links_.size(); ++from) {
        for (uint32_t to = 0; to < machines && to < links_.size(); ++to) {
            LinkOptions options = links_[from][to];
            LatencyShape& shape = options.latency;
            shape.least = shape.least * factor[from][to];
            shape.spread = shape.spread * factor[from][to];
            world_.fabric().set_link(from, to, options);
            world_.fabric().set_corruption(from, to, corruption[from][to]);
        }
    }
}

}  // namespace quern::sim
