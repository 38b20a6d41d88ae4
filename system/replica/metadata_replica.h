// The service of the metadata group at its leader: catalogue commands and linearizable questions about
// it, for balancers and nodes.
#pragma once

#include <deque>
#include <map>

#include "system/metadata/catalogue.h"
#include "system/replica/cluster_clock.h"
#include "system/replica/group_replica.h"
#include "system/wire/command_codec.h"
#include "system/wire/peer_messages.h"

namespace quern::replica {

using QueryDone = Callback<void(wire::QueryReply)>;

class MetadataReplica final : public StateMachine {
public:
    // `changed` runs after entries that raised the catalogue's version.
    MetadataReplica(GroupHost& host, ClusterClock& clock, NodeId self, Callback<void()> changed);
    void set_replica(GroupReplica& replica) { replica_ = &replica; }

    const metadata::Catalogue& catalogue() const { return catalogue_; }
    // All queries but GroupStatus and TransferLeader, which the host answers. `done` runs once, from the
    // loop; not_leader with a hint if this node cannot answer.
    void query(wire::Query query, QueryDone done);
    using Applied = Callback<void(Result<metadata::Reply>)>;
    void submit(metadata::Command command, Applied applied);

    // StateMachine
    void apply(const raft::Entry& entry) override;
    std::unique_ptr<SnapshotSource> freeze() override;
    Result<void> restore(const std::vector<Buffer>& chunks) override;
    void flush() override;
    void status_changed(const raft::Status& status) override;
    LogIndex index() const override { return catalogue_.index(); }
    uint64_t rolling_hash() const override { return catalogue_.rolling_hash(); }

private:
    struct Pending {
        metadata::Command command;
        Applied applied;
    };
    struct Batch {
        Term term;
        std::vector<Applied> applied;
    };
    void answer(const wire::Query& query, wire::QueryReply& reply) const;
    wire::QueryReply reply_at_now() const;
    void fail_pending();
    void finish(QueryDone done, Error error);

    GroupHost& host_;
    ClusterClock& clock_;
    NodeId self_;
    Callback<void()> changed_;
    GroupReplica* replica_ = nullptr;
    metadata::Catalogue catalogue_;
    raft::Status status_;
    std::deque<Pending> pending_;
    std::map<LogIndex, Batch> proposed_;
    LifeGuard guard_;
};

}  // namespace quern::replica
