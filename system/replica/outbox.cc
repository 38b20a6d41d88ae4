#include "system/replica/outbox.h"

#include <iterator>

#include "system/base/limits.h"

namespace quern::replica {

namespace {

// Of a link's queue, before entries are held back.
constexpr size_t queued_bytes_max = limits::connection_out_bytes_max / 2;
// On the wire, beside its payload.
constexpr size_t entry_overhead_bytes = 32;

// Office is for who reaches a majority directly: clients must reach it, too.
bool carries_the_log(raft::MessageKind kind) {
    using raft::MessageKind;
    return kind == MessageKind::append_request || kind == MessageKind::append_response ||
           kind == MessageKind::heartbeat_request || kind == MessageKind::heartbeat_response;
}

// What carries entries is dropped, as on a network that cannot keep up: raft sends it again, while a full queue
// would end the link.
std::vector<wire::RaftMessage> without_entries(std::span<const wire::RaftMessage> messages) {
    std::vector<wire::RaftMessage> left;
    for (const wire::RaftMessage& message : messages) {
        if (message.message.entries.empty()) left.push_back(message);
    }
    return left;
}

}  // namespace

size_t messages_of_a_frame(std::span<const wire::RaftMessage> messages) {
    size_t count = 0;
    for (size_t bytes = 0; count < messages.size(); ++count) {
        for (const raft::Entry& entry : messages[count].message.entries) {
            bytes += entry.payload.size() + entry_overhead_bytes;
        }
        if (count > 0 && bytes > limits::raft_frame_bytes_target) break;
    }
    return count;
}

void Outbox::set_link(NodeId peer, wire::Link* link) {
    if (link == nullptr) {
        peers_.erase(peer);
    } else {
        peers_[peer].link = link;
    }
}

// Null: its link is down.
Outbox::Peer* Outbox::up(NodeId peer) {
    const auto found = peers_.find(peer);
    return found != peers_.end() && found->second.link->up() ? &found->second : nullptr;
}

void Outbox::add(const Uuid& incarnation, raft::Message message) {
    Peer* way = up(message.to);
    if (way == nullptr && carries_the_log(message.kind)) {
        way = up(detour_(message.to));
        message.relayed = true;
    }
    if (way == nullptr) return;
    if (observer_ != nullptr) observer_->message_leaves(self_, message);
    way->messages.push_back({incarnation, std::move(message)});
}

void Outbox::pass_on(wire::RaftMessage message) {
    if (Peer* way = up(message.message.to)) way->messages.push_back(std::move(message));
}

void Outbox::flush() {
    for (auto& [id, peer] : peers_) {
        if (peer.messages.empty()) continue;
        leaving_.swap(peer.messages);
        if (!env_.faults.fire(FaultPoint::frame_dropped)) {
            send(*peer.link, leaving_);
            if (env_.faults.fire(FaultPoint::frame_duplicated)) send(*peer.link, leaving_);
        }
        repeat_earlier(peer);
        leaving_.clear();
    }
}

// What was delayed on its way, or came twice, arrives after what left later.
void Outbox::repeat_earlier(Peer& peer) {
    if (peer.earlier.empty()) {
        if (!env_.faults.fire(FaultPoint::frame_repeated)) return;
        constexpr uint32_t turns_between[] = {1, 2, 1, 8};
        peer.turns_until = turns_between[repeated_++ % std::size(turns_between)];
        peer.earlier = leaving_;
    } else if (--peer.turns_until == 0) {
        send(*peer.link, peer.earlier);
        peer.earlier.clear();
    }
}

void Outbox::send(wire::Link& link, std::span<const wire::RaftMessage> messages) {
    while (!messages.empty()) {
        const auto frame = messages.first(messages_of_a_frame(messages));
        messages = messages.subspan(frame.size());
        wire::Encoded encoded = wire::encode_raft(frame);
        if (link.queued_bytes() + encoded.attachments.size() > queued_bytes_max) {
            const std::vector<wire::RaftMessage> left = without_entries(frame);
            if (left.empty()) continue;
            encoded = wire::encode_raft(left);
        }
        link.send(wire::encode_frame(wire::FrameKind::raft, 0, std::move(encoded.head),
                                     std::move(encoded.attachments)));
    }
}

}  // namespace quern::replica
