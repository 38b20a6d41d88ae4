// Integers with a meaning. Two strong types never mix; arithmetic is written out through `value`,
// or with next()/prev() where counting up is the whole idea (log indexes, terms).
#pragma once

#include <compare>
#include <cstdint>

namespace quern {

template <typename Tag, typename Rep = uint64_t>
struct Strong {
    using rep = Rep;
    Rep value{};

    constexpr Strong() = default;
    constexpr explicit Strong(Rep v) : value(v) {}

    constexpr Strong next() const { return Strong(static_cast<Rep>(value + 1)); }
    constexpr Strong prev() const { return Strong(static_cast<Rep>(value - 1)); }
    constexpr Strong plus(Rep n) const { return Strong(static_cast<Rep>(value + n)); }

    constexpr auto operator<=>(const Strong&) const = default;
    constexpr explicit operator bool() const { return value != 0; }
};

}  // namespace quern
