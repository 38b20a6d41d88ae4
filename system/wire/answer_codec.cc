#include "system/wire/query_codec_internal.h"

namespace quern::wire {

namespace {

// --- encoding ---------------------------------------------------------------------------------------

struct Maker {
    FlatBufferBuilder& builder;

    EncodedAnswer operator()(const std::monostate&) const { return {}; }
    EncodedAnswer operator()(const QueueAnswer& a) const {
        Offset<fb::QueueRecord> record;
        if (a.record) record = make_queue(builder, *a.record);
        return {fb::Answer::QueueAnswer, fb::CreateQueueAnswer(builder, record).Union()};
    }
    EncodedAnswer operator()(const UserAnswer& a) const {
        Offset<fb::UserRecord> record;
        if (a.record) record = make_user(builder, *a.record);
        return {fb::Answer::UserAnswer, fb::CreateUserAnswer(builder, record).Union()};
    }
    EncodedAnswer operator()(const WatchAnswer& a) const {
        return {fb::Answer::WatchAnswer, make_watch(builder, a).Union()};
    }
    EncodedAnswer operator()(const QueueListAnswer& a) const {
        const auto records = make_tables<fb::QueueRecord>(builder, a.records, make_queue);
        return {fb::Answer::QueueListAnswer,
                fb::CreateQueueListAnswer(builder, records, a.more).Union()};
    }
    EncodedAnswer operator()(const UserListAnswer& a) const {
        const auto records = make_tables<fb::UserRecord>(builder, a.records, make_user);
        return {fb::Answer::UserListAnswer, fb::CreateUserListAnswer(builder, records, a.more).Union()};
    }
    EncodedAnswer operator()(const GroupStatusAnswer& a) const {
        const auto groups = builder.CreateVectorOfStructs<fb::HostedGroup>(
            a.groups.size(), [&](size_t i, fb::HostedGroup* to) {
                const GroupStatusAnswer::Group& group = a.groups[i];
                *to = fb::HostedGroup(group.term.value, group.commit.value, group.applied.value,
                                      group.id.value, group.leader.value, group.is_leader);
            });
        return {fb::Answer::GroupStatusAnswer,
                fb::CreateGroupStatusAnswer(builder, groups, a.queues, a.users).Union()};
    }
    EncodedAnswer operator()(const ChangeAnswer& a) const {
        const auto& result = a.reply.result;
        Offset<fb::QueueRecord> queue;
        Offset<fb::UserRecord> user;
        Offset<fb::NodeRecord> node;
        Offset<fb::Error> error;
        if (const auto* q = std::get_if<metadata::QueueRecord>(&result)) queue = make_queue(builder, *q);
        if (const auto* u = std::get_if<metadata::UserRecord>(&result)) user = make_user(builder, *u);
        if (const auto* n = std::get_if<metadata::NodeRecord>(&result)) node = make_node(builder, *n);
        if (const auto* e = std::get_if<Error>(&result)) error = make_error(builder, *e);
        return {fb::Answer::ChangeAnswer,
                fb::CreateChangeAnswer(builder, queue, user, node, error, a.reply.version.value,
                                       a.reply.repeated)
                    .Union()};
    }
};

// --- decoding ---------------------------------------------------------------------------------------

QueueAnswer read(Reader& reader, const fb::QueueAnswer& from) {
    if (from.record() == nullptr) return {};
    return {read_queue(reader, from.record())};
}
UserAnswer read(Reader& reader, const fb::UserAnswer& from) {
    if (from.record() == nullptr) return {};
    return {read_user(reader, from.record())};
}
QueueListAnswer read(Reader& reader, const fb::QueueListAnswer& from) {
    return {reader.tables<metadata::QueueRecord>(from.records(), read_queue), from.more()};
}
UserListAnswer read(Reader& reader, const fb::UserListAnswer& from) {
    return {reader.tables<metadata::UserRecord>(from.records(), read_user), from.more()};
}
GroupStatusAnswer read(Reader& reader, const fb::GroupStatusAnswer& from) {
    GroupStatusAnswer answer;
    const size_t size = reader.count(from.groups());
    for (size_t i = 0; i < size; ++i) {
        const fb::HostedGroup& group = *from.groups()->Get(Reader::index(i));
        answer.groups.push_back({GroupId(group.id()), Term(group.term()), NodeId(group.leader()),
                                 group.is_leader(), LogIndex(group.commit()),
                                 LogIndex(group.applied())});
    }
    answer.queues = from.queues();
    answer.users = from.users();
    return answer;
}
ChangeAnswer read(Reader& reader, const fb::ChangeAnswer& from) {
    ChangeAnswer answer;
    const int records = (from.queue() != nullptr) + (from.user() != nullptr) +
                        (from.node() != nullptr) + (from.error() != nullptr);
    reader.require(records <= 1, "an answer has two results");
    auto& result = answer.reply.result;
    if (from.queue() != nullptr) result = read_queue(reader, from.queue());
    if (from.user() != nullptr) result = read_user(reader, from.user());
    if (from.node() != nullptr) result = read_node(reader, from.node());
    if (from.error() != nullptr) result = read_error(reader, from.error());
    answer.reply.version = CatalogueVersion(from.version());
    answer.reply.repeated = from.repeated();
    return answer;
}

}  // namespace

EncodedAnswer make_answer(FlatBufferBuilder& builder, const decltype(QueryReply::answer)& answer) {
    return std::visit(Maker{builder}, answer);
}

decltype(QueryReply::answer) read_answer(Reader& reader, const fb::QueryReply& from) {
    if (from.answer_type() == fb::Answer::NONE) return {};
    // A union's type without its table passes the Verifier.
    reader.require(from.answer() != nullptr, "the answer is missing");
    if (!reader.ok()) return {};
    switch (from.answer_type()) {
        case fb::Answer::QueueAnswer: return read(reader, *from.answer_as_QueueAnswer());
        case fb::Answer::UserAnswer: return read(reader, *from.answer_as_UserAnswer());
        case fb::Answer::WatchAnswer: return read_watch(reader, *from.answer_as_WatchAnswer());
        case fb::Answer::QueueListAnswer: return read(reader, *from.answer_as_QueueListAnswer());
        case fb::Answer::UserListAnswer: return read(reader, *from.answer_as_UserListAnswer());
        case fb::Answer::GroupStatusAnswer:
            return read(reader, *from.answer_as_GroupStatusAnswer());
        case fb::Answer::ChangeAnswer: return read(reader, *from.answer_as_ChangeAnswer());
        default: break;
    }
    reader.require(false, "the answer is unknown to this version");
    return {};
}

}  // namespace quern::wire
