// From a command to its reply: repetition, versions, the operation.
#include "system/base/planted_bug.h"
#include "system/queue/group_impl.h"

namespace quern::queue {

namespace {

Error forgotten() {
    return Error(ErrorCode::session_expired, "the result of this request is no longer known");
}

// The sender will refresh and ask again with the same token, so these are not its result.
bool is_routing(const Reply& reply) {
    const Error* error = std::get_if<Error>(&reply.result);
    return error != nullptr && (error->code == ErrorCode::needs_attributes ||
                                error->code == ErrorCode::stale_catalogue);
}

// A receive that found nothing changed nothing: the same request may ask again, as a parked poll does.
bool found_nothing(const Reply& reply) {
    const auto* received = std::get_if<ReceiveReply>(&reply.result);
    return received != nullptr && received->deliveries.empty();
}

}  // namespace

Reply GroupState::Impl::apply(const Command& command, const uint8_t* payload) {
    if (std::holds_alternative<Tick>(command.operation)) return {Done{}};
    if (const auto* operation = std::get_if<EnsureQueue>(&command.operation)) {
        return ensure(command, *operation);
    }
    if (std::holds_alternative<DropQueue>(command.operation)) return drop(command);
    if (!command.token.session) return apply_to_queue(command, payload);

    const OperationKind kind = *token_kind(command);
    const SessionTable::Check check = sessions.check(command.principal, command.token, time);
    switch (check.verdict) {
        case SessionTable::Verdict::repeated: return repeat(command, kind, *check.reply);
        case SessionTable::Verdict::forgotten: return {forgotten()};
        case SessionTable::Verdict::late:
            return {Error(ErrorCode::deadline_exceeded, "the request came after its expiry",
                          command.token.expires.ms, time.ms)};
        case SessionTable::Verdict::fresh: break;
    }
    Reply reply = apply_to_queue(command, payload);
    const bool forgets = PLANTED(purge_not_remembered) && kind == OperationKind::purge;
    if (!is_routing(reply) && !found_nothing(reply) && !forgets) {
        sessions.remember(command.principal, command.token, time,
                          store_reply(kind, command.queue, reply));
        hash.add(command.token.session.value);
        hash.add(command.token.seq);
    }
    return reply;
}

Reply GroupState::Impl::repeat(const Command& command, OperationKind kind,
                               const std::string& stored) const {
    std::optional<StoredReply> first = load_reply(stored);
    QUERN_ASSERT(first.has_value());
    if (first->kind != kind || first->queue != command.queue) {
        // By one that was applied: perhaps this one, to a queue of the same name that is gone.
        return {Error(ErrorCode::invalid_argument, "the token was used for another request")
                    .with_outcome(Outcome::unknown)};
    }
    if (auto* deliveries = std::get_if<ReceiveReply>(&first->reply.result)) {
        const QueueState* queue = find(command.queue);
        *deliveries = queue == nullptr ? ReceiveReply{} : queue->redeliver(time, *deliveries);
    }
    first->reply.repeated = true;
    return std::move(first->reply);
}

Reply GroupState::Impl::apply_to_queue(const Command& command, const uint8_t* payload) {
    QueueState* queue = find(command.queue);
    if (queue == nullptr || queue->data().version < command.record_version) {
        return {Error(ErrorCode::needs_attributes)};
    }
    if (queue->data().version > command.record_version && !PLANTED(stale_record_honoured)) return {Error(ErrorCode::stale_catalogue)};
    ApplyContext ctx = context(payload);
    hash.add(command.queue.value);
    hash.add(command.operation.index());
    Reply reply = execute(*queue, command, ctx);
    changed(*queue);
    return reply;
}

Reply GroupState::Impl::execute(QueueState& queue, const Command& command, ApplyContext& ctx) {
    if (const auto* send = std::get_if<Send>(&command.operation)) return queue.send(ctx, *send);
    if (const auto* receive = std::get_if<Receive>(&command.operation)) {
        return queue.receive(ctx, *receive);
    }
    if (const auto* remove = std::get_if<Delete>(&command.operation)) return queue.remove(ctx, *remove);
    if (const auto* change = std::get_if<ChangeVisibility>(&command.operation)) {
        return queue.change_visibility(ctx, *change);
    }
    QUERN_ASSERT(std::holds_alternative<Purge>(command.operation));
    return queue.purge(ctx);
}

Reply GroupState::Impl::ensure(const Command& command, const EnsureQueue& operation) {
    const CatalogueVersion version = command.record_version;
    if (std::max(version, operation.as_of) < floor) {
        return {Error(ErrorCode::stale_catalogue, "queues were dropped since that version",
                      static_cast<int64_t>(floor.value), static_cast<int64_t>(version.value))};
    }
    QueueState* queue = find(command.queue);
    if (queue != nullptr && queue->data().version >= version) return {Done{}};
    if (!command.queue) return {Error(ErrorCode::invalid_argument, "queue 0")};
    if (Result<void> good = check_attributes(operation.attributes); !good) return {good.error()};
    if (queue == nullptr) {
        auto made = queues.try_emplace(command.queue, command.queue, version, operation.attributes);
        queue = &made.first->second;
    } else {
        queue->set_attributes(version, operation.attributes);
    }
    hash.add(command.queue.value);
    hash.add(version.value);
    changed(*queue);
    return {Done{}};
}

// A queue is dropped for good whatever version of its record is held: its id never comes back.
Reply GroupState::Impl::drop(const Command& command) {
    if (!PLANTED(dropped_queue_comes_back)) floor = std::max(floor, command.record_version);
    hash.add(floor.value);
    QueueState* queue = find(command.queue);
    if (queue == nullptr) return {Done{}};
    ApplyContext ctx = context(nullptr);
    queue->bury(ctx);
    std::erase(ready, command.queue);
    dropped.push_back(command.queue);
    last_found_ = nullptr;
    queues.erase(command.queue);
    return {Done{}};
}

}  // namespace quern::queue
