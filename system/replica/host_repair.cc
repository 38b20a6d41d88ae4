// What nodes give each other when a disk was damaged (peer_repair.h): both sides of the question.
#include "system/replica/body_gatherer.h"
#include "system/replica/host.h"

namespace quern::replica {

namespace {
constexpr Duration answer_timeout = Duration::seconds(2);
}

std::vector<NodeId> ReplicaHost::peer_nodes() const {
    std::vector<NodeId> nodes;
    for (const auto& [id, peer] : peers_) nodes.push_back(id);
    return nodes;
}

void ReplicaHost::ask_peer(NodeId peer, const wire::RepairRequest& request,
                           Callback<void(Result<wire::RepairReply>)> done) {
    const auto found = peers_.find(peer);
    if (found == peers_.end() || !found->second.link->up()) {
        return env_.loop.post(guard_.wrap([done = std::move(done)]() mutable {
            done(fail(ErrorCode::unavailable, "the peer is not connected"));
        }));
    }
    found->second.link->request(wire::FrameKind::repair, wire::encode(request),
                                env_.clock.now() + answer_timeout,
                                guard_.wrap([done = std::move(done)](Result<wire::Frame> frame) mutable {
                                    if (!frame) return done(fail(std::move(frame.error())));
                                    done(wire::decode_repair_reply(*frame));
                                }));
}

void ReplicaHost::repair(const wire::RepairRequest& request, Callback<void(wire::RepairReply)> done) {
    const auto found = groups_.find(request.group);
    if (failed_ || found == groups_.end() || !found->second->started() ||
        found->second->incarnation() != request.incarnation) {
        return done({});
    }
    GroupReplica& group = *found->second;
    if (request.snapshot_for) {
        group.known_committed(request.lost_index, request.lost_term);
        send_snapshot(group, request.snapshot_for);
        return done({});
    }
    if (request.from) {
        return storage_->load_entries(
            request.group, request.from, request.to, limits::append_bytes_max,
            guard_.wrap([done = std::move(done)](Result<std::vector<storage::WalEntry>> loaded) mutable {
                wire::RepairReply reply;
                if (loaded) {
                    for (storage::WalEntry& entry : *loaded) {
                        reply.entries.push_back({entry.index, entry.term,
                                                 static_cast<raft::EntryKind>(entry.kind),
                                                 std::move(entry.payload)});
                    }
                }
                done(std::move(reply));
            }));
    }
    // What is not committed may not be what the asker has lost.
    std::vector<BodyRef> committed = request.bodies;
    std::erase_if(committed, [commit = group.status().commit](const BodyRef& body) { return body.index > commit; });
    gather_bodies(*storage_, request.group, committed,
                  guard_.wrap([bodies = committed,
                               done = std::move(done)](std::vector<Result<Buffer>> gathered) mutable {
                      wire::RepairReply reply;
                      for (size_t i = 0; i < bodies.size(); ++i) {
                          if (!gathered[i]) continue;
                          reply.bodies.push_back(bodies[i]);
                          reply.contents.push_back(std::move(*gathered[i]));
                      }
                      done(std::move(reply));
                  }));
}

}  // namespace quern::replica
