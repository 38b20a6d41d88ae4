// What the parts of one balancer share: references handed down by Balancer, which owns them all and
// outlives every part.
#pragma once

#include "system/balancer/balancer.h"
#include "system/base/retry_budget.h"

namespace quern::balancer {

class Upstreams;
class LeaderTable;
class CatalogueClient;

// Counters of what is under way, kept by the parts that start and end it.
struct Load {
    uint64_t requests = 0;  // ever
    uint64_t inflight = 0;
    uint64_t inflight_bytes = 0;  // request bodies of those in flight
    uint64_t parked = 0;          // long polls waiting at leaders
    uint64_t retries = 0;         // attempts beyond each request's first
    RetryBudget budget;           // of all client requests together
};

struct Context {
    Env& env;
    const Options& options;
    Upstreams& upstreams;
    LeaderTable& leaders;
    CatalogueClient& catalogue;
    Load& load;
    Counter& requests_ok;
};

}  // namespace quern::balancer
