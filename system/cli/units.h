// Durations and sizes as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace quern::cli {

// "250ms", "30s", "5m", "12h", "4d"; a bare number is seconds. Milliseconds; none if it is not one.
std::optional<int64_t> parse_duration_ms(const std::string& text);
// "512", "64KiB", "1MiB", "2GiB" (also K, M, G). Bytes.
std::optional<int64_t> parse_bytes(const std::string& text);

}  // namespace quern::cli
