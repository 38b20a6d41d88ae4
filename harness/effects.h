// On which queue a request with a token took effect: the judges of all groups share one, since no group knows the
// tokens of another.
#pragma once

#include <functional>
#include <map>
#include <tuple>

#include "system/base/ids.h"
#include "system/base/time.h"

namespace quern::harness {

using TokenKey = std::tuple<UserId, SessionId, uint64_t>;

struct Effects {
    struct Effect {
        QueueId queue;
        ClusterTime time;  // of the entry
    };
    std::map<TokenKey, Effect> by_token;
    // When the catalogue made a queue; 0 if nobody knows.
    std::function<ClusterTime(QueueId)> created = [](QueueId) { return ClusterTime{}; };
};

}  // namespace quern::harness
