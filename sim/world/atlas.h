// Which damage a run may do to disks so that every datum stays recoverable: at most `faulty_max`
// machines may damage what they hold of the same chunk, and of any four neighbouring chunks of a
// file each machine keeps at least one whole. Decided by draws alone, before anything happens.
//
// Scope `machines` fits logs whose layout differs between machines, where equal offsets are
// different data: one drawn set of machines takes all the damage. Scope `chunks` fits files of
// equal layout. Beyond limits everything is permitted, and only safety can be judged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quern::sim {

enum class AtlasScope : uint8_t { machines, chunks, beyond_limits };

class Atlas {
public:
    static constexpr uint64_t chunk_bytes = 64 * 1024;

    // `machines`: names of those that hold data. `faulty_max`: fewer than a majority of the
    // smallest group's replicas, so (replicas - 1) / 2.
    Atlas(uint64_t seed, std::vector<std::string> machines, uint32_t faulty_max, AtlasScope scope);

    // `file` names the file in a way equal on all machines.
    bool permits(std::string_view machine, std::string_view file, uint64_t chunk) const;
    // Damage at an unknown place, up to the whole disk.
    bool permits_machine(std::string_view machine) const;
    AtlasScope scope() const { return scope_; }

private:
    // Among the `faulty_max` machines with the lowest draw for this identity.
    bool chosen(std::string_view machine, uint64_t identity) const;

    uint64_t seed_;
    std::vector<uint64_t> machines_;  // identities
    uint32_t faulty_max_;
    AtlasScope scope_;
};

}  // namespace quern::sim
