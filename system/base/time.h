// Time types. All are 64-bit counts of nanoseconds but ClusterTime, which is milliseconds.
#pragma once

#include <compare>
#include <cstdint>

namespace quern {

struct Duration {
    int64_t ns = 0;

    static constexpr Duration nanoseconds(int64_t n) { return {n}; }
    static constexpr Duration microseconds(int64_t n) { return {n * 1'000}; }
    static constexpr Duration milliseconds(int64_t n) { return {n * 1'000'000}; }
    static constexpr Duration seconds(int64_t n) { return {n * 1'000'000'000}; }
    static constexpr Duration zero() { return {0}; }

    constexpr int64_t to_microseconds() const { return ns / 1'000; }
    constexpr int64_t to_milliseconds() const { return ns / 1'000'000; }
    constexpr auto operator<=>(const Duration&) const = default;
    constexpr Duration operator+(Duration o) const { return {ns + o.ns}; }
    constexpr Duration operator-(Duration o) const { return {ns - o.ns}; }
    constexpr Duration operator*(int64_t n) const { return {ns * n}; }
    constexpr Duration operator/(int64_t n) const { return {ns / n}; }
};

// A point on one node's monotonic clock; two nodes' instants cannot be compared.
struct Instant {
    int64_t ns = 0;

    static constexpr Instant never() { return {INT64_MAX}; }
    constexpr auto operator<=>(const Instant&) const = default;
    constexpr Instant operator+(Duration d) const { return {ns + d.ns}; }
    constexpr Instant operator-(Duration d) const { return {ns - d.ns}; }
    constexpr Duration operator-(Instant o) const { return {ns - o.ns}; }
};

// A node's own idea of the time of day: nanoseconds since 1970-01-01 UTC. May jump; decides nothing
// alone.
struct WallTime {
    int64_t ns = 0;
    constexpr auto operator<=>(const WallTime&) const = default;
    constexpr WallTime operator+(Duration d) const { return {ns + d.ns}; }
    constexpr WallTime operator-(Duration d) const { return {ns - d.ns}; }
    constexpr Duration operator-(WallTime o) const { return {ns - o.ns}; }
};

// The replicated time, stamped into each log entry by the leader: milliseconds since 1970-01-01 UTC,
// agreed by a majority's clocks, never going back. All leases, delays, retention and dedup windows
// are judged by it alone.
struct ClusterTime {
    int64_t ms = 0;
    static constexpr ClusterTime never() { return {INT64_MAX}; }
    constexpr auto operator<=>(const ClusterTime&) const = default;
    constexpr ClusterTime plus_ms(int64_t n) const { return {ms + n}; }
};

}  // namespace quern
