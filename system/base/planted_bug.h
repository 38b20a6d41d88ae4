// Bugs planted on purpose, one switch each, that show whether the harness would find them. Only the
// program `quern-sim-planted` is built with QUERN_PLANTED_BUGS; everywhere else PLANTED(x) is the constant
// false, so `quernd` carries no trace of them. Use in .cc files only: an inline function of a header would
// be compiled both ways into one program.
//
// Adding one: a line in planted_bugs.h, and `if (PLANTED(name))` where it strikes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "system/base/planted_bugs.h"

namespace quern {

enum class PlantedBug : uint16_t {
    none,
#define X(name, room, story) name,
    QUERN_PLANTED_BUG_LIST(X)
#undef X
};

struct PlantedBugInfo {
    PlantedBug bug;
    std::string_view name;
    std::string_view room;   // where it is planted
    std::string_view story;  // what it does wrong
};

inline constexpr auto planted_bugs = std::to_array<PlantedBugInfo>({
#define X(name, room, story) {PlantedBug::name, #name, room, story},
    QUERN_PLANTED_BUG_LIST(X)
#undef X
});

// none if there is no such name.
constexpr PlantedBug planted_bug_named(std::string_view name) {
    for (const PlantedBugInfo& info : planted_bugs) {
        if (info.name == name) return info.bug;
    }
    return PlantedBug::none;
}

#ifdef QUERN_PLANTED_BUGS
// Set by the harness between runs. A process runs one simulated world at a time.
extern PlantedBug active_planted_bug;
#define PLANTED(name) (::quern::active_planted_bug == ::quern::PlantedBug::name)
#else
#define PLANTED(name) false
#endif

}  // namespace quern
