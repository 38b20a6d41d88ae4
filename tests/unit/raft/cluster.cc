#include "tests/unit/raft/cluster.h"

#include <algorithm>

#include "tests/unit/raft/checker.h"

namespace quern::raft::testing {

std::vector<NodeId> ids(std::initializer_list<uint32_t> list) {
    std::vector<NodeId> result;
    for (uint32_t id : list) result.push_back(NodeId(id));
    return result;
}

Term DiskImage::term_at(LogIndex index) const {
    if (index == snapshot.index) return snapshot.term;
    if (index < snapshot.index || index > last()) return Term{};
    return entries[index.value - snapshot.index.value - 1].term;
}

void DiskImage::write(const Output& output) {
    const LogIndex cut = output.truncate_from;
    if (cut && cut <= last()) {
        entries.resize(cut > snapshot.index ? cut.value - snapshot.index.value - 1 : 0);
        lost.clear();
    } else if (cut && cut <= end()) {
        lost.resize(cut.value - last().value - 1);
    }
    for (const Entry& entry : output.entries) {
        if (entry.index <= snapshot.index) continue;
        QUERN_ASSERT(entry.index == last().next());
        entries.push_back(entry);
        if (lost.empty()) continue;
        // As storage does (GroupLog::put).
        const Term old = lost.front().term;
        lost.erase(lost.begin());
        if (old && old != entry.term) lost.clear();
        if (!old) std::fill(lost.begin(), lost.end(), Lost{});
    }
    if (output.hard_state) hard_state = *output.hard_state;
}

void DiskImage::install(const SnapshotMeta& meta, std::vector<std::string> state, bool keep_suffix) {
    if (meta.index <= snapshot.index) return;
    const bool within = meta.index <= last();
    const uint64_t gone = meta.index.value - (within ? snapshot.index.value : last().value);
    const bool known = within || gone > lost.size() || lost[gone - 1].term;
    const bool contradicted = within ? term_at(meta.index) != meta.term
                                     : gone <= lost.size() && known && lost[gone - 1].term != meta.term;
    if (!keep_suffix || contradicted) {
        entries.clear();
        lost.clear();
    } else if (within) {
        entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(gone));
    } else {
        entries.clear();
        lost.erase(lost.begin(),
                   lost.begin() + static_cast<std::ptrdiff_t>(std::min<uint64_t>(gone, lost.size())));
        if (!known) std::fill(lost.begin(), lost.end(), Lost{});
    }
    snapshot = meta;
    snapshot_state = std::move(state);
}

void DiskImage::damage(LogIndex from, uint64_t count, bool terms_known) {
    if (from <= snapshot.index || from > last()) return;
    std::vector<Lost> gone;
    for (LogIndex i = from; i <= last(); i = i.next()) {
        gone.push_back({term_at(i), *intact(i)});
        if (i.value - from.value >= count) continue;
        gone.back().intact.reset();
        if (!terms_known) gone.back().term = Term{};
    }
    lost.insert(lost.begin(), gone.begin(), gone.end());
    entries.resize(from.value - snapshot.index.value - 1);
    was_damaged = true;
}

void DiskImage::settle() {
    while (!lost.empty() && lost.front().intact) {
        entries.push_back(std::move(*lost.front().intact));
        lost.erase(lost.begin());
    }
}

const Entry* DiskImage::intact(LogIndex index) const {
    if (index <= snapshot.index || index > end()) return nullptr;
    if (index <= last()) return &entries[index.value - snapshot.index.value - 1];
    const Lost& at = lost[index.value - last().value - 1];
    return at.intact ? &*at.intact : nullptr;
}

Cluster::Cluster() : Cluster(Settings{}) {}
Cluster::Cluster(Settings settings)
    : settings_(settings), checker_(std::make_unique<Checker>()) {}
Cluster::~Cluster() = default;

ThreeNodes::ThreeNodes() {
    for (NodeId id : ids({1, 2, 3})) add(id, {ids({1, 2, 3}), {}, {}});
}

Raft& Cluster::raft(NodeId id) {
    QUERN_ASSERT(alive(id));
    return *nodes_.at(id)->raft;
}

std::vector<NodeId> Cluster::all() const {
    std::vector<NodeId> result;
    for (const auto& [id, node] : nodes_) result.push_back(id);
    return result;
}

void Cluster::add(NodeId id, Configuration initial) {
    auto node = std::make_unique<Node>();
    node->id = id;
    node->disk.snapshot.configuration = std::move(initial);
    start(*node);
    nodes_[id] = std::move(node);
}

