#include "system/metadata/catalogue_state.h"

#include <algorithm>

namespace quern::metadata {

namespace {

// Far enough from the end of the type that adding any duration is safe.
constexpr ClusterTime time_max{INT64_MAX / 2};

bool comes_again(const Command& command, const Reply& reply) {
    if (const auto* error = std::get_if<Error>(&reply.result)) {
        return error->code == ErrorCode::stale_catalogue;
    }
    const auto* record = std::get_if<QueueRecord>(&reply.result);
    return std::holds_alternative<CreateQueue>(command.operation) && record != nullptr &&
           record->state == QueueStateKind::deleting;
}

}  // namespace

CatalogueState::CatalogueState(const CatalogueBounds& b)
    : bounds(b), sessions(b.sessions), changes(b.change_log_entries_max, b.change_log_bytes_max) {}

void CatalogueState::begin_entry(LogIndex entry, ClusterTime stamped) {
    QUERN_ASSERT(entry == index.next());
    QUERN_ASSERT(stamped <= time_max);
    index = entry;
    time = std::max(time, stamped);
    rolling.add(index.value);
    rolling.add(static_cast<uint64_t>(time.ms));
    sessions.expire(time, limits::sweep_sessions_per_entry_max);
}

Reply CatalogueState::apply(const Command& command) {
    if (std::optional<Reply> known = sessions.recall(command.token, time, version)) {
        hash_reply(*known);
        return *known;
    }
    Reply reply;
    const bool needs_cluster = !std::holds_alternative<Bootstrap>(command.operation) &&
                               !std::holds_alternative<Tick>(command.operation);
    if (needs_cluster && !bootstrapped()) {
        reply.result = Error(ErrorCode::unavailable, "the cluster is not bootstrapped yet");
    } else if (command.authorised_at && command.authorised_at < policy_version) {
        reply.result = Error(ErrorCode::stale_catalogue,
                             "permissions changed since the request was authorised");
    } else {
        reply.result =
            std::visit([this](const auto& operation) { return run(operation); }, command.operation);
    }
    reply.version = version;
    if (!comes_again(command, reply)) sessions.remember(command.token, reply, time);
    hash_reply(reply);
    return reply;
}

CatalogueState::Result CatalogueState::run(const Tick&) { return std::monostate{}; }

CatalogueVersion CatalogueState::raise_version() {
    version = version.next();
    return version;
}

void CatalogueState::hash_reply(const Reply& reply) {
    ByteWriter writer(64 * 1024);
    write_reply(writer, reply);
    for (const Buffer& chunk : std::move(writer).finish())
        rolling.add(chunk.span());
    rolling.add(reply.repeated ? 1 : 0);
}

const QueueRecord* CatalogueState::find_queue(const QueueName& name) const {
    const auto found = names.find(name);
    return found == names.end() ? nullptr : find_queue(found->second);
}

const QueueRecord* CatalogueState::find_queue(QueueId id) const {
    const auto found = queues.find(id);
    return found == queues.end() ? nullptr : &found->second;
}

const UserRecord* CatalogueState::find_user_by_key(const std::string& key_id) const {
    const auto owner = key_owners.find(key_id);
    if (owner == key_owners.end()) return nullptr;
    const auto found = users.find(owner->second);
    return found == users.end() ? nullptr : &found->second;
}

}  // namespace quern::metadata
