#include "system/replica/group_replica.h"

#include <algorithm>

#include "system/base/planted_bug.h"
#include "system/replica/local_snapshot.h"
#include "system/replica/wal_entry.h"

namespace quern::replica {

namespace {

constexpr size_t apply_entries_per_turn = 256;
constexpr Duration snapshot_pause = Duration::milliseconds(500);  // after one that failed
constexpr size_t bodies_listed_at_once = 4096;
constexpr size_t load_bytes_max = 8u << 20;
constexpr size_t cached_payload_bytes_max = 32u << 20;

bool payload_missing(const raft::Entry& entry) {
    return entry.kind != raft::EntryKind::noop && entry.payload.empty();
}

// Of all entries that the group has, or is known to have lost.
Term last_term_known(const storage::RecoveredGroup& group) {
    Term last = std::max(group.snapshot_term, group.lost_last_term);
    if (!group.entries.empty()) last = std::max(last, group.entries.back().term);
    return last;
}

}  // namespace

GroupReplica::GroupReplica(GroupHost& host, Options options, StateMachine& machine)
    : host_(host), options_(std::move(options)), machine_(machine),
      applied_configuration_(options_.initial), timer_(host.env().timers), repair_(host, *this) {}

GroupReplica::~GroupReplica() = default;

void GroupReplica::start(storage::RecoveredGroup recovered, Callback<void(Result<void>)> ready) {
    recovered_ = std::move(recovered);
    announce_creation_ = recovered_.incarnation == Uuid{};
    if (const Term last = last_term_known(recovered_); last > recovered_.term) {
        return ready(fail(Error(ErrorCode::corrupt,
                                "group " + std::to_string(group().value) +
                                    " has entries of a later term than the one it remembers: votes may be gone",
                                static_cast<int64_t>(recovered_.term.value),
                                static_cast<int64_t>(last.value))));
    }
    if (recovered_.snapshot_index) return restore_snapshot(std::move(ready));
    load_configurations(guard_.wrap([this, ready = std::move(ready)](Result<void> result) mutable {
        loaded(std::move(result), ready);
    }));
}

void GroupReplica::loaded(Result<void> result, Callback<void(Result<void>)>& ready) {
    if (!result) return ready(std::move(result));
    start_core();
    ready({});
}

// The core reads its configurations at start; recovery keeps only the newest payloads in memory.
void GroupReplica::load_configurations(Callback<void(Result<void>)> loaded) {
    for (storage::WalEntry& entry : recovered_.entries) {
        const bool configuration =
            static_cast<raft::EntryKind>(entry.kind) == raft::EntryKind::configuration;
        if (!configuration || !entry.payload.empty()) continue;
        storage::WalEntry* wanted = &entry;
        return host_.storage().load_entries(
            group(), entry.index, entry.index, load_bytes_max,
            guard_.wrap([this, wanted, done = std::move(loaded)](
                            Result<std::vector<storage::WalEntry>> found) mutable {
                if (!found) return done(fail(std::move(found.error())));
                if (found->size() != 1 || found->front().payload.empty()) {
                    return done(fail(ErrorCode::corrupt, "a configuration is missing from the log"));
                }
                wanted->payload = std::move(found->front().payload);
                load_configurations(std::move(done));
            }));
    }
    loaded({});
}

void GroupReplica::restore_snapshot(Callback<void(Result<void>)> ready) {
    read_local_snapshot(
        host_.storage(), group(),
        guard_.wrap([this, ready = std::move(ready)](Result<LoadedSnapshot> found) mutable {
            const bool damaged = !found && found.error().code == ErrorCode::corrupt;
            if (damaged && !lacks_snapshot_) {
                // What the log holds goes on from there: the group takes no part until a peer sends
                // its state, and then is what it was.
                host_.env().log.write(LogLevel::warning, "replica",
                                      "snapshot of group " + std::to_string(group().value) +
                                          " is damaged, asking peers: " + found.error().to_string());
                lacks_snapshot_ = true;
                set_activity(Activity::repairing, true);
                repair_.start();
                return ready({});
            }
            if (!found) return ready(fail(std::move(found.error())));
            Result<void> restored = machine_.restore(found->chunks);
            if (!restored) return ready(fail(std::move(restored.error())));
            lacks_snapshot_ = false;
            set_activity(Activity::repairing, false);
            applied_configuration_ = found->meta.configuration;
            QUERN_ASSERT(machine_.index() == recovered_.snapshot_index);
            retain_live_bodies(machine_.index());
            note_restored();
            load_configurations(guard_.wrap([this, ready = std::move(ready)](Result<void> done) mutable {
                loaded(std::move(done), ready);
            }));
        }));
}

// Storage does not remember which bodies were dropped before a restart; the snapshot does.
void GroupReplica::retain_live_bodies(LogIndex through) {
    host_.storage().retain_bodies(group(), BodyRef{}, BodyRef{through, UINT32_MAX, UINT32_MAX},
                                  live_bodies());
}

std::vector<BodyRef> GroupReplica::live_bodies() {
    const std::unique_ptr<SnapshotSource> source = machine_.freeze();
    std::vector<BodyRef> live;
    for (;;) {
        const std::vector<BodyRef> some = source->next_bodies(bodies_listed_at_once);
        if (some.empty()) break;
        live.insert(live.end(), some.begin(), some.end());
    }
    std::sort(live.begin(), live.end());
    return live;
}

void GroupReplica::note_restored() {
    ReplicaObserver* observer = host_.observer();
    if (observer == nullptr) return;
    observer->restored(host_.self(), group(), machine_.index(), machine_.rolling_hash());
}

void GroupReplica::start_core() {
    raft::Restored restored;
    restored.hard_state = {recovered_.term, recovered_.voted_for};
    restored.snapshot = {recovered_.snapshot_index, recovered_.snapshot_term, applied_configuration_};
    restored.faulty_from = recovered_.faulty_from;
    restored.lost_last = recovered_.lost_last;
    restored.lost_last_term = recovered_.lost_last_term;
    for (storage::WalEntry& entry : recovered_.entries) {
        restored.entries.push_back(from_wal(std::move(entry)));
    }
    recovered_.entries.clear();
    applied_ = snapshot_index_ = recovered_.snapshot_index;
    if (ReplicaObserver* observer = host_.observer()) observer->recovered(host_.self(), group(), restored);
    raft_ = std::make_unique<raft::Raft>(options_.raft, std::move(restored), now());
    mark_dirty();
    if (log_damaged()) repair_.start();
}

void GroupReplica::mark_dirty() {
    if (dirty_) return;
    dirty_ = true;
    host_.mark_dirty(*this);
}

void GroupReplica::receive(raft::Message message) {
    if (installing_) return;  // lost, as on a network
    if (ReplicaObserver* observer = host_.observer()) observer->message_arrives(host_.self(), message);
    raft_->step(std::move(message), now());
    mark_dirty();
}

Result<GroupReplica::Position> GroupReplica::propose(Buffer payload) {
    Result<LogIndex> index = raft_->propose(std::move(payload), now());
    if (!index) return fail(std::move(index.error()));
    mark_dirty();
    return Position{*index, raft_->term()};
}

void GroupReplica::read_barrier(Callback<void(Result<void>)> done) {
    if (!started()) {
        host_.env().loop.post([done = std::move(done)]() mutable { done(fail(ErrorCode::not_leader)); });
        return;
    }
    if (ReplicaObserver* observer = host_.observer()) {
        done = guard_.wrap([this, observer, number = observer->read_begins(group()),
                            inner = std::move(done)](Result<void> read) mutable {
            if (read) observer->read_ends(host_.self(), group(), number, applied_);
            inner(std::move(read));
        });
    }
    const uint64_t context = next_read_++;
    reads_.emplace(context, std::move(done));
    raft_->read_index(context, now());
    mark_dirty();
}

Result<void> GroupReplica::transfer_leadership(NodeId target) {
    if (!started()) return fail(ErrorCode::not_leader);
    mark_dirty();
    return raft_->transfer_leadership(target, now());
}

void GroupReplica::link_changed(NodeId peer) {
    if (!started()) return;
    raft_->link_changed(peer, now());
    mark_dirty();
}

void GroupReplica::step_down() {
    raft_->step_down(now());
    mark_dirty();
}

void GroupReplica::collect(std::vector<storage::GroupChange>& changes,
                           std::vector<Completion>& completions) {
    if (installing_) return;
    machine_.flush();
    while (raft_->has_output()) take_output(raft_->take_output(), changes, completions);
    arm_timer();
    note_status();
}

void GroupReplica::take_output(raft::Output output, std::vector<storage::GroupChange>& changes,
                               std::vector<Completion>& completions) {
    if (PLANTED(promise_before_write)) {
        std::move(output.messages_after_persist.begin(), output.messages_after_persist.end(),
                  std::back_inserter(output.messages));
        output.messages_after_persist.clear();
    }
    if (output.sequence != 0) {
        storage::GroupChange change;
        change.group = group();
        if (announce_creation_) {
            change.create = true;
            change.incarnation = options_.incarnation;
            announce_creation_ = false;
        }
        change.truncate_from = output.truncate_from;
        if (output.truncate_from) {
            truncation_ = output.sequence;
            set_activity(Activity::truncating, true);
        }
        for (const raft::Entry& entry : output.entries) {
            change.entries.push_back(to_wal(group(), entry));
        }
        if (output.hard_state && !PLANTED(vote_not_persisted)) {
            change.has_hard_state = true;
            change.term = output.hard_state->term;
            change.voted_for = output.hard_state->voted_for;
        }
        changes.push_back(std::move(change));
        completions.push_back({this, output.sequence, std::move(output.messages_after_persist)});
    } else {
        QUERN_ASSERT(output.messages_after_persist.empty());
    }
    for (raft::Message& message : output.messages) {
        host_.outbox().add(options_.incarnation, std::move(message));
    }
    for (raft::Entry& entry : output.committed) to_apply_.push_back(std::move(entry));
    for (const raft::ReadState& read : output.reads) {
        auto found = reads_.find(read.context);
        if (found == reads_.end()) continue;
        reads_confirmed_.emplace(read.index, std::move(found->second));
        reads_.erase(found);
    }
    for (uint64_t context : output.reads_failed) {
        auto found = reads_.find(context);
        if (found == reads_.end()) continue;
        host_.env().loop.post(guard_.wrap([done = std::move(found->second)]() mutable {
            done(fail(ErrorCode::not_leader));
        }));
        reads_.erase(found);
    }
    for (const raft::LoadRequest& load : output.loads) serve_load(load);
    for (NodeId peer : output.snapshots_wanted) host_.send_snapshot(*this, peer);
}

void GroupReplica::persisted(Completion& completion) {
    raft_->persisted(completion.sequence, now());
    if (completion.sequence >= truncation_) set_activity(Activity::truncating, false);
    const Term term = raft_->term();
    for (raft::Message& message : completion.messages) {
        // What was promised in an earlier term may have been cut off by the same write.
        if (message.term < term) continue;
        host_.outbox().add(options_.incarnation, std::move(message));
    }
    mark_dirty();
}

void GroupReplica::apply_some() {
    if (installing_) return;
    for (size_t n = 0; n < apply_entries_per_turn && !to_apply_.empty(); ++n) {
        if (payload_missing(to_apply_.front())) return load_missing_payloads();
        const raft::Entry entry = std::move(to_apply_.front());
        to_apply_.pop_front();
        QUERN_ASSERT(entry.index == applied_.next());
        if (entry.kind == raft::EntryKind::configuration) {
            Result<raft::Configuration> configuration = raft::decode_configuration(entry.payload.span());
            QUERN_ASSERT(configuration.has_value());  // the core took it from the same bytes
            applied_configuration_ = std::move(*configuration);
        }
        machine_.apply(entry);
        applied_ = entry.index;
        if (ReplicaObserver* observer = host_.observer()) {
            observer->applied(host_.self(), group(), entry, machine_.rolling_hash());
        }
    }
    raft_->applied(applied_);
    // Followers far behind are served from the WAL.
    if (raft_->cached_bytes() > cached_payload_bytes_max) raft_->drop_payloads(applied_);
    run_reads();
    note_status();
    const bool early = applied_ > snapshot_index_ &&
                       host_.env().faults.fire(FaultPoint::snapshot_early);
    if (early || applied_.value - snapshot_index_.value >= options_.snapshot_entries) take_snapshot();
    if (!to_apply_.empty() || raft_->has_output()) mark_dirty();
}

void GroupReplica::load_missing_payloads() {
    if (loading_) return;
    loading_ = true;
    auto last = to_apply_.begin();
    while (last != to_apply_.end() && payload_missing(*last)) ++last;
    const LogIndex from = to_apply_.front().index;
    host_.storage().load_entries(
        group(), from, std::prev(last)->index, load_bytes_max,
        guard_.wrap([this](Result<std::vector<storage::WalEntry>> loaded) {
            loading_ = false;
            // The entry is committed and was read by recovery or written by this process.
            if (!loaded) return host_.storage_failed(loaded.error());
            if (loaded->empty()) {
                return host_.storage_failed(
                    Error(ErrorCode::corrupt, "a committed entry is missing from the log"));
            }
            size_t i = 0;
            for (raft::Entry& entry : to_apply_) {
                if (i == loaded->size()) break;
                if (entry.index == (*loaded)[i].index) entry.payload = std::move((*loaded)[i++].payload);
            }
            mark_dirty();
        }));
}

void GroupReplica::serve_load(const raft::LoadRequest& load) {
    host_.storage().load_entries(
        group(), load.from, load.to, limits::append_bytes_max,
        guard_.wrap([this, from = load.from, peer = load.peer](Result<std::vector<storage::WalEntry>> loaded) {
            // What is applied comes with a snapshot. What is not is here alone, perhaps: after a start this node
            // knows that it has lost it, and somebody else leads.
            if (!loaded && loaded.error().code == ErrorCode::corrupt && from > applied_) {
                return host_.storage_failed(loaded.error());
            }
            std::vector<raft::Entry> entries;
            if (loaded) {
                for (storage::WalEntry& entry : *loaded) entries.push_back(from_wal(std::move(entry)));
            }
            raft_->entries_loaded(peer, std::move(entries), now());
            mark_dirty();
        }));
}

void GroupReplica::run_reads() {
    while (!reads_confirmed_.empty() && reads_confirmed_.begin()->first <= applied_) {
        Callback<void(Result<void>)> done = std::move(reads_confirmed_.begin()->second);
        reads_confirmed_.erase(reads_confirmed_.begin());
        done({});
    }
}

void GroupReplica::note_status() {
    const raft::Status status = raft_->status();
    const bool changed = status.role != last_status_.role || status.leader != last_status_.leader ||
                         status.term != last_status_.term ||
                         status.leader_ready != last_status_.leader_ready;
    last_status_ = status;
    const bool electing = status.role == raft::Role::candidate || status.role == raft::Role::pre_candidate;
    if (electing) host_.doubt_links();
    set_activity(Activity::electing, electing);
    set_activity(Activity::transferring, status.transfer_to != NodeId{});
    set_activity(Activity::repairing, status.recovering);
    if (!changed) return;
    machine_.status_changed(status);
    host_.status_changed(*this);
}

void GroupReplica::change_activity(Activity activity, uint16_t bit) {
    activities_ ^= bit;
    if (ReplicaObserver* observer = host_.observer()) {
        observer->activity(host_.self(), group(), activity, (activities_ & bit) != 0);
    }
}

void GroupReplica::arm_timer() {
    const Instant deadline = raft_->next_deadline();
    if (deadline == Instant::never()) return timer_.cancel();
    // Most messages put the deadline off; the timer follows when it expires.
    if (timer_.pending() && timer_.deadline() <= deadline) return;
    timer_.start(deadline, [this] {
        if (!installing_ && now() < raft_->next_deadline()) return arm_timer();
        if (!installing_) raft_->on_deadline(now());
        mark_dirty();
    });
}

bool GroupReplica::wants_snapshot(const raft::SnapshotMeta& meta, NodeId from, Term term) const {
    if (lacks_snapshot_) return !installing_ && meta.index >= recovered_.snapshot_index;
    // Its bodies would come before the record that creates the group; a leader's first word makes that.
    if (announce_creation_) return false;
    return started() && meta.index > applied_ && raft_->wants_snapshot(meta, from, term);
}

void GroupReplica::install_snapshot(const raft::SnapshotMeta& meta, NodeId from, Term term,
                                    std::vector<Buffer> chunks, Callback<void(Result<void>)> done) {
    if (!wants_snapshot(meta, from, term) || loading_ || installing_) {
        return done(fail(ErrorCode::cancelled));
    }
    storage::GroupChange change;
    change.group = group();
    change.snapshot_index = meta.index;
    change.snapshot_term = meta.term;
    if (lacks_snapshot_) {
        installing_ = true;
        // No core has seen the sender's term yet, and none may start behind its snapshot's.
        if (term > host_.storage().log_of(group()).term) {
            change.has_hard_state = true;
            change.term = term;
        }
        return install_first({std::move(change)}, std::move(done));
    }
    change.keep_suffix = raft_->keeps_suffix(meta);
    // Until the record is durable the core stands still, so that it and the WAL see the same order.
    installing_ = true;
    host_.storage().write(
        {std::move(change)},
        guard_.wrap([this, meta, from, term, chunks = std::move(chunks),
                     done = std::move(done)](Result<void> written) mutable {
            installing_ = false;
            if (!written) return host_.storage_failed(written.error());
            Result<void> restored = machine_.restore(chunks);
            if (!restored) return host_.storage_failed(restored.error());
            while (!to_apply_.empty() && to_apply_.front().index <= meta.index) to_apply_.pop_front();
            applied_ = snapshot_index_ = meta.index;
            applied_configuration_ = meta.configuration;
            retain_live_bodies(meta.index);
            restored_meanwhile_ = snapshot_ != nullptr;
            note_restored();
            raft_->snapshot_installed(meta, from, term, now());
            raft_->applied(applied_);
            mark_dirty();
            done({});
        }));
}

void GroupReplica::snapshot_sent(NodeId peer, LogIndex index, bool ok) {
    if (!started()) return;
    raft_->snapshot_sent(peer, index, ok, now());
    mark_dirty();
}

raft::SnapshotMeta GroupReplica::applied_meta() const {
    return {applied_, raft_->term_at(applied_), applied_configuration_};
}

void GroupReplica::drop_body(const BodyRef& body) {
    host_.storage().drop_body(group(), body);
    if (body.size_bytes == 0) return;
    if (gathering_ > 0) dropped_while_gathering_.insert(body);
    if (snapshot_ != nullptr) dropped_meanwhile_.push_back(body);
}

void GroupReplica::take_snapshot() {
    if (snapshot_ != nullptr || applied_ == snapshot_index_ || now() < snapshot_after_) return;
    set_activity(Activity::writing_snapshot, true);
    snapshot_ = std::make_unique<LocalSnapshotTask>(
        host_.storage(), group(), applied_meta(), machine_.freeze(),
        [this](std::vector<BodyRef> bodies, Callback<void()> mended) {
            repair_.fetch(std::move(bodies), true,
                          [mended = std::move(mended)](PeerRepair::Bodies) mutable { mended(); });
        },
        [this](Result<raft::SnapshotMeta> taken) {
            snapshot_.reset();
            set_activity(Activity::writing_snapshot, false);
            // What died after the state was frozen was carried over all the same.
            for (const BodyRef& body : std::exchange(dropped_meanwhile_, {})) {
                host_.storage().drop_body(group(), body);
            }
            // So was what a received snapshot no longer knew.
            if (std::exchange(restored_meanwhile_, false)) retain_live_bodies(snapshot_index_);
            if (!taken) {
                snapshot_after_ = now() + snapshot_pause;
                host_.env().log.write(LogLevel::warning, "replica",
                                      "snapshot failed: " + taken.error().to_string());
                if (host_.storage().failed()) host_.storage_failed(taken.error());
                return;
            }
            if (taken->index <= snapshot_index_) return;  // a received one overtook it
            snapshot_index_ = taken->index;
            raft_->compacted(*taken);
            mark_dirty();
        });
    snapshot_->start();
}

}  // namespace quern::replica
