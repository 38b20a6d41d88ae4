// The quorum clock: the time of day that a majority of nodes' clocks agree on, so that no single bad
// clock moves cluster time (Marzullo's intersection of intervals, 1984; the use in a replicated log
// follows TigerBeetle's "cluster time"). Pure; integers only.
//
// A sample says: when my monotonic clock showed something in [asked, answered], the peer's time of day
// was within `wall`. So (time of day - my monotonic clock) lies in [earliest - answered, latest - asked].
// Samples widen with age by the drift allowed between two good clocks.
#pragma once

#include <map>
#include <optional>

#include "system/base/ids.h"
#include "system/base/time.h"
#include "system/io/clock.h"

namespace quern::replica {

class ClusterClock {
public:
    struct Options {
        Duration sample_age_max = Duration::seconds(30);
        int64_t drift_ppm = 500;
        // Without agreement the last agreed time runs on with the monotonic clock for so long.
        Duration holdover_max = Duration::seconds(60);
    };
    ClusterClock(const Options& options, NodeId self, size_t nodes);

    void sample(NodeId peer, Instant asked, Instant answered, const WallReading& wall);
    void own(Instant now, const WallReading& wall);

    // Cluster time at `now`; nothing before the first agreement, or too long after the last.
    std::optional<ClusterTime> time(Instant now);
    // When cluster time will reach `time`, as far as is known; now if it has or nothing is known.
    Instant instant_of(ClusterTime time, Instant now);

private:
    struct Sample {
        int64_t low_ns = 0;  // bounds of the offset: time of day minus my monotonic clock
        int64_t high_ns = 0;
        Instant taken;
    };
    // The middle of the interval that most samples share, if a majority does.
    std::optional<int64_t> agreed_offset(Instant now) const;

    Options options_;
    NodeId self_;
    size_t majority_;
    std::map<NodeId, Sample> samples_;
    std::optional<int64_t> offset_;
    Instant agreed_at_;
};

}  // namespace quern::replica
