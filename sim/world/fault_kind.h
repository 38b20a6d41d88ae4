// The kinds of faults a world can suffer, and how often each really struck: a fault that was
// planned but met nothing (a reset where no stream was) is not counted.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace quern::sim {

// Faults' identities and so their draws follow the order here: add at the end only.
// name, place: which of the two machine sets of a fault it uses (see faults/fault_plan.h)
#define QUERN_FAULT_KINDS(X)                                                             \
    X(clog)              /* a -> b and back: nothing arrives until the end */            \
    X(partition)         /* a | b: no bytes either way */                                \
    X(partition_one_way) /* a -> b: no bytes that way */                                 \
    X(slow_link)         /* a <-> b: latency times `factor` */                           \
    X(corrupt_bytes)     /* a -> b: a byte of `per_million` segments changes */          \
    X(refuse)            /* connects to a are refused */                                 \
    X(reset)             /* streams between a and b are reset, `percent` of them */      \
    X(half_open)         /* streams between a and b: only the end at a learns */         \
    X(short_reads)       /* reads at a return at most `bytes` */                         \
    X(short_writes)      /* writes at a leave in `pieces` */                             \
    X(back_pressure)     /* the window of what a receives is `bytes` */                  \
    X(bit_rot)           /* bits of synced data at rest flip */                          \
    X(latent_error)      /* sectors at rest become unreadable */                         \
    X(write_error)       /* a write fails with io_failed */                              \
    X(sync_error)        /* one sync fails; its data may be lost; the next succeed */    \
    X(lost_write)        /* a sync reports success, some sectors keep their old bytes */ \
    X(misdirected_write) /* a sector lands elsewhere in its file */                      \
    X(file_truncated)    /* a file at rest loses its tail */                             \
    X(disk_full)         /* nothing more fits, until the end */                          \
    X(disk_slow)         /* every operation takes `factor` times as long */              \
    X(disk_stuck)        /* no operation completes until the end */                      \
    X(disk_lost)         /* power off, all files gone, power on */                       \
    X(disks_swapped)     /* a and b run on each other's disk until the end */            \
    X(clock_jump)        /* the wall clock jumps by `ms`, and back at the end */         \
    X(clock_drift)       /* the monotonic clock runs `ppb` fast */                       \
    X(clock_freeze)      /* the wall clock stands still */                               \
    X(kill)              /* the process dies; written data stays in the page cache */    \
    X(power_loss)        /* un-synced data is lost in any subset of sectors */           \
    X(pause)             /* the process stands still, the clock goes on */

enum class FaultKind : uint8_t {
#define X(name) name,
    QUERN_FAULT_KINDS(X)
#undef X
        count
};
constexpr size_t fault_kind_count = static_cast<size_t>(FaultKind::count);

constexpr std::string_view fault_kind_name(FaultKind kind) {
    constexpr std::string_view names[] = {
#define X(name) #name,
        QUERN_FAULT_KINDS(X)
#undef X
    };
    return names[static_cast<uint8_t>(kind)];
}
std::optional<FaultKind> fault_kind_from(std::string_view name);

class FaultCounters {
public:
    void struck(FaultKind kind, uint64_t times = 1) {
        counts_[static_cast<uint8_t>(kind)] += times;
    }
    uint64_t count(FaultKind kind) const { return counts_[static_cast<uint8_t>(kind)]; }

private:
    std::array<uint64_t, fault_kind_count> counts_{};
};

}  // namespace quern::sim
