// Finishes deletions of queues that a balancer began and did not live to end: asks the metadata group
// which queues are being deleted, has each group drop its queue, and lets the catalogue forget it. All
// steps are idempotent, so any number of balancers may do it at once.
//
// States: resting (4 to 8 s) → listing → dropping → forgetting → dropping … → resting.
#pragma once

#include <deque>

#include "system/balancer/group_call.h"

namespace quern::balancer {

class Janitor {
public:
    static constexpr Duration rest_min = Duration::seconds(4);
    static constexpr size_t queues_per_round_max = 256;

    explicit Janitor(const Context& context);
    void start() { rest(); }

private:
    void rest();
    void list();
    void listed(Result<GroupReply> result);
    void drop_next();
    void dropped(Result<GroupReply> result);

    const Context& context_;
    GroupCall call_;
    OwnedTimer timer_;
    std::deque<metadata::QueueRecord> deleting_;
};

}  // namespace quern::balancer
