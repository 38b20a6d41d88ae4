#include "system/replica/snapshot_sender.h"

namespace quern::replica {

namespace {

constexpr size_t chunk_bytes = 1u << 20;
constexpr size_t bodies_per_chunk = 256;
// A peer takes no frame of more than limits::frame_bytes_max_peer. One body may be larger than this.
constexpr uint64_t body_bytes_per_chunk = 4u << 20;
constexpr Duration answer_timeout = Duration::seconds(10);

}  // namespace

SnapshotSender::SnapshotSender(Env& env, GroupReplica& group,
                               NodeId self, Ask ask, Callback<void(LogIndex, bool)> done)
    : env_(env), group_(group), self_(self), ask_(std::move(ask)), done_(std::move(done)) {}

void SnapshotSender::start() {
    meta_ = group_.applied_meta();
    source_ = group_.machine().freeze();
    wire::SnapshotOffer offer;
    offer.group = group_.group();
    offer.incarnation = group_.incarnation();
    offer.from = self_;
    offer.term = group_.status().term;
    offer.meta = meta_;
    send(wire::FrameKind::snapshot_offer, wire::encode(offer));
}

void SnapshotSender::send(wire::FrameKind kind, wire::Encoded message) {
    ask_(kind, std::move(message), env_.clock.now() + answer_timeout,
         guard_.wrap([this](Result<wire::Frame> frame) { answered(std::move(frame)); }));
}

void SnapshotSender::answered(Result<wire::Frame> frame) {
    if (!frame) return end(false);
    Result<wire::SnapshotReply> reply = wire::decode_snapshot_reply(*frame);
    if (!reply || !reply->accepted || reply->snapshot_index != meta_.index) return end(false);
    if (reply->done) return end(true);
    if (last_sent_) return end(false);
    send_next();
}

void SnapshotSender::send_next() {
    if (!state_sent_) {
        wire::SnapshotChunk chunk;
        chunk.group = group_.group();
        chunk.snapshot_index = meta_.index;
        chunk.bytes = source_->next_chunk(chunk_bytes);
        if (!chunk.bytes.empty()) {
            chunk.ordinal = ordinal_++;
            return send(wire::FrameKind::snapshot_chunk, wire::encode(chunk));
        }
        state_sent_ = true;
    }
    send_bodies(bodies_of_a_chunk());
}

std::vector<BodyRef> SnapshotSender::bodies_of_a_chunk() {
    std::vector<BodyRef> bodies;
    uint64_t bytes = 0;
    while (bodies.size() < bodies_per_chunk) {
        if (listed_.empty()) {
            const std::vector<BodyRef> more = source_->next_bodies(bodies_per_chunk);
            if (more.empty()) break;
            listed_.assign(more.begin(), more.end());
        }
        bytes += listed_.front().size_bytes;
        if (!bodies.empty() && bytes > body_bytes_per_chunk) break;
        bodies.push_back(listed_.front());
        listed_.pop_front();
    }
    return bodies;
}

void SnapshotSender::send_bodies(std::vector<BodyRef> bodies) {
    group_.gather(bodies, false,  // some may be dead by now
                  guard_.wrap([this, bodies](std::vector<Result<Buffer>> found) {
                      wire::SnapshotChunk chunk;
                      chunk.group = group_.group();
                      chunk.snapshot_index = meta_.index;
                      chunk.last = bodies.empty();
                      BufferChain bytes;
                      for (size_t i = 0; i < bodies.size(); ++i) {
                          if (found[i]) {
                              chunk.bodies.push_back(bodies[i]);
                              bytes.append(std::move(*found[i]));
                              continue;
                          }
                          // Dropped since the freeze, also in an earlier life of this node: the peer
                          // will drop it too when it catches up. A damaged one it may have itself.
                          const ErrorCode code = found[i].error().code;
                          if (code != ErrorCode::not_found && code != ErrorCode::corrupt) return end(false);
                          chunk.absent.push_back(bodies[i]);
                      }
                      chunk.ordinal = ordinal_++;
                      chunk.bytes = bytes.flatten();
                      last_sent_ = chunk.last;
                      send(wire::FrameKind::snapshot_chunk, wire::encode(chunk));
                  }));
}

void SnapshotSender::end(bool ok) {
    Callback<void(LogIndex, bool)> done = std::move(done_);
    done(meta_.index, ok);
}

}  // namespace quern::replica
