// How a data group's leader answers each kind of forwarded request.
#include <algorithm>

#include "system/base/planted_bug.h"
#include "system/replica/data_replica.h"

namespace quern::replica {

uint64_t DataReplica::forward(const wire::Forward& request, CatalogueVersion policy_version,
                              Responder done) {
    const uint64_t id = next_request_++;
    responders_.emplace(id, std::move(done));
    const wire::ForwardHeader& header = request.header;
    Call call;
    call.id = id;
    call.deadline = now() + Duration::milliseconds(std::max<int64_t>(header.deadline_ms, 0));
    call.base.queue = header.queue;
    call.base.record_version = header.record_version;
    call.base.principal = header.principal;
    // From the loop, never inside this call.
    host_.env().loop.post(guard_.wrap([this, call = std::move(call), request,
                                       policy_version]() mutable {
        if (std::optional<Error> error = check(request.header, policy_version)) {
            return respond_error(call.id, call.base.queue, std::move(*error));
        }
        if (request.header.kind != wire::ForwardHeader::Kind::client_request) {
            return handle_catalogue(std::move(call), request.header);
        }
        Result<wire::Request> decoded =
            wire::decode_request(request.request, request.header.request_head_bytes);
        if (!decoded) return respond_error(call.id, call.base.queue, std::move(decoded.error()));
        call.base.token = decoded->token;
        call.body = request.request;
        handle(std::move(call), decoded->operation);
    }));
    return id;
}

void DataReplica::cancel(uint64_t request) {
    responders_.erase(request);
    desk_.cancel(request);
}

// What can be refused before anything is proposed; the state machine checks the queue again in order.
std::optional<Error> DataReplica::check(const wire::ForwardHeader& header,
                                        CatalogueVersion policy_version) const {
    if (!status_.leader_ready) return Error(ErrorCode::not_leader);
    if (header.kind == wire::ForwardHeader::Kind::ensure_queue) {
        const CatalogueVersion as_of = std::max(header.record_version, header.authorised_at);
        if (as_of < state_.catalogue_floor()) return Error(ErrorCode::stale_catalogue);
    }
    if (header.kind != wire::ForwardHeader::Kind::client_request) return std::nullopt;
    if (header.authorised_at < policy_version) {
        return Error(ErrorCode::stale_catalogue, "permissions changed since the request was authorised");
    }
    // Not "stale", however old the record: the version at which the balancer saw it decides that, and
    // comes with ensure_queue. A queue may be older than another's deletion, and new to its group.
    if (!state_.has_queue(header.queue)) return Error(ErrorCode::needs_attributes);
    if (PLANTED(stale_record_honoured)) return std::nullopt;
    const CatalogueVersion held = state_.record_version(header.queue);
    if (header.record_version < held) return Error(ErrorCode::stale_catalogue);
    if (header.record_version > held) return Error(ErrorCode::needs_attributes);
    return std::nullopt;
}

void DataReplica::handle(Call call, wire::Operation& operation) {
    if (auto* send = std::get_if<wire::SendRequest>(&operation)) {
        return handle_send(std::move(call), *send);
    }
    if (auto* receive = std::get_if<wire::ReceiveRequest>(&operation)) {
        const queue::Attributes* attributes = state_.attributes(call.base.queue);
        QUERN_ASSERT(attributes != nullptr);  // check() saw it in this turn
        const int64_t wait_ms =
            receive->wait_ms >= 0 ? receive->wait_ms : attributes->receive_wait_ms;
        queue::Receive wanted;
        wanted.messages_max = receive->messages_max;
        wanted.visibility_ms = receive->visibility_ms;
        const Instant until = now() + Duration::milliseconds(wait_ms);
        return desk_.receive(call.id, std::move(call.base), wanted, until);
    }
    if (auto* deletion = std::get_if<wire::DeleteRequest>(&operation)) {
        return handle_delete(std::move(call), *deletion);
    }
    if (auto* change = std::get_if<wire::ChangeVisibilityRequest>(&operation)) {
        return handle_visibility(std::move(call), *change);
    }
    if (std::holds_alternative<wire::PurgeRequest>(operation)) {
        call.base.operation = queue::Purge{};
        return submit_call(std::move(call), [](queue::Reply& reply, wire::Response& response) {
            response.body = wire::PurgeResponse{std::get<queue::PurgeReply>(reply.result).purged};
        });
    }
    if (std::holds_alternative<wire::QueueStatusRequest>(operation)) {
        return handle_status(std::move(call));
    }
    if (auto* peek = std::get_if<wire::PeekRequest>(&operation)) {
        return handle_peek(std::move(call), *peek);
    }
    respond_error(call.id, call.base.queue,
                  Error(ErrorCode::unsupported_operation, "not an operation of a storage node"));
}

void DataReplica::submit_call(Call call, Callback<void(queue::Reply&, wire::Response&)> fill) {
    const uint64_t id = call.id;
    const QueueId queue = call.base.queue;
    const Instant deadline = call.deadline;
    Buffer body = std::move(call.body);
    submit(std::move(call.base), std::move(body), deadline,
           [this, id, queue, fill = std::move(fill)](Result<queue::Reply> reply) mutable {
               if (!reply) return respond_error(id, queue, std::move(reply.error()));
               if (auto* error = std::get_if<Error>(&reply->result)) {
                   return respond_refusal(id, queue, std::move(*error));
               }
               if (!responders_.contains(id)) return;
               if (ReplicaObserver* observer = host_.observer()) {
                   observer->answers_applied(options_.self, replica_->group(), state_.index());
               }
               wire::Response response = response_at_now(queue);
               fill(*reply, response);
               respond(id, response);
           });
}

void DataReplica::handle_catalogue(Call call, const wire::ForwardHeader& header) {
    if (header.kind == wire::ForwardHeader::Kind::ensure_queue) {
        call.base.operation = queue::EnsureQueue{header.attributes, header.authorised_at};
    } else {
        call.base.operation = queue::DropQueue{};
    }
    submit_call(std::move(call), [](queue::Reply&, wire::Response&) {});
}

// A new message needs room at the leader and at a majority; what frees room is always served.
std::optional<Error> DataReplica::refuse_for_space() const {
    if (host_.disk_full(host_.self())) {
        return Error(ErrorCode::insufficient_storage,
                     "the leader's disk is full; deletes and purges are still served");
    }
    const raft::Configuration& members = replica_->configuration();
    for (const std::vector<NodeId>* voters : {&members.voters, &members.voters_old}) {
        const auto full = static_cast<size_t>(
            std::count_if(voters->begin(), voters->end(),
                          [this](NodeId voter) { return host_.disk_full(voter); }));
        if (full == 0 || 2 * (voters->size() - full) > voters->size()) continue;
        return Error(ErrorCode::insufficient_storage,
                     "the disks of so many replicas are full that no majority has room; deletes and "
                     "purges are still served",
                     static_cast<int64_t>((voters->size() - 1) / 2), static_cast<int64_t>(full));
    }
    return std::nullopt;
}

void DataReplica::handle_send(Call call, wire::SendRequest& send) {
    if (std::optional<Error> full = refuse_for_space()) {
        return respond_error(call.id, call.base.queue, std::move(*full));
    }
    call.base.operation = queue::Send{std::move(send.entries)};
    submit_call(std::move(call), [](queue::Reply& reply, wire::Response& response) {
        auto& sent = std::get<queue::SendReply>(reply.result);
        response.body = wire::SendResponse{std::move(sent.results)};
    });
}

namespace {

// Opens receipts of this queue; the others' results are set at once.
template <typename Entry, typename Add>
std::vector<ErrorCode> open_receipts(const Key& key, QueueId queue, const std::vector<Entry>& entries,
                                     Add add) {
    std::vector<ErrorCode> results(entries.size(), ErrorCode::receipt_invalid);
    for (size_t i = 0; i < entries.size(); ++i) {
        const wire::ReceiptBytes* bytes;
        if constexpr (std::is_same_v<Entry, wire::ReceiptBytes>) {
            bytes = &entries[i];
        } else {
            bytes = &entries[i].receipt;
        }
        Result<queue::Receipt> receipt = queue::open_receipt(key, *bytes);
        if (!receipt || (receipt->queue != queue && !PLANTED(receipt_of_any_queue))) continue;
        results[i] = ErrorCode::ok;
        add(entries[i], *receipt);
    }
    return results;
}

// Puts the results of the commands where their entries were valid.
void merge(std::vector<ErrorCode>& results, const std::vector<ErrorCode>& applied) {
    size_t next = 0;
    for (ErrorCode& result : results) {
        if (result == ErrorCode::ok) result = applied[next++];
    }
    QUERN_ASSERT(next == applied.size());
}

}  // namespace

void DataReplica::handle_delete(Call call, const wire::DeleteRequest& request) {
    queue::Delete command;
    std::vector<ErrorCode> results = open_receipts(
        options_.receipt_key, call.base.queue, request.receipts,
        [&](const wire::ReceiptBytes&, const queue::Receipt& r) { command.receipts.push_back(r); });
    if (command.receipts.empty() && !results.empty()) {
        wire::Response response = response_unproposed(call.base.queue);
        response.body = wire::DeleteResponse{std::move(results)};
        return respond(call.id, response);  // nothing is left to propose
    }
    call.base.operation = std::move(command);
    submit_call(std::move(call), [results = std::move(results)](queue::Reply& reply,
                                                                wire::Response& response) mutable {
        merge(results, std::get<queue::DeleteReply>(reply.result).results);
        response.body = wire::DeleteResponse{std::move(results)};
    });
}

void DataReplica::handle_visibility(Call call, const wire::ChangeVisibilityRequest& request) {
    queue::ChangeVisibility command;
    std::vector<ErrorCode> results = open_receipts(
        options_.receipt_key, call.base.queue, request.entries,
        [&](const wire::ChangeVisibilityRequest::Entry& entry, const queue::Receipt& receipt) {
            command.changes.push_back({receipt, entry.visibility_ms});
        });
    if (command.changes.empty() && !results.empty()) {
        wire::Response response = response_unproposed(call.base.queue);
        response.body = wire::ChangeVisibilityResponse{std::move(results)};
        return respond(call.id, response);  // nothing is left to propose
    }
    call.base.operation = std::move(command);
    submit_call(std::move(call), [results = std::move(results)](queue::Reply& reply,
                                                                wire::Response& response) mutable {
        merge(results, std::get<queue::ChangeVisibilityReply>(reply.result).results);
        response.body = wire::ChangeVisibilityResponse{std::move(results)};
    });
}

void DataReplica::handle_status(Call call) {
    replica_->read_barrier(guard_.wrap([this, id = call.id, queue = call.base.queue](Result<void> read) {
        if (!read) return respond_error(id, queue, std::move(read.error()));
        if (!state_.has_queue(queue)) {
            return respond_error(id, queue, Error(ErrorCode::queue_does_not_exist));
        }
        wire::Response response = response_at_now(queue);
        wire::QueueStatusResponse body;
        body.record.id = queue;
        body.record.group = replica_->group();
        body.record.attributes = *state_.attributes(queue);
        body.record.version = state_.record_version(queue);
        body.counters = state_.counters(queue);
        body.oldest_sent = state_.oldest_sent(queue);
        body.leader = options_.self;
        response.body = std::move(body);
        respond(id, response);
    }));
}

void DataReplica::handle_peek(Call call, const wire::PeekRequest& request) {
    const size_t count = std::min<size_t>(request.messages_max, limits::receive_entries_max);
    replica_->read_barrier(guard_.wrap([this, id = call.id, queue = call.base.queue, count,
                                        from = request.from](Result<void> read) {
        if (!read) return respond_error(id, queue, std::move(read.error()));
        if (!state_.has_queue(queue)) {
            return respond_error(id, queue, Error(ErrorCode::queue_does_not_exist));
        }
        std::vector<queue::GroupState::Peeked> peeked = state_.peek(queue, from, count);
        std::vector<BodyRef> bodies;
        uint64_t bytes = 0;
        for (const auto& item : peeked) {
            bytes += item.message.content.size_bytes;
            if (bytes > limits::receive_bytes_max && !bodies.empty()) break;
            bodies.push_back(item.message.content);
        }
        peeked.resize(bodies.size());
        wire::Response response = response_at_now(queue);
        replica_->gather(
            bodies, true,
            guard_.wrap([this, id, peeked = std::move(peeked), response = std::move(response)](
                            std::vector<Result<Buffer>> found) mutable {
                wire::PeekResponse body;
                for (size_t i = 0; i < peeked.size(); ++i) {
                    if (!found[i]) continue;  // deleted since, or damaged here
                    wire::PeekResponse::Message message;
                    message.message.seq = peeked[i].message.seq;
                    message.message.receive_count = peeked[i].message.receive_count;
                    message.message.sent = peeked[i].message.sent;
                    message.message.first_received = peeked[i].message.first_received;
                    message.message.leased_until = peeked[i].message.leased_until;
                    message.message.content = std::move(*found[i]);
                    message.message.body_bytes = peeked[i].message.body_bytes;
                    message.state = static_cast<uint8_t>(peeked[i].state);
                    body.messages.push_back(std::move(message));
                }
                response.body = std::move(body);
                respond(id, response);
            }));
    }));
}

// An answer that no entry stands behind has no position in the log, and tells the present time: the last
// entry may be long past.
wire::Response DataReplica::response_unproposed(QueueId queue) {
    wire::Response response = response_at_now(queue);
    response.index = LogIndex{};
    if (const std::optional<ClusterTime> time = clock_.time(now())) {
        response.time = std::max(response.time, *time);
    }
    return response;
}

wire::Response DataReplica::response_at_now(QueueId queue) const {
    wire::Response response;
    response.queue = queue;
    response.group = replica_->group();
    response.index = state_.index();
    response.time = state_.time();
    response.leader = options_.self;
    return response;
}

void DataReplica::respond(uint64_t id, const wire::Response& response) {
    auto found = responders_.find(id);
    if (found == responders_.end()) return;
    Responder done = std::move(found->second);
    responders_.erase(found);
    done(wire::encode(response));
}

wire::Response DataReplica::error_response(QueueId queue, Error error) const {
    wire::Response response = response_at_now(queue);
    response.error = std::move(error);
    // Where a leader is known, the asker goes there next.
    response.leader = status_.role == raft::Role::leader ? options_.self : status_.leader;
    return response;
}

void DataReplica::respond_error(uint64_t id, QueueId queue, Error error) {
    if (!responders_.contains(id)) return;
    wire::Response response = error_response(queue, std::move(error));
    if (!PLANTED(refusal_with_position)) response.index = LogIndex{};
    respond(id, response);
}

// An index tells the asker that this answer stands for all attempts with its token. Refusals for the
// sake of the record's version are not remembered, so an earlier attempt may still be applied after them.
void DataReplica::respond_refusal(uint64_t id, QueueId queue, Error error) {
    const bool remembered = error.code != ErrorCode::needs_attributes &&
                            error.code != ErrorCode::stale_catalogue;
    if (!remembered) return respond_error(id, queue, std::move(error));
    if (responders_.contains(id)) respond(id, error_response(queue, std::move(error)));
}

}  // namespace quern::replica
