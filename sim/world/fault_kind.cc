#include "sim/world/fault_kind.h"

namespace quern::sim {

std::optional<FaultKind> fault_kind_from(std::string_view name) {
    for (uint8_t i = 0; i < fault_kind_count; ++i) {
        if (fault_kind_name(static_cast<FaultKind>(i)) == name) return static_cast<FaultKind>(i);
    }
    return std::nullopt;
}

}  // namespace quern::sim
