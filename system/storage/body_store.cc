#include "system/storage/body_store.h"

namespace quern::storage {

BodyStore::BodyStore(Env& env, const Uuid& node_uuid, uint64_t segment_bytes,
                     const GroupLogs& groups, LogReader& log, Listener& listener)
    : env_(env),
      node_uuid_(node_uuid),
      segment_bytes_(segment_bytes),
      groups_(groups),
      log_(log),
      listener_(listener) {}

GroupBodies& BodyStore::of(GroupId group) {
    auto& bodies = bodies_[group];
    if (bodies == nullptr) {
        const auto log = groups_.find(group);
        const Uuid incarnation = log == groups_.end() ? Uuid{} : log->second.incarnation;
        bodies = std::make_unique<GroupBodies>(
            env_, BodySegmentId{node_uuid_, incarnation, group, 0}, segment_bytes_, *this);
    }
    return *bodies;
}

void BodyStore::end(GroupId group, const Uuid& incarnation) {
    const auto at = bodies_.find(group);
    if (at != bodies_.end() && at->second->incarnation() == incarnation) at->second->restart(Uuid{});
}

void BodyStore::on_rewrite_wanted(GroupId group) {
    rewrites_wanted_.insert(group);
    if (rewriting_ || rewrite_posted_) return;
    rewrite_posted_ = true;
    env_.loop.post(guard_.wrap([this] {
        rewrite_posted_ = false;
        start_rewrite();
    }));
}

// One at a time on the node: that bounds memory and the load on the disk.
void BodyStore::start_rewrite() {
    if (rewriting_) return;
    while (!rewrites_wanted_.empty()) {
        const GroupId group = *rewrites_wanted_.begin();
        rewrites_wanted_.erase(rewrites_wanted_.begin());
        GroupBodies& bodies = of(group);
        if (!bodies.wants_rewrite()) continue;
        rewriting_ = true;
        env_.metrics.counter("body_segments_rewritten_total").add();
        bodies.rewrite(guard_.wrap([this] {
            rewriting_ = false;
            start_rewrite();
        }));
        return;
    }
}

}  // namespace quern::storage
