// What a random draw is for. Every draw of a world is draw(seed, concern, identity, ordinal) of
// base/prng.h, so that no draw shifts another: removing a fault or a machine leaves the rest as it
// was. Numbers are part of what a seed means; add at the end, never renumber.
#pragma once

#include <cstdint>
#include <string_view>

#include "system/base/checksum.h"
#include "system/base/prng.h"
#include "system/base/time.h"

namespace quern::sim {

enum class Concern : uint64_t {
    entropy = 1,
    boot_clock = 2,
    link_latency = 3,
    segment_split = 4,
    stream_fate = 5,
    corruption = 6,
    disk_latency = 7,
    crash_sectors = 8,
    crash_size = 9,
    crash_directory = 10,
    disk_damage = 11,
    fault_point_active = 12,
    fault_point_fire = 13,
    atlas = 14,
    plan = 15,
    plan_fault = 16,
    fault_effect = 17,
    clock = 18,
};

// What else might have happened: from the instant at which a salt is set, all that is drawn while a run goes
// on is other than it would have been. What was planned stays: faults, and where damage is permitted. Of the
// whole process, which must not run anything else afterwards; else zero.
class DrawSalt {
public:
    static void set(uint64_t salt) { salt_ = salt; }
    static uint64_t on(uint64_t seed) { return seed ^ salt_; }

private:
    inline static uint64_t salt_ = 0;
};

constexpr bool planned(Concern concern) {
    return concern == Concern::plan || concern == Concern::plan_fault || concern == Concern::atlas;
}

inline uint64_t draw(uint64_t seed, Concern concern, uint64_t identity, uint64_t ordinal) {
    return quern::draw(planned(concern) ? seed : DrawSalt::on(seed), static_cast<uint64_t>(concern),
                       identity, ordinal);
}

// Identity of a thing with a name, the same in every run that has it.
inline uint64_t name_identity(std::string_view name) { return hash64(as_bytes(name)); }

// A latency: `least`, plus evenly 0..2*`spread`, plus in `tail_per_million` of cases up to `tail`.
struct LatencyShape {
    Duration least;
    Duration spread;
    uint32_t tail_per_million = 0;
    Duration tail;

    Duration at(uint64_t random) const {
        int64_t ns = least.ns;
        if (spread.ns > 0) {
            ns += static_cast<int64_t>(bounded(random, static_cast<uint64_t>(2 * spread.ns + 1)));
        }
        if (tail_per_million > 0) {
            const uint64_t other = mix64(random);
            if (bounded(other, 1'000'000) < tail_per_million && tail.ns > 0) {
                ns += static_cast<int64_t>(bounded(mix64(other), static_cast<uint64_t>(tail.ns)));
            }
        }
        return {ns};
    }
};

}  // namespace quern::sim
