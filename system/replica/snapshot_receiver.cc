#include "system/replica/snapshot_receiver.h"

#include <utility>

#include "system/base/planted_bug.h"
#include "system/replica/local_snapshot.h"

namespace quern::replica {

SnapshotReceiver::SnapshotReceiver(storage::NodeStorage& storage, GroupReplica& group,
                                   const wire::SnapshotOffer& offer)
    : storage_(storage), group_(group), offer_(offer) {}

void SnapshotReceiver::start(Done done) {
    writer_ = storage_.write_snapshot(group_.group(), offer_.meta.index);
    append(encode_snapshot_header(offer_.meta), std::move(done));
}

bool SnapshotReceiver::overtaken() const {
    return !busy_ && !group_.wants_snapshot(offer_.meta, offer_.from, offer_.term);
}

// What is being installed is on its way into the state.
void SnapshotReceiver::give_up() {
    if (!installing_) group_.drop_unless_live(std::exchange(stored_, {}));
}

void SnapshotReceiver::begin() {
    busy_ = true;
    group_.set_activity(Activity::installing_snapshot, true);
}

void SnapshotReceiver::append(Buffer bytes, Done done) {
    begin();
    writer_->append(std::move(bytes),
                    guard_.wrap([this, done = std::move(done)](Result<void> written) mutable {
                        busy_ = false;
                        reply(done, std::move(written), false);
                    }));
}

void SnapshotReceiver::chunk(wire::SnapshotChunk chunk, Done done) {
    // Out of order: a duplicate or a chunk of another attempt. What came so far may be of two snapshots of one index.
    if (busy_) return done(answer(false, false));
    if (ended_ || chunk.snapshot_index != index() || chunk.ordinal != next_ordinal_) {
        return reply(done, fail(ErrorCode::protocol_error), false);
    }
    ++next_ordinal_;
    keep_own(chunk.absent);
    if (!chunk.bodies.empty()) return store_bodies(std::move(chunk), std::move(done));
    if (chunk.last) return finish(std::move(done));
    if (chunk.bytes.empty()) return reply(done, {}, false);
    chunks_.push_back(chunk.bytes);
    append(std::move(chunk.bytes), std::move(done));
}

void SnapshotReceiver::store_bodies(wire::SnapshotChunk chunk, Done done) {
    struct Storing {
        size_t left;
        Result<void> result;
        Done done;
    };
    begin();
    auto storing = std::make_shared<Storing>(Storing{chunk.bodies.size(), {}, std::move(done)});
    size_t offset = 0;
    for (const BodyRef& body : chunk.bodies) {
        stored_.push_back(body);
        Buffer bytes = chunk.bytes.slice(offset, body.size_bytes);  // sizes were checked by the decoder
        offset += body.size_bytes;
        storage_.store_body(group_.group(), body, std::move(bytes),
                            guard_.wrap([this, storing](Result<void> stored) {
                                if (!stored) storing->result = std::move(stored);
                                if (--storing->left > 0) return;
                                busy_ = false;
                                reply(storing->done, std::move(storing->result), false);
                            }));
    }
}

// The log here goes when the snapshot is installed. What is not committed may be of another entry.
void SnapshotReceiver::keep_own(const std::vector<BodyRef>& absent) {
    const LogIndex commit = group_.status().commit;
    for (const BodyRef& body : absent) {
        if (body.index <= commit) own_.push_back(body);
    }
}

void SnapshotReceiver::finish(Done done) {
    begin();
    if (own_.empty()) return sync_bodies(std::move(done));
    stored_.insert(stored_.end(), own_.begin(), own_.end());
    // What cannot be carried over is as absent here as it is there.
    storage_.carry_over(group_.group(), std::move(own_),
                        guard_.wrap([this, done = std::move(done)](const Result<void>&) mutable {
                            sync_bodies(std::move(done));
                        }));
}

void SnapshotReceiver::sync_bodies(Done done) {
    storage_.sync_bodies(
        group_.group(), guard_.wrap([this, done = std::move(done)](Result<void> synced) mutable {
            if (!synced) return reply(done, std::move(synced), false);
            if (PLANTED(snapshot_installed_before_file)) {
                writer_->finish([](const Result<void>&) {});
                return install(std::move(done));
            }
            writer_->finish(guard_.wrap([this, done = std::move(done)](Result<void> written) mutable {
                if (!written) return reply(done, std::move(written), false);
                install(std::move(done));
            }));
        }));
}

void SnapshotReceiver::install(Done done) {
    installing_ = true;
    group_.install_snapshot(offer_.meta, offer_.from, offer_.term, std::move(chunks_),
                            guard_.wrap([this, done = std::move(done)](Result<void> installed) mutable {
                                installing_ = false;
                                reply(done, std::move(installed), true);
                            }));
}

void SnapshotReceiver::reply(Done& done, Result<void> result, bool finished) {
    if (!result || finished) ended_ = true;
    if (!result) give_up();
    if (!busy_ || ended_) group_.set_activity(Activity::installing_snapshot, false);
    done(answer(result.has_value(), finished && result.has_value()));
}

wire::SnapshotReply SnapshotReceiver::answer(bool accepted, bool installed) const {
    wire::SnapshotReply answer;
    answer.group = group_.group();
    answer.snapshot_index = index();
    answer.ordinal = next_ordinal_;
    answer.accepted = accepted;
    answer.done = installed;
    return answer;
}

}  // namespace quern::replica
