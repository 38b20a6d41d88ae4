#include "system/replica/data_replica.h"

#include <algorithm>

#include "system/base/planted_bug.h"

namespace quern::replica {

namespace {

// Entries of one group on their way; while so many are, commands gather for the next (group commit).
constexpr size_t entries_under_way_max = 4;
constexpr size_t pending_bytes_max = 64u << 20;
// Until a tick that was refused is tried again.
constexpr Duration tick_pause = Duration::milliseconds(20);

class FrozenQueue final : public SnapshotSource {
public:
    explicit FrozenQueue(std::unique_ptr<queue::FrozenGroup> frozen) : frozen_(std::move(frozen)) {}
    Buffer next_chunk(size_t bytes_target) override { return frozen_->next_chunk(bytes_target); }
    std::vector<BodyRef> next_bodies(size_t count_max) override {
        return frozen_->next_bodies(count_max);
    }

private:
    std::unique_ptr<queue::FrozenGroup> frozen_;
};

}  // namespace

DataReplica::DataReplica(GroupHost& host, ClusterClock& clock, const Options& options)
    : host_(host), clock_(clock), options_(options), tick_timer_(host.env().timers), desk_(*this) {}

DataReplica::~DataReplica() = default;

void DataReplica::submit(queue::Command command, Buffer keep, Instant deadline, Applied applied) {
    if (!status_.leader_ready) return applied(fail(ErrorCode::not_leader));
    const size_t bytes = wire::encoded_bytes_estimate(command);
    const bool asked_by_client = deadline != Instant::never();
    if (pending_.size() >= limits::proposals_pending_max ||
        pending_bytes_ + bytes > pending_bytes_max ||
        (asked_by_client && host_.env().faults.fire(FaultPoint::request_refused))) {
        return applied(fail(ErrorCode::overloaded, "too many requests wait at the group's leader"));
    }
    pending_bytes_ += bytes;
    pending_.push_back({std::move(command), std::move(keep), deadline, std::move(applied)});
    replica_->wake_up();
}

void DataReplica::flush() {
    while (status_.leader_ready && !pending_.empty() && proposed_.size() < entries_under_way_max) {
        if (PLANTED(one_command_at_a_time) && !proposed_.empty()) break;
        if (!propose_batch()) break;
    }
}

bool DataReplica::propose_batch() {
    std::optional<ClusterTime> time = clock_.time(now());
    if (PLANTED(leader_trusts_its_clock)) {
        time = ClusterTime{host_.env().clock.wall().latest.ns / 1'000'000};
    }
    std::vector<queue::Command> commands;
    std::vector<Buffer> keep;
    Batch batch;
    size_t bytes = 0;
    const bool short_batch = host_.env().faults.fire(FaultPoint::batch_short) || PLANTED(one_command_at_a_time);
    while (!pending_.empty() && commands.size() < limits::entry_commands_max &&
           bytes < limits::entry_bytes_target && !(short_batch && !commands.empty())) {
        Pending next = std::move(pending_.front());
        pending_.pop_front();
        const size_t size = wire::encoded_bytes_estimate(next.command);
        pending_bytes_ -= size;
        if (next.deadline <= now()) {
            next.applied(fail(ErrorCode::deadline_exceeded, "the request waited too long"));
        } else if (!time) {
            next.applied(fail(ErrorCode::unavailable, "no majority of nodes agrees on the time yet"));
        } else {
            bytes += size;
            commands.push_back(std::move(next.command));
            keep.push_back(std::move(next.keep));
            batch.applied.push_back(std::move(next.applied));
        }
    }
    if (commands.empty()) return false;
    Result<GroupReplica::Position> position =
        replica_->propose(wire::encode_commands(*time, commands));
    if (!position) {
        for (Applied& applied : batch.applied) applied(fail(position.error()));
        return false;
    }
    batch.term = position->term;
    proposed_.emplace(position->index, std::move(batch));
    return true;
}

void DataReplica::apply(const raft::Entry& entry) {
    std::vector<queue::Reply> replies;
    if (entry.kind == raft::EntryKind::command) {
        const Result<void> decoded = wire::decode_commands(entry.payload, batch_);
        QUERN_ASSERT_MSG(decoded.has_value(), "a committed entry does not decode");
        if (PLANTED(apply_by_local_clock)) batch_.time = clock_.time(now()).value_or(batch_.time);
        state_.begin_entry(entry.index, batch_.time);
        replies.reserve(batch_.commands.size());
        for (const queue::Command& command : batch_.commands) {
            if (std::holds_alternative<queue::Tick>(command.operation)) tick_pending_ = false;
            replies.push_back(state_.apply(command, entry.payload.data()));
            if (ReplicaObserver* observer = host_.observer()) {
                observer->command_applied(options_.self, replica_->group(), entry.index,
                                          state_.time(), command, replies.back());
            }
        }
    } else {
        state_.begin_entry(entry.index, ClusterTime{});
    }
    for (const BodyRef& body : state_.take_dead_bodies()) {
        replica_->drop_body(body);
    }
    resolve(entry.index, entry.term, replies);
    const std::vector<QueueId> ready = state_.take_ready_queues();
    const std::vector<QueueId> dropped = state_.take_dropped_queues();
    for (QueueId queue : dropped) {
        if (!PLANTED(drop_leaves_polls_parked)) desk_.queue_dropped(queue);
    }
    if (!status_.leader_ready) return;
    for (QueueId queue : ready) desk_.wake(queue);
    schedule_tick();
}

// An entry of another term at a batch's index means that the batch is gone for good.
void DataReplica::resolve(LogIndex index, Term term, std::vector<queue::Reply>& replies) {
    if (proposed_.empty() || proposed_.begin()->first > index) return;
    QUERN_ASSERT(proposed_.begin()->first == index);
    Batch batch = std::move(proposed_.begin()->second);
    proposed_.erase(proposed_.begin());
    if (batch.term != term) {
        for (Applied& applied : batch.applied) applied(fail(ErrorCode::not_leader));
        return;
    }
    QUERN_ASSERT(batch.applied.size() == replies.size());
    for (size_t i = 0; i < replies.size(); ++i) batch.applied[i](std::move(replies[i]));
    if (!pending_.empty()) replica_->wake_up();
}

void DataReplica::fail_pending() {
    std::deque<Pending> pending = std::exchange(pending_, {});
    pending_bytes_ = 0;
    for (Pending& command : pending) command.applied(fail(ErrorCode::not_leader));
    std::map<LogIndex, Batch> proposed = std::exchange(proposed_, {});
    for (auto& [index, batch] : proposed) {
        for (Applied& applied : batch.applied) {
            applied(fail(PLANTED(lost_leadership_is_refusal) ? ErrorCode::not_leader
                                                             : ErrorCode::outcome_unknown,
                         "leadership was lost while the request was under way"));
        }
    }
    desk_.leadership_lost();
}

void DataReplica::status_changed(const raft::Status& status) {
    const bool was_leader = status_.role == raft::Role::leader;
    const bool same_term = status_.term == status.term;
    const bool became_ready = status.leader_ready && !status_.leader_ready;
    status_ = status;
    if (was_leader && (status.role != raft::Role::leader || !same_term)) {
        tick_timer_.cancel();
        tick_pending_ = false;
        fail_pending();
    }
    if (became_ready) schedule_tick();
}

void DataReplica::schedule_tick() {
    const ClusterTime due = state_.next_deadline();
    if (due == ClusterTime::never() || tick_pending_ || PLANTED(no_tick)) return tick_timer_.cancel();
    const Instant soonest = now() + Duration::milliseconds(1);
    const Instant at = std::max(clock_.instant_of(due, now()), soonest);
    if (tick_timer_.pending() && tick_timer_.deadline() == at) return;
    tick_timer_.start(at, [this] { tick_due(); });
}

void DataReplica::tick_due() {
    if (!status_.leader_ready) return;
    const std::optional<ClusterTime> time = clock_.time(now());
    const ClusterTime due = state_.next_deadline();
    // Commands under way let time pass as well.
    if (!time || *time < due || !pending_.empty()) return schedule_tick();
    tick_pending_ = true;
    queue::Command tick;
    tick.operation = queue::Tick{};
    submit(std::move(tick), {}, Instant::never(), [this](Result<queue::Reply> reply) {
        if (!reply) tick_failed();
    });
}

// Refused while the office is being handed over, say; nothing else may come that lets time pass.
void DataReplica::tick_failed() {
    tick_pending_ = false;
    if (status_.leader_ready) tick_timer_.start(now() + tick_pause, [this] { tick_due(); });
}

std::unique_ptr<SnapshotSource> DataReplica::freeze() {
    return std::make_unique<FrozenQueue>(state_.freeze());
}

Result<void> DataReplica::restore(const std::vector<Buffer>& chunks) {
    Result<queue::GroupState> restored = queue::GroupState::restore(chunks);
    if (!restored) return fail(std::move(restored.error()));
    fail_pending();
    state_ = std::move(*restored);
    return {};
}

}  // namespace quern::replica
