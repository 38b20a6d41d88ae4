#include "system/wire/query_codec_internal.h"

namespace quern::wire {

namespace {

constexpr const char* query_identifier = "QQRY";
constexpr const char* reply_identifier = "QQRP";

struct EncodedQuery {
    fb::Query kind;
    Offset<void> table;
};

struct Maker {
    FlatBufferBuilder& builder;

    EncodedQuery operator()(const FindQueue& q) const {
        const auto account = make_text(builder, q.name.account);
        const auto name = make_text(builder, q.name.name);
        return {fb::Query::FindQueue, fb::CreateFindQueue(builder, account, name).Union()};
    }
    EncodedQuery operator()(const FindQueueById& q) const {
        return {fb::Query::FindQueueById, fb::CreateFindQueueById(builder, q.id.value).Union()};
    }
    EncodedQuery operator()(const FindUser& q) const {
        const auto key_id = make_text(builder, q.key_id);
        return {fb::Query::FindUser, fb::CreateFindUser(builder, key_id).Union()};
    }
    EncodedQuery operator()(const Watch& q) const {
        return {fb::Query::Watch, fb::CreateWatch(builder, q.since.value).Union()};
    }
    EncodedQuery operator()(const ListQueues& q) const {
        const auto account = make_text(builder, q.account);
        const auto prefix = make_text(builder, q.prefix);
        const auto after = make_text(builder, q.after);
        return {fb::Query::ListQueues,
                fb::CreateListQueues(builder, account, prefix, after, q.count_max).Union()};
    }
    EncodedQuery operator()(const ListUsers& q) const {
        const auto after = make_text(builder, q.after);
        return {fb::Query::ListUsers, fb::CreateListUsers(builder, after, q.count_max).Union()};
    }
    EncodedQuery operator()(const ListDeleting&) const {
        return {fb::Query::ListDeleting, fb::CreateListDeleting(builder).Union()};
    }
    EncodedQuery operator()(const GroupStatus&) const {
        return {fb::Query::GroupStatus, fb::CreateGroupStatus(builder).Union()};
    }
    EncodedQuery operator()(const Change& q) const {
        const auto command = make_command(builder, q.command);
        return {fb::Query::Change, fb::CreateChange(builder, command).Union()};
    }
    EncodedQuery operator()(const TransferLeader& q) const {
        return {fb::Query::TransferLeader,
                fb::CreateTransferLeader(builder, q.group.value, q.target.value).Union()};
    }
};

ListQueues read(Reader& reader, const fb::ListQueues& from) {
    return {reader.text(from.account()), reader.text(from.prefix()), reader.text(from.after()),
            from.count_max()};
}

Query read_query(Reader& reader, const fb::QueryFrame& from) {
    switch (from.query_type()) {
        case fb::Query::FindQueue: {
            const auto& find = *from.query_as_FindQueue();
            return FindQueue{{reader.text(find.account()), reader.text(find.name())}};
        }
        case fb::Query::FindQueueById:
            return FindQueueById{QueueId(from.query_as_FindQueueById()->id())};
        case fb::Query::FindUser: return FindUser{reader.text(from.query_as_FindUser()->key_id())};
        case fb::Query::Watch: return Watch{CatalogueVersion(from.query_as_Watch()->since())};
        case fb::Query::ListQueues: return read(reader, *from.query_as_ListQueues());
        case fb::Query::ListUsers: {
            const auto& list = *from.query_as_ListUsers();
            return ListUsers{reader.text(list.after()), list.count_max()};
        }
        case fb::Query::ListDeleting: return ListDeleting{};
        case fb::Query::GroupStatus: return GroupStatus{};
        case fb::Query::Change:
            return Change{read_command(reader, from.query_as_Change()->command())};
        case fb::Query::TransferLeader: {
            const auto& transfer = *from.query_as_TransferLeader();
            return TransferLeader{GroupId(transfer.group()), NodeId(transfer.target())};
        }
        default: break;
    }
    reader.require(false, "the query is unknown to this version");
    return {};
}

}  // namespace

Encoded encode(const Query& query) {
    FlatBufferBuilder builder(256);
    const EncodedQuery encoded = std::visit(Maker{builder}, query);
    const auto root = fb::CreateQueryFrame(builder, encoded.kind, encoded.table);
    return {finish(builder, root, query_identifier), {}};
}

Result<Query> decode_query(const Frame& frame) {
    if (frame.kind != FrameKind::query) return fail(ErrorCode::protocol_error, "no query frame");
    auto root = Root<fb::QueryFrame>::read(frame.head(), query_identifier);
    if (!root) return fail(std::move(root.error()));
    Reader reader(frame.head_bytes);
    // A union's type without its table passes the Verifier.
    reader.require((*root)->query() != nullptr, "the query is missing");
    if (!reader.ok()) return reader.failure();
    Query query = read_query(reader, **root);
    if (!reader.ok()) return reader.failure();
    return query;
}

Encoded encode(const QueryReply& reply) {
    FlatBufferBuilder builder(512);
    const EncodedAnswer answer = make_answer(builder, reply.answer);
    const auto error = make_error(builder, reply.error);
    const fb::Uuid cluster = make_uuid(reply.cluster);
    const auto root = fb::CreateQueryReply(builder, error, reply.leader.value, reply.version.value,
                                           reply.policy_version.value, &cluster, reply.time.ms,
                                           answer.kind, answer.table);
    return {finish(builder, root, reply_identifier), {}};
}

Result<QueryReply> decode_query_reply(const Frame& frame) {
    if (frame.kind != FrameKind::query_reply) {
        return fail(ErrorCode::protocol_error, "no query_reply frame");
    }
    auto root = Root<fb::QueryReply>::read(frame.head(), reply_identifier);
    if (!root) return fail(std::move(root.error()));
    const fb::QueryReply& from = **root;
    Reader reader(frame.head_bytes);
    QueryReply reply;
    reply.error = read_error(reader, from.error());
    reply.leader = NodeId(from.leader());
    reply.version = CatalogueVersion(from.version());
    reply.policy_version = CatalogueVersion(from.policy_version());
    reply.cluster = read_uuid(from.cluster());
    reply.time = {from.time_ms()};
    reply.answer = read_answer(reader, from);
    if (!reader.ok()) return reader.failure();
    return reply;
}

}  // namespace quern::wire
