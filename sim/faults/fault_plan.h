// What goes wrong in a run, as data: a list of faults with identities, that can be printed, parsed,
// edited, shrunk and run again. One line a fault:
//
//     3002 partition at=1.250000000 for=2.000000000 a=n1,n2 b=n3 reset_percent=25
//
// Identity, kind, start, length, the machines of the two sides, then parameters in the order of
// their names. `#` starts a comment. Every draw of a fault's effect is keyed by its identity, so
// taking one line out leaves the effects of the others as they were.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/world/fault_kind.h"
#include "sim/world/sim_time.h"
#include "system/base/result.h"

namespace quern::sim {

// Parameters, by kind (others are ignored):
//   slow_link factor | corrupt_bytes per_million | short_reads bytes | short_writes pieces
//   back_pressure bytes | reset, half_open percent | partition, partition_one_way reset_percent
//   bit_rot, latent_error, lost_write count | write_error, sync_error count | disk_slow factor
//   clock_jump ms | clock_drift ppb
//   kill, power_loss write_pending_ms: strikes at the first write within that time, else at its end
//   bit_rot, latent_error newest_bytes: among the last so many that were written
//   kill, power_loss rot_newest_bytes: a bit of the newest part of the WAL rots while the machine is down
//   kill, power_loss lost_sectors: and so many sectors in a row become unreadable, among the newest 128 KiB
//   latent_error lost_sectors: in a row, at each of the places
//   kill, power_loss again_ms: down once more within that time after the restart
//   power_loss loss: CrashLoss as a number; drawn if absent
struct Fault {
    uint32_t id = 0;
    FaultKind kind = FaultKind::pause;
    SimTime at;
    Duration lasts;
    std::vector<std::string> a;
    std::vector<std::string> b;
    std::string file_class;  // storage faults: only files of this class
    std::map<std::string, int64_t> parameters;

    int64_t parameter(const std::string& name, int64_t otherwise) const {
        const auto it = parameters.find(name);
        return it == parameters.end() ? otherwise : it->second;
    }
    SimTime end() const { return at + lasts; }
    std::string to_string() const;
    static Result<Fault> parse(const std::string& line);
    bool operator==(const Fault&) const = default;
};

struct FaultPlan {
    std::vector<Fault> faults;  // by start, then identity

    std::string to_string() const;
    // invalid_argument names the line. Identities must differ.
    static Result<FaultPlan> parse(const std::string& text);
    void sort();
    bool operator==(const FaultPlan&) const = default;
};

}  // namespace quern::sim
