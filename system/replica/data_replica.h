// The service of one data group at its leader: turns forwarded client requests into commands, gathers
// them into log entries, parks long polls, and answers from the applied result. On followers it only
// applies. Replies leave after the entry is committed and applied here, so a lease or a delete that a
// client has heard of survives the leader (faults.md 3.27).
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "system/base/mac.h"
#include "system/queue/group_state.h"
#include "system/replica/cluster_clock.h"
#include "system/replica/group_replica.h"
#include "system/replica/receive_desk.h"
#include "system/wire/command_codec.h"
#include "system/wire/peer_messages.h"

namespace quern::replica {

using Responder = Callback<void(wire::Encoded)>;

class DataReplica final : public StateMachine {
public:
    struct Options {
        NodeId self;
        Key receipt_key{};
    };
    DataReplica(GroupHost& host, ClusterClock& clock, const Options& options);
    ~DataReplica() override;
    void set_replica(GroupReplica& replica) { replica_ = &replica; }

    // A request forwarded by a balancer that is allowed to ask it. `done` runs from the loop, once,
    // unless cancelled. Returns a number for cancel().
    uint64_t forward(const wire::Forward& request, CatalogueVersion policy_version, Responder done);
    // The answer is no longer wanted: a parked poll is forgotten, an answer under way is dropped.
    void cancel(uint64_t request);

    const queue::GroupState& state() const { return state_; }
    queue::GroupState& state() { return state_; }
    const ReceiveDesk& desk() const { return desk_; }

    // StateMachine
    void apply(const raft::Entry& entry) override;
    std::unique_ptr<SnapshotSource> freeze() override;
    Result<void> restore(const std::vector<Buffer>& chunks) override;
    void flush() override;
    void status_changed(const raft::Status& status) override;
    LogIndex index() const override { return state_.index(); }
    uint64_t rolling_hash() const override { return state_.rolling_hash(); }

private:
    friend class ReceiveDesk;
    using Applied = Callback<void(Result<queue::Reply>)>;
    // A command waiting for its entry; `keep` holds the bytes its spans refer to.
    struct Pending {
        queue::Command command;
        Buffer keep;
        Instant deadline;  // not proposed after it (S124)
        Applied applied;
    };
    struct Batch {
        Term term;
        std::vector<Applied> applied;
    };

    Instant now() const { return host_.env().clock.now(); }
    void submit(queue::Command command, Buffer keep, Instant deadline, Applied applied);
    bool propose_batch();
    void fail_pending();
    void resolve(LogIndex index, Term term, std::vector<queue::Reply>& replies);
    void schedule_tick();
    void tick_due();
    void tick_failed();

    // One request on its way in: where its answer goes, and the command it may become.
    struct Call {
        uint64_t id = 0;
        Instant deadline;
        queue::Command base;  // queue, versions, principal, token
        Buffer body;          // of the client's request; spans refer to it
    };
    std::optional<Error> check(const wire::ForwardHeader& header,
                               CatalogueVersion policy_version) const;
    void handle(Call call, wire::Operation& operation);
    void handle_catalogue(Call call, const wire::ForwardHeader& header);
    std::optional<Error> refuse_for_space() const;
    void handle_send(Call call, wire::SendRequest& send);
    void handle_delete(Call call, const wire::DeleteRequest& request);
    void handle_visibility(Call call, const wire::ChangeVisibilityRequest& request);
    void handle_status(Call call);
    void handle_peek(Call call, const wire::PeekRequest& request);
    // Submits and answers with what `fill` makes of the reply.
    void submit_call(Call call, Callback<void(queue::Reply&, wire::Response&)> fill);

    wire::Response response_at_now(QueueId queue) const;
    wire::Response response_unproposed(QueueId queue);
    void respond(uint64_t id, const wire::Response& response);
    // Not the state machine's word: it carries no index, since an earlier attempt may still be applied.
    void respond_error(uint64_t id, QueueId queue, Error error);
    // What the state machine said.
    void respond_refusal(uint64_t id, QueueId queue, Error error);
    wire::Response error_response(QueueId queue, Error error) const;

    GroupHost& host_;
    ClusterClock& clock_;
    Options options_;
    GroupReplica* replica_ = nullptr;
    queue::GroupState state_;
    raft::Status status_;
    std::deque<Pending> pending_;
    size_t pending_bytes_ = 0;
    std::map<LogIndex, Batch> proposed_;
    uint64_t next_request_ = 1;
    std::map<uint64_t, Responder> responders_;
    OwnedTimer tick_timer_;
    bool tick_pending_ = false;
    wire::CommandBatch batch_;  // reused by apply
    ReceiveDesk desk_;
    LifeGuard guard_;
};

}  // namespace quern::replica
