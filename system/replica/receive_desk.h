// Receives and long polls of one data group at its leader. A receive becomes a command only when there is
// something to hand out; until then it is parked here and costs no log entry. Parked receives of a queue
// are served in the order they came. The check and the parking happen in one turn of the loop, and every
// change that makes a message ready passes wake(), so no wake-up is lost (S82).
//
// An empty answer is given only after the log, or a read barrier, has shown that nothing was ready. A receive that
// was applied before goes to the log again, whatever is ready and whoever waits: its first answer may hold leases, and
// it takes nothing new.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "system/io/env.h"
#include "system/queue/command.h"
#include "system/storage/node_storage.h"

namespace quern::replica {

class DataReplica;

class ReceiveDesk {
public:
    explicit ReceiveDesk(DataReplica& owner);
    ~ReceiveDesk();

    // `base` carries queue, versions, principal and token. Waits until `deadline` if nothing is ready.
    void receive(uint64_t request, queue::Command base, const queue::Receive& receive,
                 Instant deadline);
    void cancel(uint64_t request);
    // Messages of this queue became ready, or leases of it ended.
    void wake(QueueId queue);
    void queue_dropped(QueueId queue);
    // Not the leader any more: everyone is sent on.
    void leadership_lost();
    size_t parked() const { return parked_count_; }
    // Between two turns of the loop: what is wrong with those who are parked, or nullptr.
    const char* violated() const;

private:
    struct Waiter {
        explicit Waiter(Timers& timers) : timer(timers) {}
        uint64_t request = 0;
        queue::Command base;
        queue::Receive receive;
        Instant deadline;
        OwnedTimer timer;
    };
    using WaiterPtr = std::unique_ptr<Waiter>;
    using Repeatable = std::tuple<UserId, SessionId, uint64_t, uint64_t>;  // whose, token, request
    struct Line {
        std::list<WaiterPtr> parked;
        uint64_t asked = 0;  // messages asked for by commands under way
    };

    // It was applied before.
    bool repeats(const Waiter& waiter) const;
    void wake_repetitions(UserId principal, const Token& token);
    Error gone(const Waiter& waiter) const;
    void propose(WaiterPtr waiter);
    void applied(WaiterPtr waiter, Result<queue::Reply> reply);
    void finish(WaiterPtr waiter, Result<queue::Reply> reply);
    void park(WaiterPtr waiter, bool front);
    static Repeatable repeatable(const Waiter& waiter);
    void timed_out(QueueId queue, uint64_t request);
    void confirm_empty(WaiterPtr waiter);
    WaiterPtr take(QueueId queue, uint64_t request);
    void deliver(const Waiter& waiter, std::vector<queue::Delivery> deliveries);

    DataReplica& owner_;
    std::map<QueueId, Line> lines_;
    std::map<uint64_t, QueueId> where_;  // parked requests
    std::set<Repeatable> repeatable_;    // those of them with a token
    size_t parked_count_ = 0;
    LifeGuard guard_;
};

}  // namespace quern::replica
