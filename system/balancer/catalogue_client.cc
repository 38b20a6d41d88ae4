#include "system/balancer/catalogue_client.h"

#include <algorithm>

#include "system/balancer/leader_table.h"

namespace quern::balancer {

namespace {

constexpr Duration fetch_attempt_timeout = Duration::seconds(1);
constexpr Duration retry_pause = Duration::milliseconds(10);

template <typename... F>
struct Overloaded : F... {
    using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

wire::Query query_for(const std::variant<metadata::QueueName, QueueId, std::string>& key) {
    return std::visit(
        Overloaded{[](const metadata::QueueName& name) -> wire::Query { return wire::FindQueue{name}; },
                   [](QueueId id) -> wire::Query { return wire::FindQueueById{id}; },
                   [](const std::string& key_id) -> wire::Query { return wire::FindUser{key_id}; }},
        key);
}

// The active record of an answer: one that is being deleted exists no more for users.
std::optional<metadata::QueueRecord> active_queue(const wire::QueryReply& reply) {
    const auto* answer = std::get_if<wire::QueueAnswer>(&reply.answer);
    if (answer == nullptr || !answer->record ||
        answer->record->state != metadata::QueueStateKind::active) {
        return std::nullopt;
    }
    return answer->record;
}

std::optional<metadata::UserRecord> user_of(const wire::QueryReply& reply) {
    const auto* answer = std::get_if<wire::UserAnswer>(&reply.answer);
    return answer != nullptr ? answer->record : std::nullopt;
}

Error late() {
    return Error(ErrorCode::unavailable, "the catalogue could not be read in time");
}

}  // namespace

CatalogueClient::CatalogueClient(const Context& context)
    : context_(context), cache_(metadata::MetadataCache::Options{}), watch_(context),
      watch_timer_(context.env.timers), deadline_timer_(context.env.timers) {}

CatalogueClient::~CatalogueClient() = default;

void CatalogueClient::start() { poll(); }

bool CatalogueClient::fresh() const { return cache_.fresh(context_.env.clock.now()); }

// --- fetches ------------------------------------------------------------------------------------------

CatalogueClient::Waiter CatalogueClient::fetch_queue(const metadata::QueueName& name,
                                                     Instant deadline, QueueDone done) {
    return wait_for(name, deadline, std::move(done));
}

CatalogueClient::Waiter CatalogueClient::fetch_queue(QueueId id, Instant deadline, QueueDone done) {
    return wait_for(id, deadline, std::move(done));
}

CatalogueClient::Waiter CatalogueClient::fetch_user(const std::string& key_id, Instant deadline,
                                                    UserDone done) {
    return wait_for(key_id, deadline, std::move(done));
}

CatalogueClient::Waiter CatalogueClient::add_waiter(
    Instant deadline, std::variant<QueueDone, UserDone, RefreshDone> done) {
    last_waiter_ = last_waiter_.next();
    const Waiter waiter = last_waiter_;
    const bool full = waiting_.size() >= waiters_max;
    waiting_.emplace(waiter, Waiting{context_.env.clock.now(), deadline, std::move(done)});
    if (full) {
        context_.env.loop.post(guard_.wrap([this, waiter] {
            refuse(waiter, Error(ErrorCode::overloaded, "too many requests wait for the catalogue",
                                 waiters_max, waiters_max + 1));
        }));
        return waiter;
    }
    arm_deadline_timer(deadline);
    return waiter;
}

CatalogueClient::Waiter CatalogueClient::wait_for(
    Key key, Instant deadline, std::variant<QueueDone, UserDone, RefreshDone> done) {
    const Waiter waiter = add_waiter(deadline, std::move(done));
    if (waiting_.size() > waiters_max) return waiter;
    std::unique_ptr<Fetch>& fetch = fetches_[key];
    const bool first = fetch == nullptr;
    if (first) fetch = std::make_unique<Fetch>(context_);
    fetch->waiters.push_back(waiter);
    if (first) {
        begin_fetch(key, *fetch, deadline);
    } else {
        fetch->call.extend(deadline);
    }
    return waiter;
}

void CatalogueClient::begin_fetch(const Key& key, Fetch& fetch, Instant deadline) {
    if (const auto* name = std::get_if<metadata::QueueName>(&key)) cache_.begin_fetch_queue(*name);
    if (const auto* key_id = std::get_if<std::string>(&key)) cache_.begin_fetch_user(*key_id);
    GroupCall::Options options;
    options.group = metadata_group;
    options.deadline = deadline;
    options.attempt_timeout = fetch_attempt_timeout;
    fetch.call.query(options, query_for(key), [this, key](Result<GroupReply> result) {
        fetched(key, std::move(result));
    });
}

void CatalogueClient::fetched(const Key& key, Result<GroupReply> result) {
    auto found = fetches_.extract(key);
    const std::unique_ptr<Fetch> fetch = std::move(found.mapped());
    const Key which = std::move(found.key());
    if (!result || result->reply->error.code != ErrorCode::ok) {
        const Error error = result ? result->reply->error : result.error();
        fetch_failed(which);
        for (const Waiter waiter : fetch->waiters) refuse(waiter, error);
        return;
    }
    const wire::QueryReply& reply = *result->reply;
    note(reply);
    if (std::holds_alternative<std::string>(which)) {
        take_user(which, reply);
    } else {
        take_queue(which, reply);
    }
    std::vector<Waiter> late_ones;
    for (const Waiter waiter : fetch->waiters) {
        if (!answer(waiter, reply, fetch->call.attempt_started())) late_ones.push_back(waiter);
    }
    if (!late_ones.empty()) fetch_again(which, late_ones);
}

void CatalogueClient::take_queue(const Key& key, const wire::QueryReply& reply) {
    const auto record = active_queue(reply);
    if (const auto* name = std::get_if<metadata::QueueName>(&key)) {
        cache_.fetched_queue(*name, record, reply.version);
    } else if (record) {
        cache_.fetched_queue(record->name, record, reply.version);
    } else if (std::get<QueueId>(key).value <= reply.version.value) {
        bury(std::get<QueueId>(key));
    }
}

void CatalogueClient::take_user(const Key& key, const wire::QueryReply& reply) {
    cache_.fetched_user(std::get<std::string>(key), user_of(reply), reply.version);
}

void CatalogueClient::fetch_failed(const Key& key) {
    if (const auto* name = std::get_if<metadata::QueueName>(&key)) cache_.fetch_failed_queue(*name);
    if (const auto* key_id = std::get_if<std::string>(&key)) cache_.fetch_failed_user(*key_id);
}

// For waiters that came after the read began, which found nothing.
void CatalogueClient::fetch_again(const Key& key, const std::vector<Waiter>& late_ones) {
    Instant deadline;
    std::vector<Waiter> still;
    for (const Waiter waiter : late_ones) {
        auto found = waiting_.find(waiter);
        if (found == waiting_.end()) continue;
        still.push_back(waiter);
        deadline = std::max(deadline, found->second.deadline);
    }
    if (still.empty()) return;
    std::unique_ptr<Fetch>& fetch = fetches_[key];
    const bool first = fetch == nullptr;
    if (first) fetch = std::make_unique<Fetch>(context_);
    fetch->waiters.insert(fetch->waiters.end(), still.begin(), still.end());
    if (first) {
        begin_fetch(key, *fetch, deadline);
    } else {
        fetch->call.extend(deadline);
    }
}

// False if this read is too old to tell this waiter that there is nothing.
bool CatalogueClient::answer(Waiter waiter, const wire::QueryReply& reply, Instant read_from) {
    auto found = waiting_.find(waiter);
    if (found == waiting_.end()) return true;
    const bool came_late = found->second.came > read_from;
    if (auto* done = std::get_if<QueueDone>(&found->second.done)) {
        FoundQueue answer{active_queue(reply), reply.version};
        if (!answer.record && came_late) return false;
        QueueDone run = std::move(*done);
        waiting_.erase(found);
        run(std::move(answer));
        return true;
    }
    FoundUser answer{user_of(reply), reply.version};
    if (!answer.record && came_late) return false;
    UserDone run = std::move(std::get<UserDone>(found->second.done));
    waiting_.erase(found);
    run(std::move(answer));
    return true;
}

void CatalogueClient::refuse(Waiter waiter, const Error& error) {
    auto waiting = waiting_.extract(waiter);
    if (waiting.empty()) return;
    std::visit([&error](auto& done) { done(fail(error)); }, waiting.mapped().done);
}

void CatalogueClient::cancel(Waiter waiter) { waiting_.erase(waiter); }

void CatalogueClient::arm_deadline_timer(Instant deadline) {
    if (deadline == Instant::never()) return;
    if (deadline_timer_.pending() && deadline_timer_.deadline() <= deadline) return;
    deadline_timer_.start(deadline, [this] { deadlines_due(); });
}

void CatalogueClient::deadlines_due() {
    const Instant now = context_.env.clock.now();
    Instant earliest = Instant::never();
    std::vector<Waiter> due;
    for (const auto& [waiter, waiting] : waiting_) {
        if (waiting.deadline <= now) {
            due.push_back(waiter);
        } else {
            earliest = std::min(earliest, waiting.deadline);
        }
    }
    arm_deadline_timer(earliest);
    for (const Waiter waiter : due) refuse(waiter, late());
}

// --- watch --------------------------------------------------------------------------------------------

CatalogueClient::Waiter CatalogueClient::refresh(Instant deadline, RefreshDone done) {
    const Waiter waiter = add_waiter(deadline, std::move(done));
    if (waiting_.size() > waiters_max) return waiter;
    refreshing_.push_back(waiter);
    if (!watch_.busy()) poll();
    return waiter;
}

void CatalogueClient::poll() {
    watch_timer_.cancel();
    GroupCall::Options options;
    options.group = metadata_group;
    options.deadline = context_.env.clock.now() + Duration::seconds(2);
    options.attempt_timeout = Duration::milliseconds(500);
    const CatalogueVersion since = followed_ ? cache_.version() : CatalogueVersion{};
    watch_.query(options, wire::Watch{since}, [this](Result<GroupReply> result) {
        polled(std::move(result));
    });
}

void CatalogueClient::polled(Result<GroupReply> result) {
    const Instant started = watch_.attempt_started();
    bool ok = result && result->reply->error.code == ErrorCode::ok;
    const bool held_back = ok && context_.env.faults.fire(FaultPoint::cache_stale);
    ok = ok && !held_back && take_watch(*result->reply);
    // A refresh that was asked for after the poll left needs another.
    std::vector<Waiter> refreshed;
    std::vector<Waiter> still;
    for (const Waiter waiter : refreshing_) {
        auto found = waiting_.find(waiter);
        if (found == waiting_.end()) continue;
        (ok && found->second.came <= started ? refreshed : still).push_back(waiter);
    }
    refreshing_ = std::move(still);
    const bool may_rest = refreshing_.empty() && (ok || held_back);
    const Duration pause = may_rest ? context_.options.watch_interval : retry_pause;
    watch_timer_.start(context_.env.clock.now() + pause, [this] { poll(); });
    for (const Waiter waiter : refreshed) {
        auto waiting = waiting_.extract(waiter);
        if (!waiting.empty()) std::get<RefreshDone>(waiting.mapped().done)({});
    }
}

// False if the copy is not up to date after it.
bool CatalogueClient::take_watch(const wire::QueryReply& reply) {
    const auto* answer = std::get_if<wire::WatchAnswer>(&reply.answer);
    if (answer == nullptr) return false;
    if (reply.cluster && reply.cluster != context_.options.cluster) {
        context_.env.log.write(LogLevel::error, "balancer",
                               "a storage node of another cluster answered; it is ignored");
        return false;
    }
    note(reply);
    const Instant asked_at = watch_.attempt_started();
    if (answer->reset) {
        cache_.reset(answer->nodes, answer->groups, reply.version, asked_at);
        followed_ = true;
    } else if (followed_) {
        cache_.watched(answer->changes, reply.version, asked_at);
    } else {
        first_fill(*answer, reply.version, asked_at);
    }
    tell_placement();
    return !answer->more;
}

// All changes since version 0 instead of a reset: the same, told as history.
void CatalogueClient::first_fill(const wire::WatchAnswer& answer, CatalogueVersion version,
                                 Instant asked_at) {
    std::map<NodeId, metadata::NodeRecord> nodes;
    std::map<GroupId, metadata::GroupRecord> groups;
    for (const metadata::Change& change : answer.changes) {
        if (const auto* node = std::get_if<metadata::NodeRecord>(&change.record)) {
            nodes[node->id] = *node;
        } else if (const auto* group = std::get_if<metadata::GroupRecord>(&change.record)) {
            groups[group->id] = *group;
        }
    }
    std::vector<metadata::NodeRecord> node_list;
    std::vector<metadata::GroupRecord> group_list;
    for (const auto& [id, node] : nodes) node_list.push_back(node);
    for (const auto& [id, group] : groups) group_list.push_back(group);
    cache_.reset(node_list, group_list, version, asked_at);
    followed_ = true;
}

void CatalogueClient::tell_placement() {
    if (!cache_.nodes().empty()) context_.upstreams.set_nodes(cache_.nodes());
    if (!cache_.groups().empty()) context_.leaders.set_groups(cache_.groups());
}

void CatalogueClient::note(const wire::QueryReply& reply) { time_.saw(reply.time, context_.env.clock.now()); }

// --- what this balancer changed itself ----------------------------------------------------------------

void CatalogueClient::learned_queue(const metadata::QueueRecord& record, CatalogueVersion version) {
    cache_.fetched_queue(record.name, record, version);
}

void CatalogueClient::learned_deletion(const metadata::QueueRecord& record,
                                       CatalogueVersion version) {
    cache_.fetched_queue(record.name, std::nullopt, version);
    bury(record.id);
}

void CatalogueClient::bury(QueueId queue) {
    dead_queues_.insert(queue);
    if (dead_queues_.size() > dead_queues_max) dead_queues_.erase(dead_queues_.begin());
}

}  // namespace quern::balancer
