// Keeps the balancer's copy of the catalogue: follows the metadata group by a watch poll, fetches what
// is missing (each record once, however many wait for it), and tells Upstreams and LeaderTable of nodes
// and placement.
//
// A fetch answers its waiters with the record as the metadata group's leader read it, after the waiter
// came: a record that is absent in a read which began before the waiter came is read again. So "absent"
// is never older than the question.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "system/balancer/context.h"
#include "system/balancer/group_call.h"
#include "system/base/cluster_time_estimate.h"
#include "system/metadata/cache.h"

namespace quern::balancer {

// A record, or that there is none, as of `version`.
template <typename Record>
struct Found {
    std::optional<Record> record;
    CatalogueVersion version;
};
using FoundQueue = Found<metadata::QueueRecord>;
using FoundUser = Found<metadata::UserRecord>;

class CatalogueClient {
public:
    using Waiter = Strong<struct CatalogueWaiterTag>;
    using QueueDone = Callback<void(Result<FoundQueue>)>;
    using UserDone = Callback<void(Result<FoundUser>)>;
    using RefreshDone = Callback<void(Result<void>)>;

    static constexpr size_t waiters_max = 16 * 1024;  // beyond it: overloaded
    static constexpr size_t dead_queues_max = 4096;   // oldest ids are forgotten beyond

    explicit CatalogueClient(const Context& context);
    ~CatalogueClient();
    void start();

    metadata::MetadataCache& cache() { return cache_; }
    bool fresh() const;
    // Cluster time as far as is known; 0 if never heard.
    ClusterTime time() const { return time_.at(context_.env.clock.now()); }
    // This incarnation is known to be gone for good.
    bool dead(QueueId queue) const { return dead_queues_.contains(queue); }

    // Callbacks run from the loop, once, never inside, at the latest at `deadline`; then, and when the
    // metadata group cannot be reached, with unavailable.
    Waiter fetch_queue(const metadata::QueueName& name, Instant deadline, QueueDone done);
    Waiter fetch_queue(QueueId id, Instant deadline, QueueDone done);
    Waiter fetch_user(const std::string& key_id, Instant deadline, UserDone done);
    // Follows the watch to a version read after this call.
    Waiter refresh(Instant deadline, RefreshDone done);
    // Its callback does not run. Unknown and zero waiters are ignored.
    void cancel(Waiter waiter);

    // What a change of this balancer's own showed, so that its clients see it at once.
    void learned_queue(const metadata::QueueRecord& record, CatalogueVersion version);
    void learned_deletion(const metadata::QueueRecord& record, CatalogueVersion version);
    void forget_queue(const metadata::QueueName& name) { cache_.forget_queue(name); }

private:
    using Key = std::variant<metadata::QueueName, QueueId, std::string>;  // string: an access key id
    struct Fetch {
        explicit Fetch(const Context& context) : call(context) {}
        GroupCall call;
        std::vector<Waiter> waiters;
    };
    struct Waiting {
        Instant came;
        Instant deadline;
        std::variant<QueueDone, UserDone, RefreshDone> done;
    };

    Waiter add_waiter(Instant deadline, std::variant<QueueDone, UserDone, RefreshDone> done);
    Waiter wait_for(Key key, Instant deadline, std::variant<QueueDone, UserDone, RefreshDone> done);
    void begin_fetch(const Key& key, Fetch& fetch, Instant deadline);
    void fetched(const Key& key, Result<GroupReply> result);
    void take_queue(const Key& key, const wire::QueryReply& reply);
    void take_user(const Key& key, const wire::QueryReply& reply);
    void fetch_failed(const Key& key);
    void fetch_again(const Key& key, const std::vector<Waiter>& late_ones);
    bool answer(Waiter waiter, const wire::QueryReply& reply, Instant read_from);
    void refuse(Waiter waiter, const Error& error);
    void deadlines_due();
    void arm_deadline_timer(Instant deadline);

    void poll();
    void polled(Result<GroupReply> result);
    bool take_watch(const wire::QueryReply& reply);
    void first_fill(const wire::WatchAnswer& answer, CatalogueVersion version, Instant asked_at);
    void tell_placement();
    void note(const wire::QueryReply& reply);
    void bury(QueueId queue);

    const Context& context_;
    metadata::MetadataCache cache_;
    ClusterTimeEstimate time_;
    GroupCall watch_;
    bool followed_ = false;  // a watch was answered once
    std::vector<Waiter> refreshing_;
    OwnedTimer watch_timer_;
    std::map<Key, std::unique_ptr<Fetch>> fetches_;
    std::map<Waiter, Waiting> waiting_;
    Waiter last_waiter_;
    OwnedTimer deadline_timer_;
    std::set<QueueId> dead_queues_;
    LifeGuard guard_;
};

}  // namespace quern::balancer
