#include "system/raft/raft.h"

#include "system/raft/raft_impl.h"

namespace quern::raft {

Raft::Raft(const Options& options, Restored restored, Instant now)
    : impl_(std::make_unique<Impl>(options, std::move(restored), now)) {}
Raft::~Raft() = default;

void Raft::step(Message message, Instant now) { impl_->step(std::move(message), now); }
Result<LogIndex> Raft::propose(Buffer payload, Instant now) {
    return impl_->propose(std::move(payload), now);
}
Result<LogIndex> Raft::propose_configuration(Configuration target, Instant now) {
    return impl_->propose_configuration(std::move(target), now);
}
void Raft::read_index(uint64_t context, Instant now) { impl_->read_index(context, now); }
Result<void> Raft::transfer_leadership(NodeId target, Instant now) {
    return impl_->transfer_leadership(target, now);
}
void Raft::step_down(Instant now) { impl_->step_down(now); }
void Raft::campaign(Instant now) { impl_->campaign(now); }
void Raft::on_deadline(Instant now) { impl_->on_deadline(now); }
void Raft::link_changed(NodeId peer, Instant now) { impl_->link_changed(peer, now); }
void Raft::persisted(uint64_t sequence, Instant now) { impl_->persisted(sequence, now); }
void Raft::applied(LogIndex index) { impl_->applied(index); }
void Raft::entries_loaded(NodeId peer, std::vector<Entry> entries, Instant now) {
    impl_->entries_loaded(peer, std::move(entries), now);
}
void Raft::compacted(const SnapshotMeta& meta) { impl_->compacted(meta); }
void Raft::snapshot_installed(const SnapshotMeta& meta, NodeId leader, Term term, Instant now) {
    impl_->snapshot_installed(meta, leader, term, now);
}
bool Raft::wants_snapshot(const SnapshotMeta& meta, NodeId from, Term term) const {
    return impl_->wants_snapshot(meta, from, term);
}
void Raft::snapshot_sent(NodeId peer, LogIndex index, bool ok, Instant now) {
    impl_->snapshot_sent(peer, index, ok, now);
}
void Raft::repaired(std::vector<Entry> entries, Instant now) {
    impl_->repaired(std::move(entries), now);
}
void Raft::known_committed(LogIndex index, Term term, Instant now) {
    impl_->known_committed(index, term, now);
}
bool Raft::keeps_suffix(const SnapshotMeta& meta) const { return impl_->keeps_suffix(meta); }
void Raft::drop_payloads(LogIndex index) { impl_->drop_payloads(index); }

bool Raft::has_output() const { return impl_->has_output(); }
Output Raft::take_output() { return impl_->take_output(); }
Instant Raft::next_deadline() const { return impl_->next_deadline(); }
Status Raft::status() const { return impl_->status(); }
Role Raft::role() const { return impl_->role(); }
Term Raft::term() const { return impl_->term(); }
bool Raft::recovering() const { return impl_->recovering(); }
std::vector<PeerStatus> Raft::peers() const { return impl_->peers(); }
const Configuration& Raft::configuration() const { return impl_->configuration(); }
const Configuration& Raft::configuration_at(LogIndex index) const {
    return impl_->configuration_at(index);
}
Term Raft::term_at(LogIndex index) const { return impl_->log().term_at(index); }
size_t Raft::cached_bytes() const { return impl_->log().cached_bytes(); }
void Raft::check_invariants() const { impl_->check_invariants(); }

}  // namespace quern::raft
