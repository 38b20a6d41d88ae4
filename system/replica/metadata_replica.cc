#include "system/replica/metadata_replica.h"

#include <algorithm>

namespace quern::replica {

namespace {

constexpr size_t commands_per_entry_max = 64;
constexpr size_t pending_max = 4096;
constexpr size_t changes_per_answer_max = 1000;
// Of the largest records it fits into a frame between nodes, as do the changes.
constexpr size_t list_count_max = limits::listed_queues_max;
constexpr size_t users_count_max = limits::listed_users_max;
constexpr size_t snapshot_chunk_bytes = 1u << 20;

class CatalogueSource final : public SnapshotSource {
public:
    explicit CatalogueSource(std::vector<Buffer> chunks) : chunks_(std::move(chunks)) {}
    Buffer next_chunk(size_t) override { return next_ < chunks_.size() ? chunks_[next_++] : Buffer(); }
    std::vector<BodyRef> next_bodies(size_t) override { return {}; }

private:
    std::vector<Buffer> chunks_;
    size_t next_ = 0;
};

}  // namespace

MetadataReplica::MetadataReplica(GroupHost& host, ClusterClock& clock, NodeId self,
                                 Callback<void()> changed)
    : host_(host), clock_(clock), self_(self), changed_(std::move(changed)) {}

void MetadataReplica::submit(metadata::Command command, Applied applied) {
    if (!status_.leader_ready) return applied(fail(ErrorCode::not_leader));
    if (pending_.size() >= pending_max) return applied(fail(ErrorCode::overloaded));
    pending_.push_back({std::move(command), std::move(applied)});
    replica_->wake_up();
}

void MetadataReplica::flush() {
    if (!status_.leader_ready || pending_.empty() || !proposed_.empty()) return;
    const std::optional<ClusterTime> time = clock_.time(host_.env().clock.now());
    std::vector<metadata::Command> commands;
    Batch batch;
    while (!pending_.empty() && commands.size() < commands_per_entry_max) {
        Pending next = std::move(pending_.front());
        pending_.pop_front();
        if (!time) {
            next.applied(fail(ErrorCode::unavailable, "no majority of nodes agrees on the time yet"));
            continue;
        }
        commands.push_back(std::move(next.command));
        batch.applied.push_back(std::move(next.applied));
    }
    if (commands.empty()) return;
    Result<GroupReplica::Position> position =
        replica_->propose(wire::encode_metadata_commands(*time, commands));
    if (!position) {
        for (Applied& applied : batch.applied) applied(fail(position.error()));
        return;
    }
    batch.term = position->term;
    proposed_.emplace(position->index, std::move(batch));
}

void MetadataReplica::apply(const raft::Entry& entry) {
    const CatalogueVersion before = catalogue_.version();
    std::vector<metadata::Reply> replies;
    if (entry.kind == raft::EntryKind::command) {
        const Result<wire::MetadataBatch> batch = wire::decode_metadata_commands(entry.payload);
        QUERN_ASSERT_MSG(batch.has_value(), "a committed entry does not decode");
        catalogue_.begin_entry(entry.index, batch->time);
        for (const metadata::Command& command : batch->commands) {
            replies.push_back(catalogue_.apply(command));
        }
    } else {
        catalogue_.begin_entry(entry.index, ClusterTime{});
    }
    if (!proposed_.empty() && proposed_.begin()->first <= entry.index) {
        QUERN_ASSERT(proposed_.begin()->first == entry.index);
        Batch batch = std::move(proposed_.begin()->second);
        proposed_.erase(proposed_.begin());
        const bool ours = batch.term == entry.term;
        QUERN_ASSERT(!ours || batch.applied.size() == replies.size());
        for (size_t i = 0; i < batch.applied.size(); ++i) {
            if (ours) {
                batch.applied[i](std::move(replies[i]));
            } else {
                batch.applied[i](fail(ErrorCode::not_leader));
            }
        }
        if (!pending_.empty()) replica_->wake_up();
    }
    if (catalogue_.version() == before) return;
    if (host_.env().faults.fire(FaultPoint::changes_forgotten)) catalogue_.forget_changes();
    changed_();
}

std::unique_ptr<SnapshotSource> MetadataReplica::freeze() {
    return std::make_unique<CatalogueSource>(catalogue_.snapshot(snapshot_chunk_bytes));
}

Result<void> MetadataReplica::restore(const std::vector<Buffer>& chunks) {
    Result<metadata::Catalogue> restored = metadata::Catalogue::restore(chunks);
    if (!restored) return fail(std::move(restored.error()));
    fail_pending();
    catalogue_ = std::move(*restored);
    changed_();
    return {};
}

void MetadataReplica::status_changed(const raft::Status& status) {
    const bool lost = status_.role == raft::Role::leader &&
                      (status.role != raft::Role::leader || status.term != status_.term);
    status_ = status;
    if (lost) fail_pending();
}

void MetadataReplica::fail_pending() {
    for (Pending& pending : std::exchange(pending_, {})) pending.applied(fail(ErrorCode::not_leader));
    std::map<LogIndex, Batch> proposed = std::exchange(proposed_, {});
    for (auto& [index, batch] : proposed) {
        for (Applied& applied : batch.applied) {
            applied(fail(ErrorCode::outcome_unknown,
                         "leadership was lost while the request was under way"));
        }
    }
}

wire::QueryReply MetadataReplica::reply_at_now() const {
    wire::QueryReply reply;
    reply.leader = status_.role == raft::Role::leader ? self_ : status_.leader;
    reply.version = catalogue_.version();
    reply.policy_version = catalogue_.policy_version();
    reply.cluster = catalogue_.cluster();
    reply.time = catalogue_.time();
    // The time of the last entry may be long ago; askers stamp their requests' expiry by this one.
    if (status_.leader_ready) {
        const std::optional<ClusterTime> now = clock_.time(host_.env().clock.now());
        if (now) reply.time = std::max(reply.time, *now);
    }
    return reply;
}

void MetadataReplica::finish(QueryDone done, Error error) {
    wire::QueryReply reply = reply_at_now();
    reply.error = std::move(error);
    done(std::move(reply));
}

void MetadataReplica::query(wire::Query query, QueryDone done) {
    if (auto* change = std::get_if<wire::Change>(&query)) {
        host_.env().loop.post(guard_.wrap([this, command = std::move(change->command),
                                           done = std::move(done)]() mutable {
            submit(std::move(command),
                   [this, done = std::move(done)](Result<metadata::Reply> applied) mutable {
                       if (!applied) return finish(std::move(done), std::move(applied.error()));
                       wire::QueryReply reply = reply_at_now();
                       reply.answer = wire::ChangeAnswer{std::move(*applied)};
                       done(std::move(reply));
                   });
        }));
        return;
    }
    host_.env().loop.post(
        guard_.wrap([this, query = std::move(query), done = std::move(done)]() mutable {
            replica_->read_barrier(guard_.wrap([this, query = std::move(query),
                                                done = std::move(done)](Result<void> read) mutable {
                if (!read) return finish(std::move(done), std::move(read.error()));
                wire::QueryReply reply = reply_at_now();
                answer(query, reply);
                done(std::move(reply));
            }));
        }));
}

void MetadataReplica::answer(const wire::Query& query, wire::QueryReply& reply) const {
    auto copy = [](const auto* record) {
        using Record = std::remove_cvref_t<decltype(*record)>;
        return record != nullptr ? std::optional<Record>(*record) : std::nullopt;
    };
    if (auto* find = std::get_if<wire::FindQueue>(&query)) {
        reply.answer = wire::QueueAnswer{copy(catalogue_.find_queue(find->name))};
    } else if (auto* find_id = std::get_if<wire::FindQueueById>(&query)) {
        reply.answer = wire::QueueAnswer{copy(catalogue_.find_queue(find_id->id))};
    } else if (auto* user = std::get_if<wire::FindUser>(&query)) {
        reply.answer = wire::UserAnswer{copy(catalogue_.find_user_by_key(user->key_id))};
    } else if (auto* watch = std::get_if<wire::Watch>(&query)) {
        wire::WatchAnswer answer;
        auto changes = catalogue_.changes_since(watch->since, changes_per_answer_max);
        answer.reset = !changes || !watch->since;
        if (changes && watch->since) {
            answer.more = changes->size() >= changes_per_answer_max &&
                          changes->back().version < catalogue_.version();
            if (answer.more) reply.version = changes->back().version;
            answer.changes = std::move(*changes);
        } else {
            answer.nodes = catalogue_.nodes();
            answer.groups = catalogue_.groups();
        }
        reply.answer = std::move(answer);
    } else if (auto* list = std::get_if<wire::ListQueues>(&query)) {
        wire::QueueListAnswer answer;
        const size_t count = std::min<size_t>(std::max<uint32_t>(list->count_max, 1), list_count_max);
        for (const metadata::QueueRecord* record :
             catalogue_.list_queues(list->account, list->prefix, list->after, count + 1)) {
            answer.records.push_back(*record);
        }
        answer.more = answer.records.size() > count;
        if (answer.more) answer.records.pop_back();
        reply.answer = std::move(answer);
    } else if (auto* users = std::get_if<wire::ListUsers>(&query)) {
        wire::UserListAnswer answer;
        const size_t count = std::min<size_t>(std::max<uint32_t>(users->count_max, 1), users_count_max);
        for (const metadata::UserRecord* record : catalogue_.list_users(users->after, count + 1)) {
            answer.records.push_back(*record);
        }
        answer.more = answer.records.size() > count;
        if (answer.more) answer.records.pop_back();
        reply.answer = std::move(answer);
    } else if (std::holds_alternative<wire::ListDeleting>(query)) {
        wire::QueueListAnswer answer;
        for (QueueId id : catalogue_.deleting_queues()) {
            answer.more = answer.records.size() == list_count_max;
            if (answer.more) break;
            answer.records.push_back(*catalogue_.find_queue(id));
        }
        reply.answer = std::move(answer);
    } else {
        reply.error = Error(ErrorCode::unsupported_operation);
    }
}

}  // namespace quern::replica
