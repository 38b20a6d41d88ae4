#include "system/metadata/catalogue.h"

#include <algorithm>

#include "system/metadata/catalogue_state.h"

namespace quern::metadata {

class Catalogue::Impl : public CatalogueState {};

Catalogue::Catalogue() : impl_(std::make_unique<Impl>()) {}
Catalogue::~Catalogue() = default;
Catalogue::Catalogue(Catalogue&&) noexcept = default;
Catalogue& Catalogue::operator=(Catalogue&&) noexcept = default;

void Catalogue::begin_entry(LogIndex index, ClusterTime stamped) {
    impl_->begin_entry(index, stamped);
}
Reply Catalogue::apply(const Command& command) { return impl_->apply(command); }

LogIndex Catalogue::index() const { return impl_->index; }
ClusterTime Catalogue::time() const { return impl_->time; }
ClusterTime Catalogue::next_deadline() const {
    return std::max(impl_->time, impl_->sessions.next_deadline());
}
bool Catalogue::bootstrapped() const { return impl_->bootstrapped(); }
ClusterId Catalogue::cluster() const { return impl_->cluster; }
CatalogueVersion Catalogue::version() const { return impl_->version; }
CatalogueVersion Catalogue::policy_version() const { return impl_->policy_version; }

const QueueRecord* Catalogue::find_queue(const QueueName& name) const {
    return impl_->find_queue(name);
}
const QueueRecord* Catalogue::find_queue(QueueId id) const { return impl_->find_queue(id); }

std::vector<const QueueRecord*> Catalogue::list_queues(const std::string& account,
                                                       const std::string& prefix,
                                                       const std::string& after,
                                                       size_t count_max) const {
    std::vector<const QueueRecord*> found;
    auto position = impl_->names.lower_bound(QueueName{account, std::max(prefix, after)});
    for (; position != impl_->names.end() && found.size() < count_max; ++position) {
        const QueueName& name = position->first;
        if (name.account != account || !name.name.starts_with(prefix)) break;
        if (name.name > after) found.push_back(impl_->find_queue(position->second));
    }
    return found;
}

std::vector<QueueId> Catalogue::deleting_queues() const {
    std::vector<QueueId> ids;
    for (const auto& [name, id] : impl_->deleting) ids.push_back(id);
    std::sort(ids.begin(), ids.end());
    return ids;
}

const UserRecord* Catalogue::find_user(const std::string& name) const {
    const auto found = impl_->users.find(name);
    return found == impl_->users.end() ? nullptr : &found->second;
}
const NodeRecord* Catalogue::find_node(NodeId id) const {
    const auto found = impl_->nodes.find(id);
    return found != impl_->nodes.end() ? &found->second : nullptr;
}

const UserRecord* Catalogue::find_user_by_key(const std::string& key_id) const {
    return impl_->find_user_by_key(key_id);
}

std::vector<const UserRecord*> Catalogue::list_users(const std::string& after,
                                                     size_t count_max) const {
    std::vector<const UserRecord*> found;
    for (auto at = impl_->users.upper_bound(after);
         at != impl_->users.end() && found.size() < count_max; ++at) {
        found.push_back(&at->second);
    }
    return found;
}

size_t Catalogue::user_count() const { return impl_->users.size(); }

std::vector<NodeRecord> Catalogue::nodes() const {
    std::vector<NodeRecord> found;
    for (const auto& [id, node] : impl_->nodes)
        found.push_back(node);
    return found;
}

std::vector<GroupRecord> Catalogue::groups() const {
    std::vector<GroupRecord> found;
    for (const auto& [id, group] : impl_->groups)
        found.push_back(group);
    return found;
}

std::optional<std::vector<Change>> Catalogue::changes_since(CatalogueVersion since,
                                                            size_t count_max) const {
    return impl_->changes.since(since, count_max);
}

void Catalogue::forget_changes() { impl_->changes.restart(version()); }

std::vector<Buffer> Catalogue::snapshot(size_t chunk_bytes) const {
    return impl_->snapshot(chunk_bytes);
}

Result<Catalogue> Catalogue::restore(const std::vector<Buffer>& chunks) {
    Catalogue catalogue;
    if (!catalogue.impl_->restore(chunks)) {
        return fail(ErrorCode::corrupt, "the snapshot of the catalogue does not decode");
    }
    return catalogue;
}

uint64_t Catalogue::rolling_hash() const { return impl_->rolling.value(); }
uint64_t Catalogue::state_hash() const { return impl_->state_hash(); }

void Catalogue::check_invariants() const {
    const std::string contradiction = impl_->find_contradiction();
    QUERN_ASSERT_MSG(contradiction.empty(), contradiction.c_str());
    impl_->sessions.check_invariants();
}

}  // namespace quern::metadata
