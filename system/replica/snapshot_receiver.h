// Takes one snapshot from a leader: chunks into the snapshot file and the body store, then installs it.
// A new offer replaces one that waits for its next chunk; destroying it leaves the group as it was.
#pragma once

#include <memory>
#include <vector>

#include "system/replica/group_replica.h"
#include "system/wire/peer_messages.h"

namespace quern::replica {

class SnapshotReceiver {
public:
    using Done = Callback<void(wire::SnapshotReply)>;
    SnapshotReceiver(storage::NodeStorage& storage, GroupReplica& group,
                     const wire::SnapshotOffer& offer);
    // Writes the header. Each call is answered before the next.
    void start(Done done);
    void chunk(wire::SnapshotChunk chunk, Done done);
    LogIndex index() const { return offer_.meta.index; }
    bool ended() const { return ended_; }
    // The disk has something of it to do.
    bool busy() const { return busy_ && !ended_; }
    // The group has gone on without it, by its log or by another.
    bool overtaken() const;
    // Before it is destroyed without having been installed: what it stored may not stay.
    void give_up();

private:
    void begin();
    void append(Buffer bytes, Done done);
    void store_bodies(wire::SnapshotChunk chunk, Done done);
    void keep_own(const std::vector<BodyRef>& absent);
    void finish(Done done);
    void sync_bodies(Done done);
    void install(Done done);
    void reply(Done& done, Result<void> result, bool finished);
    wire::SnapshotReply answer(bool accepted, bool installed) const;

    storage::NodeStorage& storage_;
    GroupReplica& group_;
    wire::SnapshotOffer offer_;
    std::unique_ptr<storage::SnapshotWriter> writer_;
    std::vector<Buffer> chunks_;
    std::vector<BodyRef> stored_;
    std::vector<BodyRef> own_;  // absent at the sender, to be kept from the log here
    uint64_t next_ordinal_ = 0;
    bool busy_ = false;
    bool installing_ = false;
    bool ended_ = false;
    LifeGuard guard_;
};

}  // namespace quern::replica
