#include "tests/unit/wire/samples.h"

namespace quern::wire::samples {

namespace {

queue::SendEntry send_entry(Prng& prng, Arena& arena) {
    arena.push_back(bytes(prng));
    queue::SendEntry entry;
    entry.content = arena.back().span();
    entry.body_bytes = static_cast<uint32_t>(prng.below(entry.content.size() + 1));
    entry.delay_ms = static_cast<int64_t>(prng.below(1000)) - 1;
    return entry;
}

ReceivedMessage received(Prng& prng) {
    ReceivedMessage message;
    message.seq = MessageSeq(prng.next());
    message.receipt = receipt_bytes(prng);
    message.receive_count = number32(prng);
    message.sent = {signed_number(prng)};
    message.first_received = {signed_number(prng)};
    message.leased_until = {signed_number(prng)};
    message.content = bytes(prng);
    message.body_bytes = static_cast<uint32_t>(prng.below(message.content.size() + 1));
    return message;
}

queue::Counters counters(Prng& prng) {
    queue::Counters c;
    for (uint64_t* field : {&c.ready, &c.delayed, &c.leased, &c.live_bytes, &c.sent, &c.received,
                            &c.deleted, &c.expired, &c.purged, &c.dropped}) {
        *field = prng.next();
    }
    return c;
}

queue::SendResult send_result(Prng& prng) {
    return {code(prng), MessageSeq(prng.next()), signed_number(prng), signed_number(prng)};
}

Operation operation(Prng& prng, size_t alternative, Arena& arena) {
    switch (alternative) {
        case 0:
            return SendRequest{list(prng, [&](Prng& p) { return send_entry(p, arena); })};
        case 1: return ReceiveRequest{number32(prng), static_cast<int64_t>(prng.below(9)) - 1, 77};
        case 2: return DeleteRequest{list(prng, receipt_bytes)};
        case 3:
            return ChangeVisibilityRequest{list(prng, [](Prng& p) {
                return ChangeVisibilityRequest::Entry{receipt_bytes(p),
                                                      static_cast<int64_t>(p.below(1000))};
            })};
        case 4: return PurgeRequest{};
        case 5: return PeekRequest{MessageSeq(prng.next()), number32(prng)};
        case 6: return QueueStatusRequest{};
        case 7: return CreateQueueRequest{attributes(prng), tags(prng)};
        case 8: return DeleteQueueRequest{};
        case 9: return SetAttributesRequest{attributes(prng), number32(prng)};
        case 10: return ListQueuesRequest{text(prng), text(prng), number32(prng)};
        case 11: return CreateUserRequest{text(prng), text(prng)};
        case 12: return DeleteUserRequest{text(prng)};
        case 13: return ListUsersRequest{text(prng), number32(prng)};
        case 14: return GrantRequest{text(prng), grant(prng), prng.chance(1, 2)};
        case 15: return ClusterStatusRequest{};
        default: return TransferLeaderRequest{GroupId(number32(prng)), NodeId(number32(prng))};
    }
}

ClusterStatusResponse cluster_status(Prng& prng) {
    ClusterStatusResponse status;
    status.cluster = uuid(prng);
    status.version = CatalogueVersion(prng.next());
    status.queues = prng.next();
    status.users = prng.next();
    status.nodes = list(prng, [](Prng& p) {
        return ClusterStatusResponse::Node{node_record(p), p.chance(1, 2)};
    });
    status.groups = list(prng, [](Prng& p) {
        ClusterStatusResponse::Group group;
        group.id = GroupId(number32(p));
        group.term = Term(p.next());
        group.leader = NodeId(number32(p));
        group.commit = LogIndex(p.next());
        group.replicas = list(p, [](Prng& q) {
            return ClusterStatusResponse::Replica{NodeId(number32(q)), q.chance(1, 2),
                                                  q.chance(1, 2), LogIndex(q.next())};
        });
        return group;
    });
    status.healthy = prng.chance(1, 2);
    return status;
}

ResponseBody response_body(Prng& prng, size_t alternative) {
    switch (alternative) {
        case 0: return OkResponse{};
        case 1: return SendResponse{list(prng, send_result)};
        case 2: return ReceiveResponse{list(prng, received)};
        case 3: return DeleteResponse{list(prng, code)};
        case 4: return ChangeVisibilityResponse{list(prng, code)};
        case 5: return PurgeResponse{prng.next()};
        case 6:
            return PeekResponse{list(prng, [](Prng& p) {
                return PeekResponse::Message{received(p), static_cast<uint8_t>(p.below(3))};
            })};
        case 7:
            return QueueStatusResponse{queue_record(prng), counters(prng),
                                       ClusterTime{signed_number(prng)}, NodeId(number32(prng))};
        case 8: return QueueResponse{queue_record(prng)};
        case 9:
            return ListQueuesResponse{list(prng, [](Prng& p) { return text(p); }),
                                      prng.chance(1, 2), CatalogueVersion(prng.next())};
        case 10: return CreateUserResponse{text(prng), text(prng)};
        case 11:
            return ListUsersResponse{list(prng,
                                          [](Prng& p) {
                                              return ListUsersResponse::User{
                                                  text(p), text(p),
                                                  list(p, [](Prng& q) { return text(q); }),
                                                  list(p, grant)};
                                          }),
                                     prng.chance(1, 2)};
        default: return cluster_status(prng);
    }
}

queue::Receipt receipt(Prng& prng) {
    return {QueueId(prng.next()), MessageSeq(prng.next()), LeaseEpoch(number32(prng))};
}

}  // namespace

Request request(Prng& prng, size_t alternative, Arena& arena) {
    Request result;
    result.queue = QueueId(prng.next());
    result.queue_name = text(prng);
    if (prng.chance(1, 2)) result.token = token(prng);
    result.deadline_ms = static_cast<int64_t>(prng.below(100'000));
    result.operation = operation(prng, alternative, arena);
    if (prng.chance(1, 4)) result.begun = ClusterTime{static_cast<int64_t>(prng.below(100'000))};
    return result;
}

Response response(Prng& prng, size_t alternative) {
    Response result;
    if (prng.chance(1, 3)) result.error = error(prng);
    result.queue = QueueId(prng.next());
    result.group = GroupId(number32(prng));
    result.index = LogIndex(prng.next());
    result.time = {signed_number(prng)};
    result.leader = NodeId(number32(prng));
    result.body = response_body(prng, alternative);
    return result;
}

std::vector<queue::Command> commands(Prng& prng, size_t count, Arena& arena) {
    std::vector<queue::Command> result(count);
    for (queue::Command& command : result) {
        command.queue = QueueId(prng.next());
        command.record_version = CatalogueVersion(prng.next());
        command.principal = UserId(prng.next());
        command.token = token(prng);
        switch (prng.below(8)) {
            case 0:
                command.operation =
                    queue::Send{list(prng, [&](Prng& p) { return send_entry(p, arena); })};
                break;
            case 1:
                command.operation = queue::Receive{number32(prng), signed_number(prng), prng.next()};
                break;
            case 2: command.operation = queue::Delete{list(prng, receipt)}; break;
            case 3:
                command.operation = queue::ChangeVisibility{list(prng, [](Prng& p) {
                    return queue::VisibilityChange{receipt(p), signed_number(p)};
                })};
                break;
            case 4: command.operation = queue::Purge{}; break;
            case 5: command.operation = queue::EnsureQueue{attributes(prng), CatalogueVersion(prng.next())}; break;
            case 6: command.operation = queue::DropQueue{}; break;
            default: command.operation = queue::Tick{}; break;
        }
    }
    return result;
}

Frame frame_of(FrameKind kind, const Encoded& encoded) {
    BufferChain whole(encoded.head);
    whole.append(encoded.attachments);
    Frame frame;
    frame.kind = kind;
    frame.head_bytes = static_cast<uint32_t>(encoded.head.size());
    frame.body = whole.flatten();
    return frame;
}

std::string flat(const BufferChain& chain) { return std::string(chain.flatten().text()); }

std::string flat(const Encoded& encoded) { return flat(encoded.head) + flat(encoded.attachments); }

}  // namespace quern::wire::samples
