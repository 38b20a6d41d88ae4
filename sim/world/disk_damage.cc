#include "sim/world/disk_damage.h"

#include <algorithm>

#include "sim/world/world.h"
#include "system/base/assert.h"

namespace quern::sim {

namespace {

constexpr uint32_t tries_per_place = 16;

struct Target {
    std::string path;
    InodeRef inode;
};

std::vector<Target> targets_of(const Platter& platter, const std::string& wanted, bool written) {
    std::vector<Target> targets;
    for (const std::string& path : platter.paths()) {
        if (!wanted.empty() && file_class(path) != wanted) continue;
        InodeRef inode = platter.find(path);
        if (written && inode->durable_used() == 0) continue;
        targets.push_back({path, std::move(inode)});
    }
    return targets;
}

// The bytes that may be struck.
struct Range {
    uint64_t from = 0;
    uint64_t to = 0;
};

Range range_of(const DamageOrder& order, const Inode& inode) {
    if (order.newest_bytes > 0) {
        const uint64_t end = inode.durable_end();
        return {end - std::min(end, order.newest_bytes), end};
    }
    const uint64_t used = inode.durable_used();
    return {0, (used + sector_bytes - 1) / sector_bytes * sector_bytes};
}

// All within one chunk, so that the atlas has permitted them.
bool make_unreadable(const DamageOrder& order, Inode& inode, uint64_t offset) {
    const uint64_t first = offset / sector_bytes;
    const uint64_t chunk_end = (offset / Atlas::chunk_bytes + 1) * (Atlas::chunk_bytes / sector_bytes);
    bool any = false;
    for (uint64_t sector = first; sector < std::min(chunk_end, first + order.sectors_in_a_row); ++sector) {
        any = inode.make_unreadable(sector) || any;
    }
    return any;
}

bool strike(const DamageOrder& order, Inode& inode, uint64_t offset, uint64_t random) {
    switch (order.kind) {
        case FaultKind::bit_rot:
            return inode.flip_bit(offset, static_cast<unsigned>(random >> 16));
        case FaultKind::latent_error:
            return make_unreadable(order, inode, offset);
        default:
            QUERN_UNREACHABLE();
    }
}

uint32_t damage_sectors(World& world, Machine& machine, const Atlas& atlas,
                        const DamageOrder& order) {
    auto targets = targets_of(machine.disk().platter(), order.file_class, true);
    if (targets.empty()) return 0;
    if (order.newest_bytes > 0) {
        while (!targets.empty() && targets.back().inode->durable_end() == 0) targets.pop_back();
        if (targets.empty()) return 0;
        targets.erase(targets.begin(), targets.end() - 1);
    }
    uint32_t struck = 0;
    for (uint32_t i = 0; i < order.count * tries_per_place && struck < order.count; ++i) {
        const uint64_t random = draw(world.seed(), Concern::disk_damage, order.key, i);
        const Target& target = targets[bounded(random, targets.size())];
        const Range range = range_of(order, *target.inode);
        uint64_t offset = range.from + bounded(mix64(random), range.to - range.from);
        const uint64_t more = mix64(random + 1);
        if (order.newest_bytes == 0) offset = offset / sector_bytes * sector_bytes + more % sector_bytes;
        if (!atlas.permits(machine.name(), target.path, offset / Atlas::chunk_bytes)) continue;
        if (strike(order, *target.inode, offset, more)) ++struck;
    }
    return struck;
}

// The cut stays within the last chunk that holds data.
uint32_t truncate_file(World& world, Machine& machine, const Atlas& atlas,
                       const DamageOrder& order) {
    const auto targets = targets_of(machine.disk().platter(), order.file_class, true);
    if (targets.empty()) return 0;
    const uint64_t random = draw(world.seed(), Concern::disk_damage, order.key, 0);
    const Target& target = targets[bounded(random, targets.size())];
    const uint64_t used = target.inode->durable_used();
    const uint64_t chunk = (used - 1) / Atlas::chunk_bytes;
    if (!atlas.permits(machine.name(), target.path, chunk)) return 0;
    const uint64_t start = chunk * Atlas::chunk_bytes;
    return target.inode->cut_tail(start + bounded(mix64(random), used - start)) ? 1 : 0;
}

uint32_t lie_in_wait(World& world, Machine& machine, const Atlas& atlas, const DamageOrder& order) {
    if (!atlas.permits_machine(machine.name())) return 0;
    auto targets = targets_of(machine.disk().platter(), order.file_class, false);
    const auto dirty = std::stable_partition(targets.begin(), targets.end(),
                                             [](const Target& t) { return t.inode->dirty(); });
    if (dirty != targets.begin()) targets.erase(dirty, targets.end());
    if (targets.empty()) return 0;
    const uint64_t random = draw(world.seed(), Concern::disk_damage, order.key, 0);
    Inode& inode = *targets[bounded(random, targets.size())].inode;
    if (order.kind == FaultKind::lost_write) {
        inode.lose_at_next_sync(order.count, mix64(random));
    } else {
        inode.misdirect_at_next_sync(mix64(random));
    }
    return 1;
}

}  // namespace

uint32_t damage_disk(World& world, Machine& machine, const Atlas& atlas, const DamageOrder& order) {
    if (order.kind == FaultKind::lost_write || order.kind == FaultKind::misdirected_write) {
        return lie_in_wait(world, machine, atlas, order);
    }
    const uint32_t struck = order.kind == FaultKind::file_truncated
                                ? truncate_file(world, machine, atlas, order)
                                : damage_sectors(world, machine, atlas, order);
    world.counters().struck(order.kind, struck);
    return struck;
}

}  // namespace quern::sim
