// Damage to data at rest: bits that flip, sectors that cannot be read, tails that vanish, and syncs
// that lie. The atlas is asked for every place.
#pragma once

#include <cstdint>
#include <string>

#include "sim/world/atlas.h"
#include "sim/world/fault_kind.h"
#include "sim/world/machine.h"

namespace quern::sim {

struct DamageOrder {
    FaultKind kind = FaultKind::bit_rot;  // bit_rot, latent_error, file_truncated, lost_write, …
    uint64_t key = 0;                     // draws the places
    uint32_t count = 1;                   // of sectors
    std::string file_class;               // "" for any
    // Not 0: bit_rot and latent_error strike the last so many bytes written, in the newest file of its class.
    uint64_t newest_bytes = 0;
    // latent_error: how many sectors in a row, from each place on.
    uint32_t sectors_in_a_row = 1;
};

// Returns in how many places it struck (for lost and misdirected writes: in how many files it lies
// in wait). Lost and misdirected writes count in the world's counters when they happen; the others
// now.
uint32_t damage_disk(World& world, Machine& machine, const Atlas& atlas, const DamageOrder& order);

}  // namespace quern::sim