void Cluster::start(Node& node) {
    Options options;
    options.group = GroupId(1);
    options.self = node.id;
    options.seed = settings_.seed;
    options.heartbeat_interval = settings_.heartbeat_interval;
    options.append_bytes_max = settings_.append_bytes_max;
    options.inflight_messages_max = settings_.inflight_messages_max;
    options.uncommitted_bytes_max = settings_.uncommitted_bytes_max;
    options.hibernate_after = settings_.hibernate_after;
    node.disk.settle();
    const DiskImage& disk = node.disk;
    Restored restored;
    restored.hard_state = disk.hard_state;
    restored.snapshot = disk.snapshot;
    restored.entries = disk.entries;
    if (!disk.lost.empty()) {
        restored.faulty_from = disk.faulty_from();
        restored.lost_last = disk.end();
        restored.lost_last_term = disk.lost.back().term;
    }
    node.applied = disk.snapshot_state;
    node.raft = std::make_unique<Raft>(options, std::move(restored), now_);
}

void Cluster::crash(NodeId id) {
    Node& node = *nodes_.at(id);
    node.raft.reset();
    node.unwritten.clear();
    node.loads.clear();
    std::erase_if(transfers_, [id](const SnapshotTransfer& t) { return t.from == id; });
}

void Cluster::restart(NodeId id) {
    if (alive(id)) crash(id);
    start(*nodes_.at(id));
}

void Cluster::send(std::vector<Message>& messages) {
    for (Message& message : messages) {
        checker_->left(*nodes_.at(message.from), message);
        network_.push_back(std::move(message));
    }
}

void Cluster::apply(Node& node, const Entry& given) {
    Entry entry = given;
    if (entry.kind == EntryKind::command && entry.payload.empty()) {
        const uint64_t at = entry.index.value - node.disk.snapshot.index.value - 1;
        entry.payload = node.disk.entries.at(at).payload;
    }
    checker_->applied(node, entry, nodes_);
    node.applied.emplace_back(entry.kind == EntryKind::command ? entry.payload.text() : "");
}

void Cluster::pump(NodeId id) {
    Node& node = *nodes_.at(id);
    while (node.raft != nullptr && node.raft->has_output()) {
        Output output = node.raft->take_output();
        send(output.messages);
        for (const Entry& entry : output.committed) {
            apply(node, entry);
            node.raft->applied(entry.index);
        }
        for (const ReadState& read : output.reads) {
            checker_->read_answered(read);
            node.reads.push_back(read);
        }
        for (uint64_t context : output.reads_failed) node.reads_failed.push_back(context);
        for (const LoadRequest& load : output.loads) node.loads.push_back(load);
        for (NodeId to : output.snapshots_wanted) {
            const DiskImage& disk = node.disk;
            transfers_.push_back({id, to, node.raft->status().term, disk.snapshot,
                                  disk.snapshot_state});
        }
        if (output.sequence != 0) node.unwritten.push_back(std::move(output));
    }
}

bool Cluster::persist_one(NodeId id) {
    Node& node = *nodes_.at(id);
    if (node.unwritten.empty()) return false;
    Output output = std::move(node.unwritten.front());
    node.unwritten.pop_front();
    node.disk.write(output);
    send(output.messages_after_persist);
    node.raft->persisted(output.sequence, now_);
    pump(id);
    return true;
}

void Cluster::persist_all(NodeId id) {
    while (persist_one(id)) {}
}

void Cluster::deliver(size_t at) {
    const Message message = std::move(network_[at]);
    network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(at));
    deliver_copy(message);
}

void Cluster::deliver_copy(const Message& message) {
    const bool lost = !alive(message.to) || cut(message.from, message.to);
    if (trace_) trace_(text_of(message) + (lost ? " (lost)" : ""));
    if (lost) return;
    raft(message.to).step(message, now_);
    pump(message.to);
}

