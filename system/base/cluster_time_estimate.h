// The cluster's time as far as one who only hears of it can tell: what was heard, plus the time since.
#pragma once

#include "system/base/time.h"

namespace quern {

class ClusterTimeEstimate {
public:
    // What was heard is never ahead of the truth, but may be behind it (an answer to a repeated request
    // may carry the time of its first application): the latest estimate is the best. The local clock
    // drifts, so an old one gives way to anything newer.
    void saw(ClusterTime time, Instant now) {
        if (time.ms <= 0 || time <= seen_) return;
        if (known() && now - seen_at_ < trusted_for && time <= at(now)) return;
        seen_ = time;
        seen_at_ = now;
    }
    bool known() const { return seen_.ms > 0; }
    // 0: nothing was heard yet.
    ClusterTime at(Instant now) const {
        return known() ? seen_.plus_ms((now - seen_at_).to_milliseconds()) : ClusterTime{};
    }

private:
    static constexpr Duration trusted_for = Duration::seconds(10);

    ClusterTime seen_;
    Instant seen_at_;
};

}  // namespace quern
