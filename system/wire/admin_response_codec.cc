#include "system/wire/client_codec_internal.h"

namespace quern::wire {

namespace {

Offset<fb::Counters> make_counters(FlatBufferBuilder& builder, const queue::Counters& counters) {
    return fb::CreateCounters(builder, counters.ready, counters.delayed, counters.leased,
                              counters.live_bytes, counters.sent, counters.received,
                              counters.deleted, counters.expired, counters.purged,
                              counters.dropped);
}

queue::Counters read_counters(Reader& reader, const fb::Counters* from) {
    reader.require(from != nullptr, "counters are missing");
    if (!reader.ok()) return {};
    queue::Counters counters;
    counters.ready = from->ready();
    counters.delayed = from->delayed();
    counters.leased = from->leased();
    counters.live_bytes = from->live_bytes();
    counters.sent = from->sent();
    counters.received = from->received();
    counters.deleted = from->deleted();
    counters.expired = from->expired();
    counters.purged = from->purged();
    counters.dropped = from->dropped();
    return counters;
}

Offset<fb::UserSummary> make_summary(FlatBufferBuilder& builder,
                                     const ListUsersResponse::User& user) {
    const auto name = make_text(builder, user.name);
    const auto account = make_text(builder, user.account);
    const auto ids = make_texts(builder, user.key_ids);
    const GrantColumns grants = make_grants(builder, user.grants);
    return fb::CreateUserSummary(builder, name, account, ids, grants.effects, grants.actions,
                                 grants.prefixes);
}

ListUsersResponse::User read_summary(Reader& reader, const fb::UserSummary* from) {
    ListUsersResponse::User user;
    user.name = reader.text(from->name());
    user.account = reader.text(from->account());
    user.key_ids = reader.texts(from->key_ids());
    user.grants = read_grants(reader, from->grant_effects(), from->grant_actions(),
                              from->grant_prefixes());
    return user;
}

QueueStatusResponse read(Reader& reader, const fb::QueueStatusResponse& from) {
    return {read_queue(reader, from.record()), read_counters(reader, from.counters()),
            ClusterTime{from.oldest_sent_ms()}, NodeId(from.leader())};
}
ListQueuesResponse read(Reader& reader, const fb::ListQueuesResponse& from) {
    return {reader.texts(from.names()), from.more(), CatalogueVersion(from.version())};
}
CreateUserResponse read(Reader& reader, const fb::CreateUserResponse& from) {
    return {reader.text(from.key_id()), reader.text(from.secret())};
}
ListUsersResponse read(Reader& reader, const fb::ListUsersResponse& from) {
    return {reader.tables<ListUsersResponse::User>(from.users(), read_summary), from.more()};
}

}  // namespace

EncodedBody make_admin(FlatBufferBuilder& builder, const QueueStatusResponse& body) {
    const auto record = make_queue(builder, body.record);
    const auto counters = make_counters(builder, body.counters);
    return {fb::ResponseBody::QueueStatusResponse,
            fb::CreateQueueStatusResponse(builder, record, counters, body.oldest_sent.ms,
                                          body.leader.value)
                .Union()};
}

EncodedBody make_admin(FlatBufferBuilder& builder, const QueueResponse& body) {
    const auto record = make_queue(builder, body.record);
    return {fb::ResponseBody::QueueResponse, fb::CreateQueueResponse(builder, record).Union()};
}

EncodedBody make_admin(FlatBufferBuilder& builder, const ListQueuesResponse& body) {
    const auto names = make_texts(builder, body.names);
    return {fb::ResponseBody::ListQueuesResponse,
            fb::CreateListQueuesResponse(builder, names, body.more, body.version.value).Union()};
}

EncodedBody make_admin(FlatBufferBuilder& builder, const CreateUserResponse& body) {
    const auto id = make_text(builder, body.key_id);
    const auto secret = make_text(builder, body.secret);
    return {fb::ResponseBody::CreateUserResponse,
            fb::CreateCreateUserResponse(builder, id, secret).Union()};
}

EncodedBody make_admin(FlatBufferBuilder& builder, const ListUsersResponse& body) {
    const auto users = make_tables<fb::UserSummary>(builder, body.users, make_summary);
    return {fb::ResponseBody::ListUsersResponse,
            fb::CreateListUsersResponse(builder, users, body.more).Union()};
}

Result<ResponseBody> read_admin(Reader& reader, const fb::Response& from) {
    switch (from.body_type()) {
        case fb::ResponseBody::QueueStatusResponse:
            return read(reader, *from.body_as_QueueStatusResponse());
        case fb::ResponseBody::QueueResponse:
            return QueueResponse{read_queue(reader, from.body_as_QueueResponse()->record())};
        case fb::ResponseBody::ListQueuesResponse:
            return read(reader, *from.body_as_ListQueuesResponse());
        case fb::ResponseBody::CreateUserResponse:
            return read(reader, *from.body_as_CreateUserResponse());
        case fb::ResponseBody::ListUsersResponse:
            return read(reader, *from.body_as_ListUsersResponse());
        case fb::ResponseBody::ClusterStatusResponse:
            return read_cluster_status(reader, *from.body_as_ClusterStatusResponse());
        default:
            return fail(ErrorCode::protocol_error, "the response is unknown to this version");
    }
}

}  // namespace quern::wire
