#include "system/cli/units.h"

#include <charconv>
#include <string_view>

namespace quern::cli {

namespace {

struct Unit {
    std::string_view name;
    int64_t size;
};

template <size_t count>
std::optional<int64_t> parse(const std::string& text, const Unit (&units)[count]) {
    int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc{} || number < 0) return std::nullopt;
    const std::string_view name(parsed.ptr, static_cast<size_t>(end - parsed.ptr));
    for (const Unit& unit : units) {
        int64_t value = 0;
        if (unit.name == name && !__builtin_mul_overflow(number, unit.size, &value)) return value;
    }
    return std::nullopt;
}

}  // namespace

std::optional<int64_t> parse_duration_ms(const std::string& text) {
    static constexpr Unit units[] = {{"", 1000},       {"ms", 1},        {"s", 1000},
                                     {"m", 60'000},    {"min", 60'000},  {"h", 3'600'000},
                                     {"d", 86'400'000}};
    return parse(text, units);
}

std::optional<int64_t> parse_bytes(const std::string& text) {
    static constexpr Unit units[] = {{"", 1},           {"B", 1},         {"K", 1 << 10},
                                     {"KiB", 1 << 10},  {"M", 1 << 20},   {"MiB", 1 << 20},
                                     {"G", 1ll << 30},  {"GiB", 1ll << 30}};
    return parse(text, units);
}

}  // namespace quern::cli
