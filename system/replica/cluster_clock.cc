#include "system/replica/cluster_clock.h"

#include <algorithm>
#include <vector>

namespace quern::replica {

ClusterClock::ClusterClock(const Options& options, NodeId self, size_t nodes)
    : options_(options), self_(self), majority_(nodes / 2 + 1) {}

void ClusterClock::sample(NodeId peer, Instant asked, Instant answered, const WallReading& wall) {
    if (answered < asked || wall.latest < wall.earliest) return;
    Sample fresh{wall.earliest.ns - answered.ns, wall.latest.ns - asked.ns, answered};
    samples_[peer] = fresh;
}

void ClusterClock::own(Instant now, const WallReading& wall) { sample(self_, now, now, wall); }

std::optional<int64_t> ClusterClock::agreed_offset(Instant now) const {
    struct Edge {
        int64_t at;
        int step;  // +1 opens an interval, -1 closes it
    };
    std::vector<Edge> edges;
    for (const auto& [peer, sample] : samples_) {
        const Duration age = now - sample.taken;
        if (age > options_.sample_age_max) continue;
        const int64_t widen = age.ns / 1'000'000 * options_.drift_ppm;
        edges.push_back({sample.low_ns - widen, +1});
        edges.push_back({sample.high_ns + widen, -1});
    }
    std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
        return a.at != b.at ? a.at < b.at : a.step > b.step;
    });
    size_t depth = 0;
    size_t best = 0;
    int64_t low = 0;
    int64_t high = 0;
    for (size_t i = 0; i < edges.size(); ++i) {
        if (edges[i].step < 0) {
            --depth;
            continue;
        }
        ++depth;
        if (depth > best) {
            best = depth;
            low = edges[i].at;
            high = edges[i + 1].at;  // an opening edge is never the last
        }
    }
    if (best < majority_) return std::nullopt;
    return low + (high - low) / 2;
}

std::optional<ClusterTime> ClusterClock::time(Instant now) {
    if (const std::optional<int64_t> offset = agreed_offset(now)) {
        offset_ = offset;
        agreed_at_ = now;
    }
    if (!offset_ || now - agreed_at_ > options_.holdover_max) return std::nullopt;
    return ClusterTime{(now.ns + *offset_) / 1'000'000};
}

Instant ClusterClock::instant_of(ClusterTime time, Instant now) {
    if (!offset_ || time.ms > INT64_MAX / 2'000'000) return offset_ ? Instant::never() : now;
    // Rounded up, so that at the instant the time has been reached.
    return std::max(now, Instant{time.ms * 1'000'000 - *offset_ + 1'000'000});
}

}  // namespace quern::replica
