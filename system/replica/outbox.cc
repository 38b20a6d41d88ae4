#include "system/replica/outbox.h"

namespace quern::replica {

void Outbox::set_link(NodeId peer, wire::Link* link) {
    if (link == nullptr) {
        peers_.erase(peer);
    } else {
        peers_[peer].link = link;
    }
}

// A message to a peer that is not connected is dropped, as a network would.
void Outbox::add(const Uuid& incarnation, raft::Message message) {
    const auto found = peers_.find(message.to);
    if (found == peers_.end() || !found->second.link->up()) return;
    if (observer_ != nullptr) observer_->message_leaves(self_, message);
    found->second.messages.push_back({incarnation, std::move(message)});
}

void Outbox::flush() {
    for (auto& [id, peer] : peers_) {
        if (peer.messages.empty()) continue;
        leaving_.swap(peer.messages);
        if (!env_.faults.fire(FaultPoint::frame_dropped)) send(*peer.link);
        leaving_.clear();
    }
}

void Outbox::send(wire::Link& link) {
    const int copies = env_.faults.fire(FaultPoint::frame_duplicated) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        wire::Encoded encoded = wire::encode_raft(leaving_);
        link.send(wire::encode_frame(wire::FrameKind::raft, 0, std::move(encoded.head),
                                     std::move(encoded.attachments)));
    }
}

}  // namespace quern::replica