void Cluster::settle() {
    size_t rounds = 0;
    for (bool moved = true; moved;) {
        moved = false;
        if (++rounds > 100'000) return checker_->fail("it never settles");
        for (NodeId id : all()) {
            if (!alive(id)) continue;
            pump(id);
            answer_loads(id);
            if (!node(id).disk_held && persist_one(id)) moved = true;
        }
        if (!network_.empty()) {

            deliver(0);
            moved = true;
        } else if (!moved && !transfers_.empty()) {
            finish_transfer(true);
            moved = true;
        }
    }
}

void Cluster::set_cut(NodeId from, NodeId to, bool cut) {
    if (cut) {
        cuts_.insert({from, to});
    } else {
        cuts_.erase({from, to});
    }
}

void Cluster::link_changed(NodeId a, NodeId b) {
    for (const auto& [id, other] : {std::pair(a, b), std::pair(b, a)}) {
        if (!alive(id)) continue;
        raft(id).link_changed(other, now_);
        pump(id);
    }
}

void Cluster::node_changed(NodeId id) {
    for (NodeId other : all()) {
        if (other != id) link_changed(id, other);
    }
}

void Cluster::finish_transfer(bool ok) {
    if (transfers_.empty()) return;
    SnapshotTransfer transfer = std::move(transfers_.front());
    transfers_.pop_front();
    const bool reachable = alive(transfer.to) && !cut(transfer.from, transfer.to);
    if (trace_) {
        trace_(std::to_string(transfer.from.value) + ">" + std::to_string(transfer.to.value) +
               " snapshot " + std::to_string(transfer.meta.index.value) + ":" +
               std::to_string(transfer.meta.term.value) + (ok && reachable ? "" : " (lost)"));
    }
    if (ok && reachable) {
        Node& to = node(transfer.to);
        if (to.raft->wants_snapshot(transfer.meta, transfer.from, transfer.term)) {
            persist_all(to.id);  // outputs are persisted in order, and this comes after them
            if (to.raft->wants_snapshot(transfer.meta, transfer.from, transfer.term)) {
                to.disk.install(transfer.meta, transfer.state, to.raft->keeps_suffix(transfer.meta));
                to.applied = transfer.state;
                to.raft->snapshot_installed(transfer.meta, transfer.from, transfer.term, now_);
            }
        }
        pump(to.id);
    }
    if (alive(transfer.from)) {
        raft(transfer.from).snapshot_sent(transfer.to, transfer.meta.index, ok && reachable, now_);
        pump(transfer.from);
    }
}

void Cluster::answer_loads(NodeId id) {
    Node& from = node(id);
    std::vector<LoadRequest> loads = std::move(from.loads);
    from.loads.clear();
    for (const LoadRequest& load : loads) {
        std::vector<Entry> entries;
        for (LogIndex i = load.from; i <= load.to; i = i.next()) {
            if (i <= from.disk.snapshot.index || i > from.disk.last()) break;
            entries.push_back(from.disk.entries[i.value - from.disk.snapshot.index.value - 1]);
        }
        from.raft->entries_loaded(load.peer, std::move(entries), now_);
    }
    if (!loads.empty()) pump(id);
}

void Cluster::repair(NodeId id) {
    Node& node = *nodes_.at(id);
    DiskImage& disk = node.disk;
    if (!alive(id) || node.raft->status().damaged_from != disk.faulty_from() || disk.lost.empty()) return;
    std::vector<Entry> found;
    for (const DiskImage::Lost& lost : disk.lost) {
        const LogIndex index = disk.last().plus(found.size() + 1);
        const Entry* entry = lost.intact ? &*lost.intact : nullptr;
        for (const auto& [other, peer] : nodes_) {
            const Entry* theirs = peer->disk.intact(index);
            if (peer->raft == nullptr || cut(other, id) || theirs == nullptr) continue;
            if (lost.term && theirs->term == lost.term) entry = theirs;
        }
        if (entry == nullptr) return;
        found.push_back(*entry);
    }
    disk.entries.insert(disk.entries.end(), found.begin(), found.end());
    disk.lost.clear();
    node.raft->repaired(std::move(found), now_);
    pump(id);
}

Instant Cluster::next_deadline() const {
    Instant next = Instant::never();
    for (const auto& [id, node] : nodes_) {
        if (node->raft != nullptr) next = std::min(next, node->raft->next_deadline());
    }
    return next;
}

void Cluster::fire_due(NodeId id) {
    if (!alive(id) || raft(id).next_deadline() > now_) return;
    raft(id).on_deadline(now_);
    QUERN_ASSERT(raft(id).next_deadline() > now_);
    pump(id);
}

void Cluster::advance(Duration by, bool settled) {
    const Instant end = now_ + by;
    while (next_deadline() <= end) {
        now_ = std::max(now_, next_deadline());
        for (NodeId id : all()) fire_due(id);
        if (settled) settle();
    }
    now_ = end;
}

void Cluster::compact(NodeId id, LogIndex index) {
    Node& target = node(id);
    const Status status = target.raft->status();
    if (index < status.first || index > status.applied || index > target.disk.last()) return;
    SnapshotMeta meta;
    meta.index = index;
    meta.term = target.raft->term_at(index);
    meta.configuration = target.raft->configuration_at(index);
    if (target.disk.term_at(index) != meta.term) return;
    auto end = target.applied.begin() + static_cast<std::ptrdiff_t>(index.value);
    target.disk.install(meta, {target.applied.begin(), end}, true);
    target.raft->compacted(meta);
    pump(id);
}

NodeId Cluster::leader() const {
    NodeId leader;
    Term term;
    for (const auto& [id, node] : nodes_) {
        if (node->raft == nullptr) continue;
        const Status status = node->raft->status();
        if (status.role != Role::leader || status.term < term) continue;
        leader = id;
        term = status.term;
    }
    return leader;
}

Result<LogIndex> Cluster::propose(NodeId id, const std::string& payload) {
    Result<LogIndex> index = raft(id).propose(Buffer::copy_of(payload), now_);
    pump(id);
    return index;
}

void Cluster::campaign(NodeId id) {
    raft(id).campaign(now_);
    pump(id);
}

void Cluster::read(NodeId id, uint64_t context) {
    checker_->read_asked(context);
    raft(id).read_index(context, now_);
    pump(id);
}

std::string Cluster::check() {
    checker_->check(nodes_);
    return checker_->failure();
}

}  // namespace quern::raft::testing
