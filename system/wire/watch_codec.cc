#include "system/wire/query_codec_internal.h"

namespace quern::wire {

namespace {

struct EncodedRecord {
    fb::ChangedRecord kind;
    Offset<void> table;
};

struct Maker {
    FlatBufferBuilder& builder;

    EncodedRecord operator()(const metadata::QueueRecord& r) const {
        return {fb::ChangedRecord::QueueRecord, make_queue(builder, r).Union()};
    }
    EncodedRecord operator()(const metadata::QueueRemoved& r) const {
        const auto account = make_text(builder, r.name.account);
        const auto name = make_text(builder, r.name.name);
        return {fb::ChangedRecord::QueueRemoved,
                fb::CreateQueueRemoved(builder, r.id.value, account, name).Union()};
    }
    EncodedRecord operator()(const metadata::UserRecord& r) const {
        return {fb::ChangedRecord::UserRecord, make_user(builder, r).Union()};
    }
    EncodedRecord operator()(const metadata::UserRemoved& r) const {
        const auto name = make_text(builder, r.name);
        const auto ids = make_texts(builder, r.key_ids);
        return {fb::ChangedRecord::UserRemoved,
                fb::CreateUserRemoved(builder, r.id.value, name, ids).Union()};
    }
    EncodedRecord operator()(const metadata::NodeRecord& r) const {
        return {fb::ChangedRecord::NodeRecord, make_node(builder, r).Union()};
    }
    EncodedRecord operator()(const metadata::GroupRecord& r) const {
        return {fb::ChangedRecord::GroupRecord, make_group(builder, r).Union()};
    }
};

Offset<fb::CatalogueChange> make_change(FlatBufferBuilder& builder, const metadata::Change& change) {
    const EncodedRecord record = std::visit(Maker{builder}, change.record);
    return fb::CreateCatalogueChange(builder, change.version.value, record.kind, record.table);
}

metadata::Change read_change(Reader& reader, const fb::CatalogueChange* from) {
    metadata::Change change;
    change.version = CatalogueVersion(from->version());
    // A union's type without its table passes the Verifier.
    reader.require(from->record() != nullptr, "a change's record is missing");
    if (!reader.ok()) return change;
    switch (from->record_type()) {
        case fb::ChangedRecord::QueueRecord:
            change.record = read_queue(reader, from->record_as_QueueRecord());
            break;
        case fb::ChangedRecord::QueueRemoved: {
            const auto& removed = *from->record_as_QueueRemoved();
            change.record =
                metadata::QueueRemoved{QueueId(removed.id()),
                                       {reader.text(removed.account()), reader.text(removed.name())}};
            break;
        }
        case fb::ChangedRecord::UserRecord:
            change.record = read_user(reader, from->record_as_UserRecord());
            break;
        case fb::ChangedRecord::UserRemoved: {
            const auto& removed = *from->record_as_UserRemoved();
            change.record = metadata::UserRemoved{UserId(removed.id()), reader.text(removed.name()),
                                                  reader.texts(removed.key_ids())};
            break;
        }
        case fb::ChangedRecord::NodeRecord:
            change.record = read_node(reader, from->record_as_NodeRecord());
            break;
        case fb::ChangedRecord::GroupRecord:
            change.record = read_group(reader, from->record_as_GroupRecord());
            break;
        default: reader.require(false, "a change is unknown to this version"); break;
    }
    return change;
}

}  // namespace

Offset<fb::WatchAnswer> make_watch(FlatBufferBuilder& builder, const WatchAnswer& answer) {
    const auto changes = make_tables<fb::CatalogueChange>(builder, answer.changes, make_change);
    const auto nodes = make_tables<fb::NodeRecord>(builder, answer.nodes, make_node);
    const auto groups = make_tables<fb::GroupRecord>(builder, answer.groups, make_group);
    return fb::CreateWatchAnswer(builder, answer.reset, changes, nodes, groups, answer.more);
}

WatchAnswer read_watch(Reader& reader, const fb::WatchAnswer& from) {
    WatchAnswer answer;
    answer.reset = from.reset();
    answer.changes = reader.tables<metadata::Change>(from.changes(), read_change);
    answer.more = from.more();
    answer.nodes = reader.tables<metadata::NodeRecord>(from.nodes(), read_node);
    answer.groups = reader.tables<metadata::GroupRecord>(from.groups(), read_group);
    return answer;
}

}  // namespace quern::wire
