// The end of a turn: what all groups have to say and to keep, in one write and, if it is little, one frame per peer.
#include "system/replica/host.h"
#include "system/replica/peer_session.h"

namespace quern::replica {

void ReplicaHost::mark_dirty(GroupReplica& group) {
    dirty_.push_back(&group);
    schedule_flush();
}

void ReplicaHost::schedule_flush() {
    if (flush_posted_) return;
    flush_posted_ = true;
    env_.loop.post(guard_.wrap([this] { flush(); }));
}

void ReplicaHost::flush() {
    flush_posted_ = false;
    if (failed_) return;
    std::vector<GroupReplica*> dirty = std::exchange(dirty_, std::move(flushed_));
    std::vector<storage::GroupChange> changes;
    std::vector<Completion> completions;
    for (GroupReplica* group : dirty) {
        group->clear_dirty();
        if (group->started()) group->collect(changes, completions);
    }
    // Followers get the entries while this node's own disk is still writing (thesis 10.2.1).
    outbox_.flush();
    if (!changes.empty()) {
        writes_begun_.push_back(env_.clock.now());
        storage_->write(std::move(changes), guard_.wrap([this, completions = std::move(completions)](
                                                            Result<void> written) mutable {
            writes_begun_.pop_front();  // they end in their order
            if (!written) return storage_failed(written.error());
            for (Completion& completion : completions) completion.group->persisted(completion);
            schedule_flush();
        }));
    }
    for (GroupReplica* group : dirty) {
        if (group->started()) group->apply_some();
    }
    dirty.clear();
    flushed_ = std::move(dirty);
}

void ReplicaHost::receive_raft(std::vector<wire::RaftMessage> messages) {
    for (wire::RaftMessage& message : messages) {
        if (message.message.to != options_.self) {
            outbox_.pass_on(std::move(message));
            schedule_flush();
            continue;
        }
        auto found = groups_.find(message.message.group);
        if (found == groups_.end() || !found->second->started()) continue;
        GroupReplica& group = *found->second;
        if (group.incarnation() != message.incarnation) continue;
        group.receive(std::move(message.message));
    }
}

uint64_t ReplicaHost::forward(const wire::Forward& request, Responder done) {
    const uint64_t id = next_forward_++;
    auto found = data_.find(request.header.group);
    if (found == data_.end() || failed_) {
        wire::Response response;
        response.group = request.header.group;
        response.error = Error(ErrorCode::group_does_not_exist);
        forwards_[id] = {request.header.group, 0};
        env_.loop.post(guard_.wrap([this, id, response, done = std::move(done)]() mutable {
            if (forwards_.erase(id) > 0) done(wire::encode(response));
        }));
        return id;
    }
    const uint64_t number = found->second->forward(
        request, metadata_->catalogue().policy_version(),
        [this, id, done = std::move(done)](wire::Encoded response) mutable {
            forwards_.erase(id);
            done(std::move(response));
        });
    forwards_[id] = {request.header.group, number};
    return id;
}

void ReplicaHost::cancel(uint64_t request) {
    auto found = forwards_.find(request);
    if (found == forwards_.end()) return cancel_relay(request);
    const auto [group, number] = found->second;
    forwards_.erase(found);
    auto data = data_.find(group);
    if (data != data_.end() && number != 0) data->second->cancel(number);
}

void ReplicaHost::query(wire::Query query, QueryDone done) {
    if (std::holds_alternative<wire::GroupStatus>(query)) {
        env_.loop.post(guard_.wrap([this, done = std::move(done)]() mutable { done(group_status()); }));
        return;
    }
    if (auto* transfer = std::get_if<wire::TransferLeader>(&query)) {
        wire::QueryReply reply;
        auto found = groups_.find(transfer->group);
        if (found == groups_.end() || !found->second->started()) {
            reply.error = Error(ErrorCode::group_does_not_exist);
        } else {
            reply.leader = found->second->status().leader;
            Result<void> started = found->second->transfer_leadership(transfer->target);
            if (!started) reply.error = std::move(started.error());
        }
        env_.loop.post([reply = std::move(reply), done = std::move(done)]() mutable { done(std::move(reply)); });
        return;
    }
    metadata_->query(std::move(query), std::move(done));
}

wire::QueryReply ReplicaHost::group_status() const {
    wire::QueryReply reply;
    const metadata::Catalogue& catalogue = metadata_->catalogue();
    reply.version = catalogue.version();
    reply.policy_version = catalogue.policy_version();
    reply.cluster = options_.cluster;
    reply.time = catalogue.time();
    wire::GroupStatusAnswer answer;
    for (const auto& [id, group] : groups_) {
        if (!group->started()) continue;
        const raft::Status status = group->status();
        answer.groups.push_back({id, status.term, status.leader, status.role == raft::Role::leader,
                                 status.commit, status.applied});
    }
    for (const auto& [id, data] : data_) answer.queues += data->state().queues().size();
    answer.users = catalogue.user_count();
    reply.answer = std::move(answer);
    return reply;
}

}  // namespace quern::replica
