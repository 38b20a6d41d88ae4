#include "system/metadata/cache.h"

#include <set>

#include "system/base/limits.h"
#include "system/base/planted_bug.h"
#include "system/metadata/versioned_lru.h"

namespace quern::metadata {

namespace {

struct QueueIndex {
    std::map<QueueId, QueueName> names;
    void added(const QueueName& name, const QueueRecord& record) { names[record.id] = name; }
    void removed(const QueueName&, const QueueRecord& record) { names.erase(record.id); }
};

struct UserIndex {
    std::map<UserId, std::set<std::string>> keys;
    void added(const std::string& key_id, const UserRecord& record) {
        keys[record.id].insert(key_id);
    }
    void removed(const std::string& key_id, const UserRecord& record) {
        const auto found = keys.find(record.id);
        QUERN_ASSERT(found != keys.end());
        found->second.erase(key_id);
        if (found->second.empty()) keys.erase(found);
    }
    std::set<std::string> keys_of(UserId id) const {
        const auto found = keys.find(id);
        return found == keys.end() ? std::set<std::string>{} : found->second;
    }
};

bool has_key(const UserRecord& record, const std::string& key_id) {
    for (const AccessKey& key : record.keys) {
        if (key.id == key_id) return true;
    }
    return false;
}

}  // namespace

class MetadataCache::Impl {
public:
    explicit Impl(const Options& o)
        : options(o),
          queues(o.queues_max, limits::cache_tombstones_max, queue_index),
          users(o.users_max, limits::cache_tombstones_max, user_index) {}

    bool fresh(Instant now) const { return following && now - heard <= options.lease; }

    void change(const QueueRecord& record, CatalogueVersion at);
    void change(const QueueRemoved& removed, CatalogueVersion at);
    void change(const UserRecord& record, CatalogueVersion at);
    void change(const UserRemoved& removed, CatalogueVersion at);
    void change(const NodeRecord& record, CatalogueVersion at);
    void change(const GroupRecord& record, CatalogueVersion at);

