// The troubles of which a run goes through one at its end, if its plan's knob `drill` says so (run_drill.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quern::harness {

enum class Drill : uint8_t { none, overload, hot_queue, slow_node, churn, full_disks, count };

constexpr size_t drill_count = static_cast<size_t>(Drill::count);

constexpr std::string_view drill_name(Drill drill) {
    constexpr std::array<std::string_view, drill_count> names = {"none",      "overload", "hot queue",
                                                                 "slow node", "churn",    "full disks"};
    return names[static_cast<size_t>(drill)];
}

}  // namespace quern::harness
