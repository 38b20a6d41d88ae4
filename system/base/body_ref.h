// Where a message's content lies: a run of bytes in a log entry's payload.
#pragma once

#include <compare>
#include <cstdint>

#include "system/base/ids.h"

namespace quern {

// Bytes [offset, offset + size) of the payload of the group's entry `index`.
struct BodyRef {
    LogIndex index;
    uint32_t offset_bytes = 0;
    uint32_t size_bytes = 0;
    auto operator<=>(const BodyRef&) const = default;
};

}  // namespace quern