    Options options;
    bool following = false;
    Instant heard;
    CatalogueVersion version;
    QueueIndex queue_index;
    UserIndex user_index;
    VersionedLru<QueueName, QueueRecord, QueueIndex> queues;
    VersionedLru<std::string, UserRecord, UserIndex> users;
    std::set<QueueName> queue_fetches;
    std::set<std::string> user_fetches;
    std::map<NodeId, NodeRecord> nodes;
    std::map<GroupId, GroupRecord> groups;
};

void MetadataCache::Impl::change(const QueueRecord& record, CatalogueVersion at) {
    if (queues.peek(record.name) == nullptr) {
        queues.invalidate(record.name, at);
    } else {
        queues.put(record.name, record, at);
    }
}

void MetadataCache::Impl::change(const QueueRemoved& removed, CatalogueVersion at) {
    if (queues.peek(removed.name) == nullptr) {
        queues.invalidate(removed.name, at);
    } else {
        queues.put(removed.name, std::nullopt, at);
    }
}

// Users change seldom: every answer read before the last change of any user is refused, so that no
// answer on its way can bring back a key or a permission.
void MetadataCache::Impl::change(const UserRecord& record, CatalogueVersion at) {
    if (PLANTED(revoked_key_honoured)) return;
    std::set<std::string> keys = user_index.keys_of(record.id);
    for (const AccessKey& key : record.keys)
        keys.insert(key.id);
    for (const std::string& key_id : keys) {
        if (users.peek(key_id) == nullptr) continue;
        if (has_key(record, key_id)) {
            users.put(key_id, record, at);
        } else {
            users.put(key_id, std::nullopt, at);
        }
    }
    users.raise_floor(at);
}

void MetadataCache::Impl::change(const UserRemoved& removed, CatalogueVersion at) {
    std::set<std::string> keys = user_index.keys_of(removed.id);
    keys.insert(removed.key_ids.begin(), removed.key_ids.end());
    for (const std::string& key_id : keys) {
        if (users.peek(key_id) != nullptr) users.put(key_id, std::nullopt, at);
    }
    users.raise_floor(at);
}

void MetadataCache::Impl::change(const NodeRecord& record, CatalogueVersion) {
    NodeRecord& known = nodes[record.id];
    if (record.version >= known.version) known = record;
}

void MetadataCache::Impl::change(const GroupRecord& record, CatalogueVersion) {
    GroupRecord& known = groups[record.id];
    if (record.version >= known.version) known = record;
}

MetadataCache::MetadataCache(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
MetadataCache::~MetadataCache() = default;

Lookup MetadataCache::find_queue(const QueueName& name, Instant now, const QueueRecord** record) {
    *record = nullptr;
    const auto* known = impl_->fresh(now) ? impl_->queues.use(name) : nullptr;
    if (known == nullptr) return Lookup::unknown;
    if (!*known) return Lookup::absent;
    *record = &**known;
    return Lookup::found;
}

Lookup MetadataCache::find_queue(QueueId id, Instant now, const QueueRecord** record) {
    *record = nullptr;
    const auto name = impl_->queue_index.names.find(id);
    if (name == impl_->queue_index.names.end()) return Lookup::unknown;
    return find_queue(QueueName(name->second), now, record);
}

Lookup MetadataCache::find_user_by_key(const std::string& key_id, Instant now,
                                       const UserRecord** record) {
    *record = nullptr;
    const auto* known = impl_->fresh(now) ? impl_->users.use(key_id) : nullptr;
    if (known == nullptr) return Lookup::unknown;
    if (!*known) return Lookup::absent;
    *record = &**known;
    return Lookup::found;
}

CatalogueVersion MetadataCache::version() const { return impl_->version; }
bool MetadataCache::fresh(Instant now) const { return impl_->fresh(now); }
const std::map<NodeId, NodeRecord>& MetadataCache::nodes() const { return impl_->nodes; }
const std::map<GroupId, GroupRecord>& MetadataCache::groups() const { return impl_->groups; }

bool MetadataCache::begin_fetch_queue(const QueueName& name) {
    return impl_->queue_fetches.insert(name).second;
}
bool MetadataCache::begin_fetch_user(const std::string& key_id) {
    return impl_->user_fetches.insert(key_id).second;
}
void MetadataCache::fetch_failed_queue(const QueueName& name) { impl_->queue_fetches.erase(name); }
void MetadataCache::fetch_failed_user(const std::string& key_id) {
    impl_->user_fetches.erase(key_id);
}

void MetadataCache::fetched_queue(const QueueName& name, const std::optional<QueueRecord>& record,
                                  CatalogueVersion read_at) {
    impl_->queue_fetches.erase(name);
    if (record && (record->name != name || record->version > read_at)) return;
    const bool active = record && record->state == QueueStateKind::active;
    impl_->queues.put(name, active ? record : std::nullopt, read_at);
}

void MetadataCache::fetched_user(const std::string& key_id, const std::optional<UserRecord>& record,
                                 CatalogueVersion read_at) {
    impl_->user_fetches.erase(key_id);
    if (record && (!has_key(*record, key_id) || record->version > read_at)) return;
    impl_->users.put(key_id, record, read_at);
}

void MetadataCache::watched(const std::vector<Change>& changes, CatalogueVersion up_to,
                            Instant asked_at) {
    if (!impl_->following || up_to < impl_->version) return;
    for (const Change& change : changes) {
        if (change.version <= impl_->version || change.version > up_to) continue;
        std::visit([&](const auto& record) { impl_->change(record, change.version); },
                   change.record);
    }
    impl_->version = up_to;
    impl_->heard = std::max(impl_->heard, asked_at);
}

void MetadataCache::reset(const std::vector<NodeRecord>& nodes,
                          const std::vector<GroupRecord>& groups, CatalogueVersion version,
                          Instant asked_at) {
    if (impl_->following && version < impl_->version) return;
    impl_->queues.clear();
    impl_->users.clear();
    impl_->queues.raise_floor(version);
    impl_->users.raise_floor(version);
    impl_->nodes.clear();
    impl_->groups.clear();
    for (const NodeRecord& node : nodes)
        impl_->nodes.emplace(node.id, node);
    for (const GroupRecord& group : groups)
        impl_->groups.emplace(group.id, group);
    impl_->version = version;
    impl_->heard = impl_->following ? std::max(impl_->heard, asked_at) : asked_at;
    impl_->following = true;
}

void MetadataCache::forget_queue(const QueueName& name) { impl_->queues.drop(name); }

size_t MetadataCache::queue_count() const { return impl_->queues.size(); }
size_t MetadataCache::user_count() const { return impl_->users.size(); }

}  // namespace quern::metadata
