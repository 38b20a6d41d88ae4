// The one true time of a simulated world: nanoseconds since its start. No machine can read it; each
// sees it through its own SimClock.
#pragma once

#include <compare>
#include <cstdint>

#include "system/base/time.h"

namespace quern::sim {

struct SimTime {
    int64_t ns = 0;

    static constexpr SimTime never() { return {INT64_MAX}; }
    constexpr auto operator<=>(const SimTime&) const = default;
    constexpr SimTime operator+(Duration d) const { return {ns + d.ns}; }
    constexpr SimTime operator-(Duration d) const { return {ns - d.ns}; }
    constexpr Duration operator-(SimTime o) const { return {ns - o.ns}; }
};

}  // namespace quern::sim
