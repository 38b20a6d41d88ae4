#include "system/replica/peer_repair.h"

#include <memory>

#include "system/replica/group_replica.h"

namespace quern::replica {

namespace {
constexpr size_t entries_at_once = 1024;
constexpr Duration pause = Duration::milliseconds(200);
constexpr Duration snapshot_pause = Duration::seconds(2);  // between two chunks, at most
}  // namespace

// Bodies that are still looked for: the first few of `missing` are asked for at a time.
struct PeerRepair::Fetch {
    std::vector<BodyRef> bodies;
    Bodies found;
    std::deque<size_t> missing;
    std::vector<size_t> asked;
    std::vector<NodeId> peers;  // not asked yet for the present ones
    size_t storing = 1;
    bool keep = false;
    Callback<void(Bodies)> done;

    void stored() {
        if (--storing == 0) done(std::move(found));
    }
};

PeerRepair::PeerRepair(GroupHost& host, GroupReplica& group)
    : host_(host), group_(group), timer_(host.env().timers) {}

void PeerRepair::start() {
    if (!asking_) ask();
}

void PeerRepair::rest() {
    timer_.start(host_.env().clock.now() + pause, [this] { ask(); });
}

void PeerRepair::wait() {
    timer_.start(host_.env().clock.now() + snapshot_pause, [this] { ask(); });
}

void PeerRepair::ask() {
    timer_.cancel();
    wire::RepairRequest request;
    request.group = group_.group();
    request.incarnation = group_.incarnation();
    if (group_.lacks_snapshot()) {
        request.snapshot_for = host_.self();
        const auto [index, term] = group_.lost_snapshot();
        request.lost_index = index;
        request.lost_term = term;
    } else {
        if (!group_.log_damaged()) return;
        run_ = host_.storage().lost_entries(group_.group(), entries_at_once);
        if (run_.empty()) return group_.log_mended();
        for (const auto& lost : run_) {
            if (!lost.term) return;
        }
        size_t length = 1;
        while (length < run_.size() && run_[length].index == run_[length - 1].index.next()) ++length;
        run_.resize(length);
        request.from = run_.front().index;
        request.to = run_.back().index;
    }
    const std::vector<NodeId> peers = host_.peer_nodes();
    if (peers.empty()) return;
    asking_ = true;
    host_.ask_peer(peers[next_peer_++ % peers.size()], request,
                   guard_.wrap([this](Result<wire::RepairReply> reply) {
                       asking_ = false;
                       answered(std::move(reply));
                   }));
}

std::vector<raft::Entry> PeerRepair::wanted_of(const wire::RepairReply& reply) const {
    std::vector<raft::Entry> wanted;
    for (const raft::Entry& entry : reply.entries) {
        if (wanted.size() == run_.size()) break;
        const auto& lost = run_[wanted.size()];
        if (entry.index != lost.index || entry.term != lost.term) break;
        wanted.push_back(entry);
    }
    return wanted;
}

void PeerRepair::answered(Result<wire::RepairReply> reply) {
    if (!reply) return rest();
    if (run_.empty()) return wait();
    std::vector<raft::Entry> entries = wanted_of(*reply);
    if (entries.empty() || !group_.log_damaged()) return rest();
    asking_ = true;
    group_.write_mended(std::move(entries), guard_.wrap([this](bool written) {
        asking_ = false;
        if (!written) return rest();
        ask();
    }));
}

void PeerRepair::fetch(std::vector<BodyRef> bodies, bool keep, Callback<void(Bodies)> done) {
    auto fetch = std::make_shared<Fetch>();
    fetch->keep = keep;
    fetch->bodies = std::move(bodies);
    fetch->done = std::move(done);
    for (size_t i = 0; i < fetch->bodies.size(); ++i) {
        fetch->found.push_back(fail(ErrorCode::corrupt, "damaged here, and no peer holds it"));
        fetch->missing.push_back(i);
    }
    fetch->peers = host_.peer_nodes();
    fetch_from(fetch);
}

void PeerRepair::fetch_from(const std::shared_ptr<Fetch>& fetch) {
    if (fetch->peers.empty() || fetch->missing.empty()) return fetch->stored();
    wire::RepairRequest request;
    request.group = group_.group();
    request.incarnation = group_.incarnation();
    uint64_t bytes = 0;
    fetch->asked.clear();
    for (size_t i : fetch->missing) {
        if (fetch->asked.size() == wire::repair_bodies_max || bytes > limits::append_bytes_max) break;
        fetch->asked.push_back(i);
        request.bodies.push_back(fetch->bodies[i]);
        bytes += fetch->bodies[i].size_bytes;
    }
    host_.ask_peer(fetch->peers.back(), request,
                   guard_.wrap([this, fetch](Result<wire::RepairReply> reply) {
                       fetched(fetch, reply ? *reply : wire::RepairReply());
                   }));
}

// A peer that has some of what it was asked for is asked for the next ones; one that has none is done with.
void PeerRepair::fetched(const std::shared_ptr<Fetch>& fetch, const wire::RepairReply& reply) {
    bool some = false;
    for (size_t i = 0; i < reply.bodies.size(); ++i) {
        for (size_t asked : fetch->asked) {
            if (fetch->bodies[asked] != reply.bodies[i] || fetch->found[asked]) continue;
            some = true;
            fetch->found[asked] = reply.contents[i];
            std::erase(fetch->missing, asked);
            if (!fetch->keep || group_.was_dropped(reply.bodies[i])) continue;
            ++fetch->storing;
            host_.storage().store_body(group_.group(), reply.bodies[i], reply.contents[i],
                                       guard_.wrap([fetch](Result<void>) { fetch->stored(); }));
        }
    }
    if (!some) fetch->peers.pop_back();
    fetch_from(fetch);
}

}  // namespace quern::replica
